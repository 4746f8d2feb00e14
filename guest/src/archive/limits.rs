//! Limits on what an archive may claim.

/// Upper bounds for one archive. Whatever exceeds one is refused as too large.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Members of the outer archive. A Supervisor backup has one per add-on and folder.
    pub members: u64,
    /// Entries of an inner tar: ten times those of a very large home.
    pub entries: u64,
    /// Total bytes of all names in an inner tar. Every name is kept in memory to detect duplicates.
    pub name_bytes: usize,
    /// Bytes of `backup.json`. Real ones take a few thousand.
    pub manifest: u64,
    /// Items listed by name in a [`Summary`](super::Summary). Further ones are only counted.
    pub reported: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { members: 10_000, entries: 1_000_000, name_bytes: 64 << 20, manifest: 1 << 20, reported: 1_000 }
    }
}
