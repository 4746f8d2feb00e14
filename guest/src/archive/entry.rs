//! One thing in a home: a directory, file or link with its Unix metadata.
//!
//! Owns the values only; how they stand in a tar is for `record.rs` and `pax.rs`.

/// A moment in UTC: seconds since 1970 (negative before it) and 0 to 999 999 999 nanoseconds that count forward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    pub seconds: i64,
    pub nanoseconds: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Directory,
    /// A regular file and its size in bytes.
    File(u64),
    /// A symbolic link and what it says, unchanged. It may say anything; nothing here follows it.
    Symlink(Vec<u8>),
    /// Another name of the file at that path (below `data/`, like [`Entry::path`]).
    HardLink(Vec<u8>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Below `data/`, without a leading or trailing slash. Empty: `data/` itself.
    pub path: Vec<u8>,
    pub kind: Kind,
    /// The twelve permission bits.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Empty when the system had no name for the number.
    pub user: String,
    pub group: String,
    /// Archives keep microseconds.
    pub mtime: Instant,
}

impl Entry {
    /// The owner of a file that is given to nobody: the number that `chown` leaves alone.
    pub const NO_OWNER: u32 = u32::MAX;
}
