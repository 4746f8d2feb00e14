//! The values that the engine takes and returns.

use crate::protocol::Object;

/// How an upload is to be proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    /// By the digests that the server compared; a sample where it compares none.
    #[default]
    Digest,
    /// By reading some of it back.
    Sample,
    /// By reading all of it back.
    Full,
}

/// How an upload was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// The server says the right size, and its objects cannot be read.
    Size,
    /// The server has compared a digest of each part.
    Digest,
    /// The beginning, the end and some ranges were read back.
    Sample,
    /// All of it was read back.
    Full,
}

impl Proof {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Digest => "digest",
            Self::Sample => "sample",
            Self::Full => "full",
        }
    }
}

/// What a location's settings say about all transfers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    pub verify: Verify,
    /// Bytes per second, both directions together.
    pub bandwidth: Option<u64>,
}

/// The objects of a location at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// By name. Temporary objects of uploads are left out.
    pub objects: Vec<Object>,
    /// Seconds since 1970.
    pub as_of: i64,
}

/// A finished upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub proof: Proof,
    /// Sentences for the log.
    pub notes: Vec<String>,
}

/// What is known of a location without asking it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// When it was last listed: seconds since 1970.
    pub as_of: Option<i64>,
    /// Free bytes at that time, where the server says so.
    pub free: Option<u64>,
    /// The last error, if nothing has succeeded since, and when it was.
    pub error: Option<(i64, String)>,
}

/// One line of `larder locations test`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was tried.
    pub what: String,
    /// What was found, or why it failed.
    pub result: Result<String, String>,
}
