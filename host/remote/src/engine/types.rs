//! The values that the engine takes and returns.

use std::time::Duration;

use crate::limits;
use crate::protocol::Object;

/// How far the bytes of an upload are to be proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    /// The server compares digests of all bytes; where it does not, a sample is read back.
    #[default]
    Digest,
    /// Parts are read back and compared.
    Sample,
    /// Everything is read back and compared.
    Full,
}

/// How far the bytes of an upload were proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// The size is right.
    Size,
    /// Parts were read back and compared.
    Sample,
    /// The server compared digests of all bytes.
    Digest,
    /// Everything was read back and compared.
    Full,
}

/// The choices for one location.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    pub verify: Verify,
    /// Bytes per second in both directions together.
    pub bandwidth: Option<u64>,
}

/// What a location holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Sorted by name, without the temporary objects of uploads.
    pub objects: Vec<Object>,
    /// When it was listed, in seconds since 1970.
    pub as_of: i64,
}

/// A stored object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub proof: Proof,
    /// Guarantees that could not be given, as sentences.
    pub notes: Vec<String>,
}

/// What is remembered of a location.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// When its objects were last listed, in seconds since 1970.
    pub as_of: Option<i64>,
    /// Free bytes then, where the server says so.
    pub free: Option<u64>,
    /// When and why it could not be reached the last time. Absent if it could.
    pub error: Option<(i64, String)>,
}

/// One step of a test: what was tried, and what was seen or what failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub what: String,
    pub result: Result<String, String>,
}

/// The times of the engine; tests shorten them.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    pub retry_first: Duration,
    pub retry_longest: Duration,
    pub no_progress: Duration,
    pub no_contact: Duration,
    pub small_request: Duration,
    pub unclear: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            retry_first: limits::RETRY_FIRST,
            retry_longest: limits::RETRY_LONGEST,
            no_progress: limits::NO_PROGRESS,
            no_contact: limits::NO_CONTACT,
            small_request: limits::SMALL_REQUEST,
            unclear: limits::UNCLEAR,
        }
    }
}
