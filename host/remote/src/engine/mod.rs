//! The engine above the protocols: uploads that survive cuts, proofs, readers, and what is known of a location.

mod reader;
mod remote;
mod types;

pub use reader::Reader;
pub use remote::Remote;
pub use types::{Check, Listing, Options, Proof, State, Stored, Verify};
