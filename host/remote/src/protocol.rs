//! The trait that a protocol implements: list, stat, read a range, delete, and the steps of an upload.
//!
//! A protocol is thin. It makes one attempt at what it is asked, and translates the answer; retries, parts in parallel, rate limits, proofs and
//! the ledger belong to the engine. It keeps no state that matters after a restart. Calls may block and come from any thread.
//!
//! Names are those of objects directly in the location: one file name without `/`, at most 255 bytes. A protocol never lists or reads what
//! is below a subfolder.

use std::io::Read;
use std::ops::Range;

use crate::error::Result;
use crate::stop::Stop;

/// A stored object, as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Seconds since 1970, where the server says so.
    pub modified: Option<i64>,
    /// Changes when the object does: an ETag. Only a hint for caches.
    pub tag: Option<String>,
}

/// An object that is being uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its final name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Random and unique, 16 letters and digits. The engine has recorded it before `start`, so temporary names are made of it.
    pub token: String,
}

/// How uploads of a size are sent here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// In one piece.
    Whole,
    /// In parts of this many bytes each; only the last may be shorter. Numbered from 1 without gaps. They may be sent in parallel, and an
    /// interrupted upload can be continued.
    Parts(u64),
}

/// A part that the server has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// From 1.
    pub number: u32,
    /// Bytes.
    pub size: u64,
    /// The server's name for it (S3: the ETag). Empty where it has none.
    pub tag: String,
    /// Whether the server has compared the bytes with a digest that was sent, or returned their digest and it is the right one.
    pub is_proven: bool,
}

/// The bytes of a part or of a whole object, to be sent once.
pub struct Body {
    /// Bytes.
    pub size: u64,
    /// The MD5 of the bytes, if the protocol wants it (`Protocol::wants_md5`).
    pub md5: Option<[u8; 16]>,
    /// Returns exactly `size` bytes, or an error. It waits as the rate limit demands.
    pub reader: Box<dyn Read + Send>,
}

/// A storage protocol, connected to one location.
pub trait Protocol: Send + Sync {
    /// Where it is, for messages: `https://host/bucket/prefix`. Without credentials.
    fn address(&self) -> &str;

    /// All objects, complete or an error, in any order. Temporary objects of uploads (hidden names) are included.
    fn list(&self, stop: &Stop) -> Result<Vec<Object>>;

    /// Whether the first upload creates the folder, so that a missing one is empty. (A missing bucket is a mistake.)
    fn makes_folder(&self) -> bool {
        true
    }

    /// One object. `None` if it does not exist.
    fn stat(&self, name: &str, stop: &Stop) -> Result<Option<Object>>;

    /// Reads exactly these bytes of an object; the reader fails if there are fewer. The range is not empty and within the object.
    fn read(&self, name: &str, range: Range<u64>, stop: &Stop) -> Result<Box<dyn Read + Send>>;

    /// Deletes an object. A missing one is no error.
    fn delete(&self, name: &str, stop: &Stop) -> Result<()>;

    /// Free bytes, where the server says so.
    fn free(&self, stop: &Stop) -> Result<Option<u64>>;

    /// How objects of that size are sent.
    fn plan(&self, size: u64) -> Plan;

    /// How many parts, or requests for small objects, may run side by side.
    fn parallel(&self) -> usize;

    /// Whether `Body::md5` is needed.
    fn wants_md5(&self) -> bool {
        false
    }

    /// Starts an upload. Fails with `Exists` if the name is taken. Creates the folder if it is missing. Returns a handle that the engine
    /// records (S3: the upload id; otherwise a temporary name, made of the token).
    fn start(&self, upload: &Upload, stop: &Stop) -> Result<String>;

    /// Sends one part, or the whole object as part 1.
    fn send(&self, upload: &Upload, handle: &str, number: u32, body: Body, stop: &Stop) -> Result<Part>;

    /// The parts that the server has of an interrupted upload. `NotFound` when it has forgotten the upload: it begins anew.
    fn parts(&self, upload: &Upload, handle: &str, stop: &Stop) -> Result<Vec<Part>>;

    /// Puts the parts together and gives the object its final name, without replacing an existing one. It is not listed before under that
    /// name. When the answer is lost, the error is `Unclear`.
    fn finish(&self, upload: &Upload, handle: &str, parts: &[Part], stop: &Stop) -> Result<()>;

    /// Removes everything that an unfinished upload left. `handle` is absent if `start` may have been interrupted before its answer. Success when
    /// nothing is left.
    fn discard(&self, upload: &Upload, handle: Option<&str>, stop: &Stop) -> Result<()>;

    /// Ends connections that are kept open.
    fn disconnect(&self) {}
}
