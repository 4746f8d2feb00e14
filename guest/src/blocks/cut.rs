//! Where the blocks of a tar begin and end: so that what has not changed since the last backup is cut as it was then.
//!
//! Pure rules over headers and bytes. A large file is cut at fixed places of its own, whatever stands before it; databases more
//! finely, since they change in places. Everything else, headers too, goes into groups that end where a path says so, not
//! where they are full: a file that comes or goes changes its own group and shifts no other.

use crate::archive::{Entry, Kind};

/// Files from this size on have blocks of their own.
pub const LARGE: u64 = 64 * 1024;
/// How SQLite databases begin.
const SQLITE: &[u8] = b"SQLite format 3\0";
/// A group ends before a path that is one of so many, once it has the least of bytes.
const ENDS: u64 = 16;
const GROUP_LEAST: usize = 32 * 1024;

/// Bytes of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sizes {
    database: usize,
    other: usize,
}

impl Sizes {
    /// A day of a recorder's writes changes 14 % of its database in blocks of 32 KiB, and 17 % in blocks of 64 KiB, which deflate
    /// half a per cent better.
    const DATABASE: usize = 32 * 1024;
    const OTHER: usize = 256 * 1024;
    /// Where blocks stop growing: a piece of work holds two.
    const MOST: usize = 1024 * 1024;
    /// Blocks of one home that are worth remembering.
    const BLOCKS: u64 = 200_000;

    /// For a home of that many bytes: blocks grow, so that their number does not.
    pub fn of(home: u64) -> Self {
        let mut database = Self::DATABASE;
        while home / database as u64 > Self::BLOCKS && database < Self::MOST {
            database *= 2;
        }
        Self { database, other: database.max(Self::OTHER) }
    }
}

/// Who takes finished blocks.
pub type Take<'a, E> = &'a mut dyn FnMut(&[u8]) -> Result<(), E>;

/// Cuts what it is shown.
pub struct Cutter {
    sizes: Sizes,
    /// The block that has begun.
    block: Vec<u8>,
    large: Option<Large>,
}

/// A large file's content that is still to come.
struct Large {
    left: u64,
    /// Known from its first bytes.
    block: Option<usize>,
}

impl Cutter {
    pub fn new(sizes: Sizes) -> Self {
        Self { sizes, block: Vec::new(), large: None }
    }

    /// Hands over what there is, and begins the next block.
    fn end<E>(&mut self, take: Take<'_, E>) -> Result<(), E> {
        if !self.block.is_empty() {
            take(&self.block)?;
        }
        self.block.clear();
        Ok(())
    }

    /// An entry's header.
    pub fn head<E>(&mut self, entry: &Entry, bytes: &[u8], take: Take<'_, E>) -> Result<(), E> {
        let size = if let Kind::File(size) = entry.kind { size } else { 0 };
        let small = if size < LARGE { usize::try_from(size).unwrap_or(0) } else { 0 };
        let ends = self.block.len() >= GROUP_LEAST && hash(&entry.path).is_multiple_of(ENDS);
        if ends || self.block.len() + bytes.len() + small > Sizes::OTHER {
            self.end(take)?;
        }
        self.block.extend_from_slice(bytes);
        if size >= LARGE {
            self.large = Some(Large { left: size, block: None });
        }
        Ok(())
    }

    /// Content of the entry named last.
    pub fn content<E>(&mut self, mut bytes: &[u8], take: Take<'_, E>) -> Result<(), E> {
        let Some(Large { mut left, block: known }) = self.large.take() else {
            self.block.extend_from_slice(bytes);
            return Ok(());
        };
        if known.is_none() {
            self.end(take)?;
        }
        let is_database = bytes.starts_with(SQLITE);
        let size = known.unwrap_or(if is_database { self.sizes.database } else { self.sizes.other });
        while !bytes.is_empty() {
            let room = size.saturating_sub(self.block.len()).min(bytes.len());
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            left = left.saturating_sub(now.len() as u64);
            bytes = later;
            let is_whole = left == 0 || self.block.len() + now.len() >= size;
            if is_whole && self.block.is_empty() {
                take(now)?;
                continue;
            }
            self.block.extend_from_slice(now);
            if is_whole {
                self.end(take)?;
            }
        }
        self.large = (left > 0).then_some(Large { left, block: Some(size) });
        Ok(())
    }

    /// Zeros behind a content or at the end.
    pub fn zeros(&mut self, count: usize) {
        self.block.resize(self.block.len().saturating_add(count), 0);
    }

    pub fn finish<E>(mut self, take: Take<'_, E>) -> Result<(), E> {
        self.end(take)
    }
}

/// FNV-1a, 64 bits.
fn hash(path: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = path.iter().fold(0xcbf2_9ce4_8422_2325, step);
    // Its low bits alone are weak.
    hash ^ (hash >> 32)
}
