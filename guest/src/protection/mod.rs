//! Protection with a password or key: detects whether a backup is protected, opens it, and protects a new one.
//!
//! The only room where the archive format and SecureTar meet.

mod detect;
mod encryption;
pub mod key;
pub mod key_ring;
pub mod part;
pub mod password;
mod unlock;

pub use detect::{Protection, first_protected, unprotected, version_of};
pub use encryption::{Encryption, Protect, newest_securetar};
pub use unlock::{Unlock, Unlocked};
