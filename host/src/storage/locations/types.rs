//! What locations take and return: objects, drafts of new ones, and what is known.

use larder_remote::Proof;

use super::reader::ObjectReader;
use crate::error::Result;
use crate::model::Timestamp;

/// A stored object, as a listing shows it.
pub struct Object {
    /// A plain file name; see [`check_name`].
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// When it was last written.
    pub modified: Timestamp,
}

/// What is remembered of a location on another machine.
#[derive(Default)]
pub struct Knowledge {
    /// When its objects were last listed.
    pub as_of: Option<Timestamp>,
    /// Why it could not be reached the last time.
    pub problem: Option<String>,
    /// Names of objects whose upload was interrupted.
    pub unfinished: Vec<String>,
}

/// A stored copy of an object.
pub struct Stored {
    pub proof: Proof,
    /// Guarantees that could not be given, as sentences.
    pub notes: Vec<String>,
}

/// A new object that is being written. Dropping it discards what was written.
pub trait Draft: Send {
    /// Appends bytes.
    fn append(&mut self, bytes: Vec<u8>) -> Result<()>;

    /// Appends `count` bytes of another object, from `offset` on, without passing them through the caller.
    fn append_from(&mut self, source: ObjectReader, offset: u64, count: u64) -> Result<()>;

    /// Overwrites bytes that were already appended, at `offset`.
    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Result<()>;

    /// Opens what was written so far, so that it can be compared with the original. The bytes should come from the storage itself and
    /// not from a cache.
    fn read_back(&mut self) -> Result<ObjectReader>;

    /// Makes the object durable and lists it under its name, in one step. Returns notes about guarantees that the location cannot give.
    fn publish(self: Box<Self>) -> Result<Vec<String>>;
}
