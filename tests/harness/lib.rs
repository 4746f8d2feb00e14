//! The harness: a home in a temporary directory, the command line as a process, real counterparts.
//!
//! Knows nothing of Larder's insides: tests see what a person sees.

mod counterpart;
mod home;
mod mount;
mod run;
pub mod tar;
mod terminal;

use std::path::{Path, PathBuf};

pub use counterpart::{counterpart, missing, python};
pub use home::{TestHome, describe, describe_inside, noise};
pub use mount::Mount;
pub use run::{Run, command};
pub use terminal::on_terminal;

/// The `tests/` directory of the repository.
pub fn tests_directory() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The command line under test, beside the test binary.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("larder-under-test")
}
