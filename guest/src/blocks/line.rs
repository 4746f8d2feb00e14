//! The line from a home's entries to the bytes of its backup: checked, cut, deflated by workers, put into order, written.
//!
//! Owns the order: blocks are handed out as they come and put into the stream as they came, however fast each was made. While
//! workers deflate, the job reads ahead, takes what has not changed from the last backup, and writes behind. Without workers it does
//! their work itself.

use std::collections::VecDeque;
use std::io::{self, Write};

use super::codec::{Codec, stored};
use super::cut::{Cutter, Sizes};
use super::fingerprint::Fingerprints;
use super::index::Block;
use super::old::Source;
use super::work::{Answer, KIND, Piece};
use crate::archive::{ArchiveError, Entry, Framing, GzipMember, Limits, Summary, TreeSink};
use crate::digest::{Digesting, Segment};
use crate::error::{Failure, Result};
use crate::part::from_io;
use crate::ports::{Crew, Outside};

/// More workers than this have nothing to do: one job reads and writes for all of them.
const WORKERS: u32 = 64;
/// Bytes of blocks that workers have, or that wait for those before them.
const UNDER_WAY_MOST: usize = 15 * 1024 * 1024;
/// Of so many blocks that are taken from the last backup one is inflated and compared again.
const PROVEN_ANEW: u64 = 16;

/// Takes the tree of a home.
pub struct Line<'a, W: Write> {
    framing: Framing<'a>,
    cutter: Cutter,
    belt: Belt<'a, W>,
}

/// What came of it.
pub struct Made<W> {
    pub sink: W,
    /// What its bytes are known by.
    pub segments: Vec<Segment>,
    /// The workers, which have nothing to do any more.
    pub crew: Option<Box<dyn Crew>>,
    /// What the tar holds, as its reader's rules see it.
    pub summary: Summary,
    /// Where its blocks lie.
    pub blocks: Vec<Block>,
    /// How many of them, and bytes of what they hold, were taken from the last backup.
    pub kept: Kept,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    pub blocks: u64,
    pub bytes: u64,
}

impl<'a, W: Write> Line<'a, W> {
    /// `now` is in seconds since 1970.
    pub fn new(
        outside: &dyn Outside,
        sink: W,
        now: u32,
        sizes: Sizes,
        limits: &'a Limits,
        fingerprints: &'a Fingerprints,
        old: Option<Source<'a>>,
    ) -> Result<Self> {
        let mut first_proven = [0];
        outside.random(&mut first_proven);
        let belt = Belt {
            // No worker is free: it takes longer, and is as good.
            crew: outside.crew(KIND, "{}", WORKERS).ok(),
            codec: Codec::default(),
            under_way: VecDeque::new(),
            at_work: 0,
            weight: 0,
            member: GzipMember::new(Digesting::new(sink), now).map_err(from_io)?,
            fingerprints,
            old,
            piece: Vec::new(),
            found: first_proven.map(u64::from)[0],
            blocks: Vec::new(),
            kept: Kept::default(),
        };
        Ok(Self { framing: Framing::new(limits), cutter: Cutter::new(sizes), belt })
    }

    pub fn finish(self) -> Result<Made<W>> {
        let Self { framing, cutter, mut belt } = self;
        cutter.finish(&mut |block| belt.put(block))?;
        while !belt.under_way.is_empty() {
            belt.collect()?;
        }
        let summary = framing.finish()?;
        let Belt { crew, member, blocks, kept, .. } = belt;
        let (sink, segments) = member.finish().map_err(from_io)?.finish();
        Ok(Made { sink, segments, crew, summary, blocks, kept })
    }
}

impl<W: Write> TreeSink for Line<'_, W> {
    fn head(&mut self, entry: &Entry, bytes: &[u8]) -> io::Result<()> {
        self.framing.head(entry, bytes).map_err(misframed)?;
        self.cutter.head(entry, bytes, &mut |block| Ok(self.belt.put(block)?))
    }

    fn content(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.framing.content(bytes.len() as u64).map_err(misframed)?;
        self.cutter.content(bytes, &mut |block| Ok(self.belt.put(block)?))
    }

    fn zeros(&mut self, count: u64) -> io::Result<()> {
        self.framing.zeros(count).map_err(misframed)?;
        self.cutter.zeros(usize::try_from(count).map_err(io::Error::other)?);
        Ok(())
    }
}

/// Nothing that one entry could be left out for: the archive itself would not be good.
fn misframed(error: ArchiveError) -> io::Error {
    let what = format!("the backup would not be readable, so it is not made: {error}");
    Failure::new("backup_reader_writer_error", what).into()
}

/// Blocks under way, in order.
struct Belt<'a, W: Write> {
    crew: Option<Box<dyn Crew>>,
    codec: Codec,
    under_way: VecDeque<UnderWay>,
    /// How many of them workers have, and the bytes that all of them take.
    at_work: usize,
    weight: usize,
    member: GzipMember<Digesting<W>>,
    fingerprints: &'a Fingerprints,
    old: Option<Source<'a>>,
    /// Its room is used again.
    piece: Vec<u8>,
    /// Counts blocks that the last backup has.
    found: u64,
    blocks: Vec<Block>,
    kept: Kept,
}

struct UnderWay {
    /// What is known of it.
    block: Block,
    bytes: Bytes,
    weight: usize,
}

/// The bytes of a block for the stream.
enum Bytes {
    Here(Vec<u8>),
    /// A worker makes them. If the block is one that the last backup has, they must become the same.
    AtWork {
        is_old: bool,
    },
    /// As a worker would answer.
    Made {
        answer: Vec<u8>,
        is_old: bool,
    },
}

impl<W: Write> Belt<'_, W> {
    fn put(&mut self, plain: &[u8]) -> Result<()> {
        let length =
            u32::try_from(plain.len()).map_err(|_| Failure::invalid("a block of more than 4 GiB"))?;
        let fingerprint = self.fingerprints.of(plain);
        let found = self.old.as_mut().and_then(|old| old.find(fingerprint, length));
        self.found += u64::from(found.is_some());
        let (block, bytes) = match found {
            Some((block, bytes)) if !self.found.is_multiple_of(PROVEN_ANEW) => {
                let bytes = if block.deflated == 0 { stored(Vec::new(), plain) } else { bytes };
                self.kept.blocks += 1;
                self.kept.bytes += u64::from(length);
                (block, Bytes::Here(bytes))
            }
            Some((block, bytes)) => (block, self.hand_out(plain, Some((&block, &bytes)))?),
            None => {
                let block = Block { fingerprint, length, ..Block::default() };
                (block, self.hand_out(plain, None)?)
            }
        };
        let weight = if let Bytes::Here(bytes) = &bytes { bytes.len() } else { plain.len() };
        self.weight += weight;
        self.under_way.push_back(UnderWay { block, bytes, weight });
        let is_here = |first: &UnderWay| matches!(first.bytes, Bytes::Here(_));
        while self.weight > UNDER_WAY_MOST || self.under_way.front().is_some_and(is_here) {
            self.collect()?;
        }
        Ok(())
    }

    /// Work on a block; on one that the last backup has so, too.
    fn hand_out(&mut self, plain: &[u8], old: Option<(&Block, &[u8])>) -> Result<Bytes> {
        let is_old = old.is_some();
        let is_stored = old.is_some_and(|(block, _)| block.deflated == 0);
        self.piece.clear();
        Piece { is_incompressible: is_stored, plain, kept: old.map_or(&[], |(_, kept)| kept) }
            .encode(&mut self.piece);
        let Some(most) = self.crew.as_ref().map(|crew| crew.capacity().max(1)) else {
            return Ok(Bytes::Made { answer: self.codec.work(&self.piece)?, is_old });
        };
        while self.at_work >= most {
            self.collect()?;
        }
        if let Some(crew) = &self.crew {
            crew.put(&self.piece)?;
        }
        self.at_work += 1;
        Ok(Bytes::AtWork { is_old })
    }

    /// Puts the earliest block into the stream.
    fn collect(&mut self) -> Result<()> {
        let Some(UnderWay { block, bytes, weight }) = self.under_way.pop_front() else { return Ok(()) };
        self.weight = self.weight.saturating_sub(weight);
        let (answer, is_old) = match (bytes, &self.crew) {
            (Bytes::Here(bytes), _) => return self.write(block, &bytes),
            (Bytes::Made { answer, is_old }, _) => (answer, is_old),
            (Bytes::AtWork { is_old }, Some(crew)) => {
                self.at_work = self.at_work.saturating_sub(1);
                (crew.take_whole()?, is_old)
            }
            (Bytes::AtWork { .. }, None) => return Err(senseless()),
        };
        let Some((how, check, bytes)) = Answer::parse(&answer) else { return Err(senseless()) };
        let is_kept = how == Answer::Kept || block.deflated == 0 && how == Answer::Stored;
        match is_old {
            true if is_kept && check == block.check => {
                self.kept.blocks += 1;
                self.kept.bytes += u64::from(block.length);
                self.write(block, bytes)
            }
            true => Err(self.contradicted()),
            false => {
                let deflated = if how == Answer::Stored { &[] } else { bytes };
                let known = Block {
                    check,
                    deflated: u32::try_from(deflated.len()).map_err(|_| senseless())?,
                    deflated_fingerprint: self.fingerprints.of(deflated),
                    ..block
                };
                self.write(known, bytes)
            }
        }
    }

    fn write(&mut self, block: Block, bytes: &[u8]) -> Result<()> {
        let offset = self.member.block((block.length, block.check), bytes).map_err(from_io)?;
        self.blocks.push(Block { offset, ..block });
        Ok(())
    }

    /// A block of the last backup does not hold what its index says. It is the first that is known to: others may have been
    /// taken before it.
    fn contradicted(&mut self) -> Failure {
        if let Some(old) = self.old.take() {
            old.give_up();
        }
        Failure::new(
            "backup_reader_writer_error",
            "what was noted about the last backup is not true of it, so this one was not made; the notes are thrown away: try again, \
             which takes as long as a first backup",
        )
    }
}

fn senseless() -> Failure {
    Failure::invalid("a worker gave an answer that makes no sense")
}
