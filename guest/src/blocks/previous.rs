//! The last backup as a source of deflated blocks.
//!
//! Owns the way from what a block holds to its deflated bytes, as they were when they were proven. Everything here may be missing,
//! stale or wrong: then there is nothing, and the block is deflated, or it is found out when the new backup is read back.

use std::cell::{Cell, RefCell};
use std::io::Read;
use std::ops::Range;

use super::codec::stored;
use super::fingerprint::Fingerprints;
use super::index::{self, About, Block, Blocks};
use crate::archive::Member;
use crate::ports::{Content, Outside, Place};
use crate::protection::part::PartReader;
use crate::securetar::Keys;
use crate::stored_archive::{self, Reader};

/// The index's name in the cache.
pub const NAME: &str = "last-backup";
/// The most that is believed of the size of one deflated block, and the most that is copied at once.
pub const MOST: u32 = 1024 * 1024;

/// Whether what is noted about the last backup may be believed.
pub struct Notes<'a> {
    outside: &'a dyn Outside,
    are_used: Cell<bool>,
    /// Once they are, the file that they are about.
    wrong_about: RefCell<Option<String>>,
    about: RefCell<String>,
}

impl<'a> Notes<'a> {
    pub fn new(outside: &'a dyn Outside) -> Self {
        let (wrong_about, about) = (RefCell::default(), RefCell::default());
        Self { outside, are_used: Cell::new(false), wrong_about, about }
    }

    /// Whether something was taken from the last backup.
    pub fn are_used(&self) -> bool {
        self.are_used.get()
    }

    /// The file that they turned out to be wrong about.
    pub fn wrong_about(&self) -> Option<String> {
        self.wrong_about.borrow().clone()
    }

    /// Throws them away: nothing is taken from the last backup any more, by the next one either.
    pub fn distrust(&self) {
        self.wrong_about.replace(Some(self.about.take()));
        // What is not stored is not there either.
        let _ = self.outside.store_cached(NAME, &[]);
    }
}

/// The last backup, opened.
pub struct Old<'a> {
    fingerprints: &'a Fingerprints,
    notes: &'a Notes<'a>,
    content: Box<dyn Content>,
    member: Member,
    blocks: Blocks,
    keys: Option<Keys>,
}

impl<'a> Old<'a> {
    /// The last backup in that location, if its index and the backup are there and fit each other; with `keys` it must be
    /// protected, by the same password.
    pub fn open(
        notes: &'a Notes<'a>,
        location: &str,
        fingerprints: &'a Fingerprints,
        mut keys: Option<Keys>,
    ) -> Option<Self> {
        let outside = notes.outside;
        if notes.wrong_about.borrow().is_some() {
            return None;
        }
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
        let member = stored_archive::open(content.as_ref(), &file).ok()?.home()?.clone();
        let blocks = index::blocks(body, keys.as_mut())?;
        notes.about.replace(file);
        Some(Self { fingerprints, notes, content, member, blocks, keys })
    }

    pub fn source(&mut self) -> Option<Source<'_>> {
        let Self { fingerprints, notes, content, member, blocks, keys } = self;
        let Member { offset: start, size, .. } = *member;
        let content: &dyn Content = &**content;
        let way = match keys {
            None => Way::Anywhere { content, start, runs: blocks.without_lonely() },
            Some(keys) => {
                content.ahead(start, size);
                let part = Reader::section(content, start, size);
                Way::InOrder(PartReader::open(part, size, Some(keys)).ok()?)
            }
        };
        Some(Source { fingerprints, notes, blocks, size, at: 0, way })
    }
}

pub struct Source<'a> {
    fingerprints: &'a Fingerprints,
    notes: &'a Notes<'a>,
    blocks: &'a Blocks,
    size: u64,
    /// Behind the block that was found last.
    at: u64,
    way: Way<'a>,
}

enum Way<'a> {
    Anywhere {
        content: &'a dyn Content,
        start: u64,
        /// What is worth being read ahead, the next one last.
        runs: Vec<Range<u64>>,
    },
    /// Each message of a protected part is needed for the next: it is read once, from its start to its end. Blocks come mostly
    /// in the order in which they were stored.
    InOrder(PartReader<Reader<'a>>),
}

/// Bytes of a block for the stream that the last backup has.
pub enum Kept {
    Here(Vec<u8>),
    /// They lie where the block says, and are the right ones if they have its fingerprint.
    There,
}

impl<'a> Source<'a> {
    /// A block that holds `plain`, which is known by that fingerprint, and where its bytes are. Those of one that is stored as it is are
    /// made from `plain`: it is in memory in any case.
    pub fn find(&mut self, fingerprint: u128, plain: &[u8]) -> Option<(Block, Kept)> {
        let length = u32::try_from(plain.len()).ok()?;
        let block = self.blocks.find(fingerprint, length, self.at)?;
        self.notes.are_used.set(true);
        if block.deflated == 0 {
            return Some((block, Kept::Here(stored(Vec::new(), plain))));
        }
        let end = block.offset.checked_add(block.deflated.into())?;
        if block.deflated > MOST || end > self.size {
            return None;
        }
        let kept = match &mut self.way {
            Way::Anywhere { .. } => Kept::There,
            Way::InOrder(part) => {
                let skipped = block.offset.checked_sub(self.at)?;
                // What fails here fails from now on: the position says so.
                self.at = u64::MAX;
                let bytes = next(part, skipped, block.deflated)?;
                if self.fingerprints.of(&bytes) != block.deflated_fingerprint {
                    return None;
                }
                Kept::Here(bytes)
            }
        };
        self.at = end;
        Some((block, kept))
    }

    /// Where bytes lie that are copied now: mostly behind those before.
    pub fn place(&mut self, offset: u64, count: u32) -> Option<Place<'a>> {
        let Way::Anywhere { content, start, runs, .. } = &mut self.way else { return None };
        let at = start.checked_add(offset)?;
        while let Some(run) = runs.pop_if(|run| run.start <= offset) {
            if run.contains(&offset) {
                content.ahead(at, run.end.saturating_sub(offset));
            }
        }
        Some(Place { content: *content, offset: at, count })
    }
}

fn next(part: &mut PartReader<Reader<'_>>, skipped: u64, count: u32) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(count).ok()?];
    std::io::copy(&mut part.by_ref().take(skipped), &mut std::io::sink()).ok()?;
    part.read_exact(&mut bytes).ok()?;
    Some(bytes)
}
