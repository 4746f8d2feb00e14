//! The engine above all protocols: uploads that survive interruptions, reads that do not, listings that are remembered, and proofs.
//!
//! `remote` is the way in. `store` uploads one object (`parts`, `body`), `ledger` remembers it, `proof` proves it, `retry` and `rate` say when.
//! `reader` and `small` read, `knowledge` remembers, and `probe` tests a location.

mod body;
mod knowledge;
mod ledger;
mod parts;
mod probe;
mod proof;
mod random;
mod rate;
mod reader;
mod remote;
mod retry;
mod small;
mod store;
mod types;

pub use reader::Reader;
pub use remote::Remote;
pub use types::{Check, Listing, Options, Proof, State, Stored, Times, Verify};
