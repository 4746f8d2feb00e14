//! Stores objects on other machines: the protocols S3, WebDAV and SFTP, and one upload engine above them.
//!
//! Knows objects by name and bytes, and does not know what a backup is. Reads no configuration and no wall clock; the host passes what it needs.

pub mod engine;
pub mod error;
mod exactly;
mod hex;
pub mod http;
mod interrupt;
pub mod limits;
pub mod ports;
pub mod protocol;
mod ranges;
pub mod s3;
pub mod settings;
pub mod sftp;
pub mod stop;
pub mod webdav;
mod xml;

pub use engine::{Check, Listing, Options, Proof, Reader, Remote, State, Stored, Verify};
pub use error::{Error, Kind, Result};
pub use stop::Stop;
