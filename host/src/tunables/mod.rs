//! Every tunable of the host: its name, its default, and the reason for the default.
//!
//! No other file of the host holds a timeout, a limit or a size. `limits` are those that `--limit NAME=NUMBER` sets and `larder plugin`
//! lists; the other files group the constants by subject.

pub mod automations;
pub mod configuration;
mod disk;
mod home;
pub mod http;
mod limits;
pub mod notify;
mod runtime;
mod service;
mod storage;
mod time;
mod workers;

pub use disk::*;
pub use home::*;
pub use limits::{ENTRY_MEMORY, LimitInfo, Limits};
pub use runtime::*;
pub use service::*;
pub use storage::*;
pub use time::*;
pub use workers::*;
