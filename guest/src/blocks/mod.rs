//! Blocks: the pieces of a home's tar, deflated independently and reused in the next backup.
//!
//! Owns the path from the tar of a home to the gzip stream in its backup, and the search for blocks that have not changed since
//! the previous backup.
//!
//! * `splitter` decides where blocks begin and end, `codec` deflates and verifies one, `crc32` computes its checksum.
//! * `worker` runs the codec in a worker; `protocol` defines the messages between job and worker.
//! * `fingerprint` identifies content, `index` stores where the blocks of the previous backup are, and `previous` reads them.
//! * `pipeline` connects all of these and keeps the order. `digest` checks afterwards that the written bytes read back unchanged.

pub mod codec;
pub mod crc32;
pub mod digest;
pub mod fingerprint;
pub mod index;
pub mod pipeline;
pub mod previous;
pub mod protocol;
pub mod splitter;
pub mod worker;

#[cfg(test)]
mod tests;
