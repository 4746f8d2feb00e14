//! Storage servers for tests: real ones from packages, scripted ones for faults, and proxies that slow or cut a line.
//!
//! Everything listens on the loopback interface only and ends when its value is dropped, or when the test's process ends in whatever way.

mod ask;
mod configure;
mod guard;
mod kind;
mod missing;
mod options;
mod ports;
mod programs;
mod proxy;
mod scripted;
mod server;
mod ssh;
mod weed;

pub use kind::{Kind, Protocol};
pub use missing::missing;
pub use options::Options;
pub use programs::rclone;
pub use proxy::Proxy;
pub use scripted::{Answer, Gate, Request, Scripted};
pub use server::{BUCKET, Server};
