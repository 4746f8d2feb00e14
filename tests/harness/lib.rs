//! The test harness: a home in a temporary directory, the command line as a process, and reference implementations.
//!
//! Does not use Larder's internals: tests see what a user sees. The exception is `service`, which runs a service inside the test's process.

mod counterpart;
mod home;
mod members;
mod mount;
mod receiver;
mod run;
mod service;
mod serving;
mod snapshot;
pub mod tar;
mod terminal;
mod writer;

use std::path::{Path, PathBuf};

pub use counterpart::{counterpart, python};
pub use home::{TestHome, archives_in, describe, describe_inside, names_in, noise};
pub use larder_test_servers::missing;
pub use members::{Members, assert_same_members, members};
pub use mount::Mount;
pub use receiver::Receiver;
pub use run::{Run, command};
pub use service::{EmittedEvent, TestService, instant};
pub use serving::Serving;
pub use snapshot::assert_snapshot;
pub use terminal::{Typed, on_terminal, on_terminal_with_prompts};
pub use writer::{Journal, Ledger, Report, Writer, check_ledger};

/// The `tests/` directory of the repository.
pub fn tests_directory() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The command line under test, which is next to the test binary.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("larder-under-test")
}
