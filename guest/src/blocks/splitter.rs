//! The splitter: decides where the blocks of a tar begin and end. Unchanged content yields the same blocks in the next
//! backup.
//!
//! Owns the rules, which depend only on headers and content. A large file is split at fixed offsets from its start, whatever
//! comes before it; databases are split into smaller blocks, since they change in places. Everything else, including headers,
//! is collected in groups. The hash of a path ends a group, rather than its size, so that an added or removed file changes only
//! its own group.

use crate::archive::{Entry, Kind};

/// Files from this size on get separate blocks.
pub const LARGE: u64 = 64 * 1024;
/// First bytes of an SQLite database.
const SQLITE: &[u8] = b"SQLite format 3\0";
/// A group of at least `GROUP_MIN` bytes ends before one path in `GROUP_END_ODDS`.
const GROUP_END_ODDS: u64 = 16;
const GROUP_MIN: usize = 32 * 1024;

/// The sizes of blocks in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlockSizes {
    database: usize,
    other: usize,
}

impl BlockSizes {
    /// One day of recorder writes changes 14 % of the database in blocks of 32 KiB, and 17 % in blocks of 64 KiB, which deflate half a
    /// percent better.
    const DATABASE: usize = 32 * 1024;
    const OTHER: usize = 256 * 1024;
    /// The upper bound: a work item holds two blocks.
    const MAX: usize = 1024 * 1024;
    /// The number of blocks of one home above which blocks grow.
    const BLOCKS: u64 = 200_000;

    /// For a home of the given number of bytes. Blocks grow with the home, so that their number stays bounded.
    pub fn of(home: u64) -> Self {
        let mut database = Self::DATABASE;
        while home / database as u64 > Self::BLOCKS && database < Self::MAX {
            database *= 2;
        }
        Self { database, other: database.max(Self::OTHER) }
    }
}

/// Receives finished blocks.
pub type Emit<'a, E> = &'a mut dyn FnMut(&[u8]) -> Result<(), E>;

/// Splits a tar into blocks.
pub struct Splitter {
    sizes: BlockSizes,
    /// The current, unfinished block.
    block: Vec<u8>,
    large: Option<Large>,
}

/// The remaining content of a large file.
struct Large {
    left: u64,
    /// The size of its blocks, known from its first bytes.
    block: Option<usize>,
}

impl Splitter {
    pub fn new(sizes: BlockSizes) -> Self {
        Self { sizes, block: Vec::new(), large: None }
    }

    /// Emits the current block and starts the next one.
    fn end<E>(&mut self, emit: Emit<'_, E>) -> Result<(), E> {
        if !self.block.is_empty() {
            emit(&self.block)?;
        }
        self.block.clear();
        Ok(())
    }

    /// The header of an entry.
    pub fn header<E>(&mut self, entry: &Entry, bytes: &[u8], emit: Emit<'_, E>) -> Result<(), E> {
        let size = if let Kind::File(size) = entry.kind { size } else { 0 };
        let small = if size < LARGE { usize::try_from(size).unwrap_or(0) } else { 0 };
        let ends = self.block.len() >= GROUP_MIN && hash(&entry.path).is_multiple_of(GROUP_END_ODDS);
        if ends || self.block.len() + bytes.len() + small > BlockSizes::OTHER {
            self.end(emit)?;
        }
        self.block.extend_from_slice(bytes);
        if size >= LARGE {
            self.large = Some(Large { left: size, block: None });
        }
        Ok(())
    }

    /// Content of the current entry.
    pub fn content<E>(&mut self, mut bytes: &[u8], emit: Emit<'_, E>) -> Result<(), E> {
        let Some(Large { mut left, block: known }) = self.large.take() else {
            self.block.extend_from_slice(bytes);
            return Ok(());
        };
        if known.is_none() {
            self.end(emit)?;
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
                emit(now)?;
                continue;
            }
            self.block.extend_from_slice(now);
            if is_whole {
                self.end(emit)?;
            }
        }
        self.large = (left > 0).then_some(Large { left, block: Some(size) });
        Ok(())
    }

    /// Padding after a content, or the end-of-archive marker.
    pub fn zeros(&mut self, count: usize) {
        self.block.resize(self.block.len().saturating_add(count), 0);
    }

    /// Emits the last block.
    pub fn finish<E>(mut self, emit: Emit<'_, E>) -> Result<(), E> {
        self.end(emit)
    }
}

/// FNV-1a, 64 bits.
fn hash(path: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = path.iter().fold(0xcbf2_9ce4_8422_2325, step);
    // The low bits alone are weak.
    hash ^ (hash >> 32)
}
