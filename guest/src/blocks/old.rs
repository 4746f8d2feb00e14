//! The last backup as a source of deflated blocks.
//!
//! Owns the way from a block's digest to bytes that may hold it. Everything here may be missing, stale or wrong: then there is
//! nothing, and the block is deflated. Whoever gets bytes must find out what they hold.

use std::io::Read;

use super::index::{self, About, Blocks};
use crate::archive::Member;
use crate::part::PartReader;
use crate::ports::{Content, Outside, Place, Reader};
use crate::securetar::Keys;
use crate::verify;

/// The index's name in the cache.
pub const NAME: &str = "last-backup";
/// The most that is believed of the size of one deflated block.
const DEFLATED_MOST: u32 = 1024 * 1024;
/// The most that is read at once from the cache.
const CHUNK: u32 = 1024 * 1024;

/// The last backup, opened.
pub struct Old {
    content: Box<dyn Content>,
    member: Member,
    blocks: Blocks,
    keys: Option<Keys>,
}

/// What is known of a block.
pub enum Found<'a> {
    Nothing,
    /// It did not get smaller.
    Incompressible,
    /// Bytes that may hold it, here or there.
    Bytes(Vec<u8>),
    At(Place<'a>),
}

impl Old {
    /// The last backup in that location, if its index and the backup are there and fit each other; with `keys` it must be
    /// protected, by the same password.
    pub fn open(outside: &dyn Outside, location: &str, mut keys: Option<Keys>) -> Option<Self> {
        let bytes = whole(outside.load_cached(NAME).ok()?.as_ref())?;
        let (About { location: of, file, size, is_protected }, body) = index::parse(&bytes)?;
        if of != location || is_protected != keys.is_some() {
            return None;
        }
        let content = outside.open_object(location, &file).ok()?;
        if content.size() != size {
            return None;
        }
        let member = verify::outer_of(content.as_ref(), &file).ok()?.home()?.clone();
        let blocks = index::blocks(body, keys.as_mut())?;
        Some(Self { content, member, blocks, keys })
    }

    pub fn source(&mut self) -> Option<Source<'_>> {
        let Self { content, member, blocks, keys } = self;
        let content: &dyn Content = &**content;
        let way = match keys {
            None => Way::Direct,
            Some(keys) => {
                let sealed = Reader::section(content, member.offset, member.size);
                let plain = PartReader::open(sealed, member.size, Some(keys)).ok()?;
                Way::InOrder { plain, at: 0 }
            }
        };
        Some(Source { content, start: member.offset, size: member.size, blocks, way })
    }
}

fn whole(content: &dyn Content) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < content.size() {
        let more = content.read(bytes.len() as u64, CHUNK).ok().filter(|more| !more.is_empty())?;
        bytes.extend_from_slice(&more);
    }
    Some(bytes)
}

pub struct Source<'a> {
    content: &'a dyn Content,
    start: u64,
    size: u64,
    blocks: &'a Blocks,
    way: Way<'a>,
}

enum Way<'a> {
    /// Anyone can read it, anywhere.
    Direct,
    /// Each message of a protected part is needed for the next: it is read once, from its start to its end. Blocks come mostly
    /// in the order in which they were stored.
    InOrder { plain: PartReader<Reader<'a>>, at: u64 },
}

impl<'a> Source<'a> {
    pub fn find(&mut self, digest: u64, length: u32) -> Found<'a> {
        let from = if let Way::InOrder { at, .. } = self.way { at } else { 0 };
        match self.blocks.find(digest, length, from) {
            None => Found::Nothing,
            Some(block) if block.deflated == 0 => Found::Incompressible,
            Some(block) if block.deflated > DEFLATED_MOST => Found::Nothing,
            Some(block) => self.get(block.offset, block.deflated).unwrap_or(Found::Nothing),
        }
    }

    fn get(&mut self, offset: u64, count: u32) -> Option<Found<'a>> {
        if offset.checked_add(count.into())? > self.size {
            return None;
        }
        match &mut self.way {
            Way::Direct => {
                let offset = self.start.checked_add(offset)?;
                Some(Found::At(Place { content: self.content, offset, count }))
            }
            Way::InOrder { plain, at } => {
                let skipped = offset.checked_sub(*at)?;
                let mut bytes = vec![0; usize::try_from(count).ok()?];
                // What fails here fails from now on: the position says so.
                *at = u64::MAX;
                std::io::copy(&mut plain.by_ref().take(skipped), &mut std::io::sink()).ok()?;
                plain.read_exact(&mut bytes).ok()?;
                *at = offset.checked_add(count.into())?;
                Some(Found::Bytes(bytes))
            }
        }
    }
}
