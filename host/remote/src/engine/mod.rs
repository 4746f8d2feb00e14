//! The engine above the protocols: uploads that survive cuts, proofs, readers, and what is known of a location.

mod ahead;
mod body;
mod bytes;
mod clean;
mod context;
mod fetch;
mod ledger;
mod parts;
mod probe;
mod proof;
mod publish;
mod random;
mod rate;
mod reader;
mod records;
mod remote;
mod retry;
mod small;
mod store;
#[cfg(test)]
mod tests;
mod time;
mod types;

pub use reader::Reader;
pub use remote::Remote;
pub use time::Time;
pub use types::{Check, Listing, Options, Proof, State, Stored, Verify};
