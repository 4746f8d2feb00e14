//! The last backup as a source of deflated blocks.
//!
//! Owns the way from what a block holds to its deflated bytes, as they were when they were proven. Everything here may be missing,
//! stale or wrong: then there is nothing, and the block is deflated.

use std::io::Read;
use std::ops::Range;

use super::fingerprint::Fingerprints;
use super::index::{self, About, Block, Blocks};
use crate::archive::Member;
use crate::part::PartReader;
use crate::ports::{Content, Outside, Place, Reader};
use crate::securetar::Keys;
use crate::verify;

/// The index's name in the cache.
pub const NAME: &str = "last-backup";
/// The most that is believed of the size of one deflated block.
const DEFLATED_MOST: u32 = 1024 * 1024;

/// The last backup, opened.
pub struct Old<'a> {
    outside: &'a dyn Outside,
    fingerprints: &'a Fingerprints,
    content: Box<dyn Content>,
    member: Member,
    blocks: Blocks,
    keys: Option<Keys>,
}

impl<'a> Old<'a> {
    /// The last backup in that location, if its index and the backup are there and fit each other; with `keys` it must be
    /// protected, by the same password.
    pub fn open(
        outside: &'a dyn Outside,
        location: &str,
        fingerprints: &'a Fingerprints,
        mut keys: Option<Keys>,
    ) -> Option<Self> {
        let noted = outside.load_cached(NAME).ok()?;
        let count = u32::try_from(noted.size()).ok()?;
        let bytes = Place { content: noted.as_ref(), offset: 0, count }.read().ok()?;
        let (About { location: of, file, size, is_protected }, body) = index::parse(&bytes, fingerprints)?;
        if of != location || is_protected != keys.is_some() {
            return None;
        }
        let content = outside.open_object(location, &file).ok()?;
        if content.size() != size {
            return None;
        }
        let member = verify::outer_of(content.as_ref(), &file).ok()?.home()?.clone();
        let blocks = index::blocks(body, keys.as_mut())?;
        Some(Self { outside, fingerprints, content, member, blocks, keys })
    }

    pub fn source(&mut self) -> Option<Source<'_>> {
        let Self { outside, fingerprints, content, member, blocks, keys } = self;
        let Member { offset: start, size, .. } = *member;
        let content: &dyn Content = &**content;
        let way = match keys {
            None => Way::Anywhere { content, start, at: 0, runs: blocks.without_lonely() },
            Some(keys) => {
                content.ahead(start, size);
                let part = Reader::section(content, start, size);
                Way::InOrder { part: PartReader::open(part, size, Some(keys)).ok()?, at: 0 }
            }
        };
        Some(Source { outside: *outside, fingerprints, blocks, size, way })
    }
}

pub struct Source<'a> {
    outside: &'a dyn Outside,
    fingerprints: &'a Fingerprints,
    blocks: &'a Blocks,
    size: u64,
    way: Way<'a>,
}

enum Way<'a> {
    Anywhere {
        content: &'a dyn Content,
        start: u64,
        at: u64,
        /// What is worth being read ahead, the next one last.
        runs: Vec<Range<u64>>,
    },
    /// Each message of a protected part is needed for the next: it is read once, from its start to its end. Blocks come mostly
    /// in the order in which they were stored.
    InOrder { part: PartReader<Reader<'a>>, at: u64 },
}

impl Source<'_> {
    /// A block that holds this, and its deflated bytes: none when it is stored as it is.
    pub fn find(&mut self, fingerprint: u128, length: u32) -> Option<(Block, Vec<u8>)> {
        let block = self.blocks.find(fingerprint, length, self.way.at())?;
        let bytes = match block.deflated {
            0 => Vec::new(),
            count if count > DEFLATED_MOST || block.offset.checked_add(count.into())? > self.size => {
                return None;
            }
            count => self.way.read(block.offset, count)?,
        };
        let is_same = block.deflated == 0 || self.fingerprints.of(&bytes) == block.deflated_fingerprint;
        is_same.then_some((block, bytes))
    }

    /// Nothing is taken from it any more, by the next backup either.
    pub fn give_up(self) {
        // What is not stored is not there either.
        let _ = self.outside.store_cached(NAME, &[]);
    }
}

impl Way<'_> {
    fn at(&self) -> u64 {
        match self {
            Self::Anywhere { at, .. } | Self::InOrder { at, .. } => *at,
        }
    }

    fn read(&mut self, offset: u64, count: u32) -> Option<Vec<u8>> {
        let end = offset.checked_add(count.into())?;
        match self {
            Self::Anywhere { content, start, at, runs } => {
                while let Some(run) = runs.pop_if(|run| run.start <= offset) {
                    if run.contains(&offset) {
                        content.ahead(start.checked_add(offset)?, run.end.saturating_sub(offset));
                    }
                }
                *at = end;
                Place { content: *content, offset: start.checked_add(offset)?, count }.read().ok()
            }
            Self::InOrder { part, at } => {
                let mut bytes = vec![0; usize::try_from(count).ok()?];
                let skipped = offset.checked_sub(*at)?;
                // What fails here fails from now on: the position says so.
                *at = u64::MAX;
                std::io::copy(&mut part.by_ref().take(skipped), &mut std::io::sink()).ok()?;
                part.read_exact(&mut bytes).ok()?;
                *at = end;
                Some(bytes)
            }
        }
    }
}
