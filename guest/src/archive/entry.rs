//! An entry of a home: a directory, file or link with its Unix metadata.
//!
//! Owns the values only. `header_fields` and `pax` encode them.

/// A moment in UTC: seconds since 1970 (negative before) plus 0 to 999 999 999 nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    pub seconds: i64,
    pub nanoseconds: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Directory,
    /// A regular file with its size in bytes.
    File(u64),
    /// A symbolic link with its target, unchanged. The target may be any bytes; nothing here follows it.
    Symlink(Vec<u8>),
    /// Another name for the file at this path, which is relative to `data/` like [`Entry::path`].
    HardLink(Vec<u8>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Relative to `data/`, without a leading or trailing slash. Empty for `data/` itself.
    pub path: Vec<u8>,
    pub kind: Kind,
    /// The twelve permission bits.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Owner name; empty when the system had none for the number.
    pub user: String,
    pub group: String,
    /// Time of modification. Archives keep microseconds.
    pub mtime: Instant,
}

impl Entry {
    /// Replaces an owner that must not be restored: `chown` ignores this number.
    pub const NO_OWNER: u32 = u32::MAX;
}
