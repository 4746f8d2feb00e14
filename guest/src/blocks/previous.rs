//! The previous backup as a source of deflated blocks.
//!
//! Owns the lookup from the content of a block to its deflated bytes in the previous backup. The index and that backup may be
//! missing, stale or wrong. Then nothing is found and the block is deflated again, or the verification of the new backup detects it.

use std::cell::{Cell, RefCell};
use std::io::Read;
use std::ops::Range;

use super::codec::stored;
use super::fingerprint::Fingerprints;
use super::index::{self, Block, Blocks, IndexHeader};
use crate::archive::Member;
use crate::ports::{Content, Host, Place};
use crate::protection::part::PartReader;
use crate::securetar::Keys;
use crate::stored_archive::{self, Reader};

/// Name of the index in the cache.
pub const CACHE_NAME: &str = "last-backup";
/// The largest size accepted for one deflated block, and the most bytes copied at once.
pub const COPY_MAX: u32 = 1024 * 1024;

/// The cached index of the previous backup, and whether it proved to be wrong.
pub struct CachedIndex<'a> {
    host: &'a dyn Host,
    was_used: Cell<bool>,
    /// The described file, once the index proved to be wrong.
    wrong_about: RefCell<Option<String>>,
    file: RefCell<String>,
}

impl<'a> CachedIndex<'a> {
    pub fn new(host: &'a dyn Host) -> Self {
        let (wrong_about, file) = (RefCell::default(), RefCell::default());
        Self { host, was_used: Cell::new(false), wrong_about, file }
    }

    /// Whether a block was found in the index.
    pub fn was_used(&self) -> bool {
        self.was_used.get()
    }

    /// The backup file that the index described wrongly; `None` while it is valid.
    pub fn wrong_about(&self) -> Option<String> {
        self.wrong_about.borrow().clone()
    }

    /// Deletes the index: neither this backup nor the next one reuses blocks through it.
    pub fn invalidate(&self) {
        self.wrong_about.replace(Some(self.file.take()));
        // If this fails, there is no cache and thus no index.
        let _ = self.host.store_cached(CACHE_NAME, &[]);
    }
}

/// The previous backup, opened.
pub struct PreviousBackup<'a> {
    fingerprints: &'a Fingerprints,
    index: &'a CachedIndex<'a>,
    content: Box<dyn Content>,
    member: Member,
    blocks: Blocks,
    keys: Option<Keys>,
}

impl<'a> PreviousBackup<'a> {
    /// Opens the previous backup in a location, if it and its index exist and match. With `keys`, it must be protected by the same
    /// password; without, it must be unprotected.
    pub fn open(
        cached: &'a CachedIndex<'a>,
        location: &str,
        fingerprints: &'a Fingerprints,
        mut keys: Option<Keys>,
    ) -> Option<Self> {
        let host = cached.host;
        if cached.wrong_about.borrow().is_some() {
            return None;
        }
        let stored = host.load_cached(CACHE_NAME).ok()?;
        let count = u32::try_from(stored.size()).ok()?;
        let bytes = Place { content: stored.as_ref(), offset: 0, count }.read().ok()?;
        let (IndexHeader { location: of, file, size, is_protected }, body) =
            index::parse(&bytes, fingerprints)?;
        if of != location || is_protected != keys.is_some() {
            return None;
        }
        let content = host.open_object(location, &file).ok()?;
        if content.size() != size {
            return None;
        }
        let member = stored_archive::open(content.as_ref(), &file).ok()?.home()?.clone();
        let blocks = index::parse_blocks(body, keys.as_mut())?;
        cached.file.replace(file);
        Some(Self { fingerprints, index: cached, content, member, blocks, keys })
    }

    /// Its blocks, for reading them in one pass.
    pub fn blocks(&mut self) -> Option<PreviousBlocks<'_>> {
        let Self { fingerprints, index, content, member, blocks, keys } = self;
        let Member { offset: start, size, .. } = *member;
        let content: &dyn Content = &**content;
        let access = match keys {
            None => Access::Random { content, start, ranges: blocks.remove_isolated() },
            Some(keys) => {
                content.ahead(start, size);
                let part = Reader::section(content, start, size);
                Access::Sequential(PartReader::open(part, size, Some(keys)).ok()?)
            }
        };
        Some(PreviousBlocks { fingerprints, index, blocks, size, at: 0, access })
    }
}

/// The blocks of the previous backup.
pub struct PreviousBlocks<'a> {
    fingerprints: &'a Fingerprints,
    index: &'a CachedIndex<'a>,
    blocks: &'a Blocks,
    size: u64,
    /// Offset after the block that was found last.
    at: u64,
    access: Access<'a>,
}

/// How the bytes of the previous backup can be read.
enum Access<'a> {
    /// At any offset.
    Random {
        content: &'a dyn Content,
        start: u64,
        /// Ranges worth a read-ahead, the next one last.
        ranges: Vec<Range<u64>>,
    },
    /// Once, from start to end: decrypting a message of a protected part requires all messages before it. Blocks are usually
    /// requested in the order in which they are stored.
    Sequential(PartReader<Reader<'a>>),
}

/// The bytes of a reused block in the gzip stream.
pub enum ReusedBytes {
    Loaded(Vec<u8>),
    /// Still in the previous backup, at the block's offset. They must match its fingerprint.
    InPlace,
}

impl<'a> PreviousBlocks<'a> {
    /// Finds a block with this content, identified by its fingerprint. The bytes of a stored block are built from `content`,
    /// which is in memory anyway.
    pub fn find(&mut self, fingerprint: u128, content: &[u8]) -> Option<(Block, ReusedBytes)> {
        let length = u32::try_from(content.len()).ok()?;
        let block = self.blocks.find(fingerprint, length, self.at)?;
        self.index.was_used.set(true);
        if block.deflated == 0 {
            return Some((block, ReusedBytes::Loaded(stored(Vec::new(), content))));
        }
        let end = block.offset.checked_add(block.deflated.into())?;
        if block.deflated > COPY_MAX || end > self.size {
            return None;
        }
        let reused = match &mut self.access {
            Access::Random { .. } => ReusedBytes::InPlace,
            Access::Sequential(part) => {
                let skipped = block.offset.checked_sub(self.at)?;
                // After a failure nothing more can be read: with this offset, every later read fails.
                self.at = u64::MAX;
                let bytes = next(part, skipped, block.deflated)?;
                if self.fingerprints.of(&bytes) != block.deflated_fingerprint {
                    return None;
                }
                ReusedBytes::Loaded(bytes)
            }
        };
        self.at = end;
        Some((block, reused))
    }

    /// The position of bytes that are about to be copied. Calls usually come in ascending order.
    pub fn place(&mut self, offset: u64, count: u32) -> Option<Place<'a>> {
        let Access::Random { content, start, ranges, .. } = &mut self.access else { return None };
        let at = start.checked_add(offset)?;
        while let Some(range) = ranges.pop_if(|range| range.start <= offset) {
            if range.contains(&offset) {
                content.ahead(at, range.end.saturating_sub(offset));
            }
        }
        Some(Place { content: *content, offset: at, count })
    }
}

/// Skips bytes of a part and reads the following ones.
fn next(part: &mut PartReader<Reader<'_>>, skipped: u64, count: u32) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(count).ok()?];
    std::io::copy(&mut part.by_ref().take(skipped), &mut std::io::sink()).ok()?;
    part.read_exact(&mut bytes).ok()?;
    Some(bytes)
}
