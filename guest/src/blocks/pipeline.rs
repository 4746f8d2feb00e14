//! The line from a home's entries to the bytes of its backup: checked, cut, deflated by workers, put into order, written.
//!
//! Owns the order: blocks are handed out as they come and put into the stream as they came, however fast each was made. While
//! workers deflate, the job reads ahead, takes what has not changed from the last backup, and writes behind. Without workers it does
//! their work itself.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::ops::Range;

use super::codec::Codec;
use super::cut::{Cutter, Sizes};
use super::fingerprint::Fingerprints;
use super::index::Block;
use super::previous;
use super::previous::{Kept, Source};
use super::worker::{Answer, BLOCK, KIND};
use crate::archive::{ArchiveError, Entry, Framing, GzipMember, Limits, Summary, TreeSink};
use crate::blocks::digest::{Digesting, Proof, Segment};
use crate::error::{Failure, Result, UNREADABLE};
use crate::ports::{Crew, Outside};
use crate::protection::part::{Splice, from_io};

/// More workers than this have nothing to do: one job reads and writes for all of them.
const WORKERS: u32 = 64;
/// Bytes of blocks that workers have, or that wait for those before them.
const UNDER_WAY_MOST: usize = 15 * 1024 * 1024;
/// Of so many blocks that are taken from the last backup one is opened again when it is read back.
const PROVEN_ANEW: u64 = 16;

/// Takes the tree of a home.
pub struct Line<'a, W: Write + Splice> {
    framing: Framing<'a>,
    cutter: Cutter,
    belt: Belt<'a, W>,
}

/// What came of it.
pub struct Made<W> {
    pub sink: W,
    /// What its bytes are known by.
    pub segments: Vec<Segment>,
    /// Some of those that were taken from the last backup, to be looked at when all is read back.
    pub proofs: Vec<Proof>,
    /// The workers, which have nothing to do any more.
    pub crew: Option<Box<dyn Crew>>,
    /// What the tar holds, as its reader's rules see it.
    pub summary: Summary,
    /// Where its blocks lie.
    pub blocks: Vec<Block>,
    /// How many of them, and bytes of what they hold, were taken from the last backup.
    pub kept: Unchanged,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unchanged {
    pub blocks: u64,
    pub bytes: u64,
}

impl<'a, W: Write + Splice> Line<'a, W> {
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
            member: GzipMember::new(Digesting::new(sink, fingerprints), now).map_err(from_io)?,
            fingerprints,
            old,
            run: 0..0,
            piece: Vec::new(),
            proofs: Vec::new(),
            found: first_proven.map(u64::from)[0],
            blocks: Vec::new(),
            kept: Unchanged::default(),
        };
        Ok(Self { framing: Framing::new(limits), cutter: Cutter::new(sizes), belt })
    }

    pub fn finish(self) -> Result<Made<W>> {
        let Self { framing, cutter, mut belt } = self;
        cutter.finish(&mut |block| belt.put(block))?;
        while !belt.under_way.is_empty() {
            belt.collect()?;
        }
        belt.copy_run()?;
        let summary = framing.finish()?;
        let Belt { crew, member, proofs, blocks, kept, .. } = belt;
        let (sink, segments) = member.finish().map_err(from_io)?.finish();
        Ok(Made { sink, segments, proofs, crew, summary, blocks, kept })
    }
}

impl<W: Write + Splice> TreeSink for Line<'_, W> {
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
    Failure::new(UNREADABLE, what).into()
}

/// Blocks under way, in order.
struct Belt<'a, W: Write + Splice> {
    crew: Option<Box<dyn Crew>>,
    codec: Codec,
    under_way: VecDeque<UnderWay>,
    /// How many of them workers have, and the bytes that all of them take.
    at_work: usize,
    weight: usize,
    member: GzipMember<Digesting<'a, W>>,
    fingerprints: &'a Fingerprints,
    old: Option<Source<'a>>,
    /// Bytes of the last backup that come next, and are not copied yet.
    run: Range<u64>,
    /// Its room is used again.
    piece: Vec<u8>,
    /// Counts blocks that are taken from the last backup.
    found: u64,
    proofs: Vec<Proof>,
    blocks: Vec<Block>,
    kept: Unchanged,
}

struct UnderWay {
    /// What is known of it.
    block: Block,
    bytes: Bytes,
    weight: usize,
}

/// The bytes of a block for the stream.
enum Bytes {
    /// The last backup has them.
    Kept(Kept),
    /// A worker makes them.
    AtWork,
    /// As a worker would answer.
    Made(Vec<u8>),
}

impl<W: Write + Splice> Belt<'_, W> {
    fn put(&mut self, plain: &[u8]) -> Result<()> {
        let length =
            u32::try_from(plain.len()).map_err(|_| Failure::invalid("a block of more than 4 GiB"))?;
        let fingerprint = self.fingerprints.of(plain);
        let (block, bytes) = match self.old.as_mut().and_then(|old| old.find(fingerprint, plain)) {
            Some((block, kept)) => (block, Bytes::Kept(kept)),
            None => (Block { fingerprint, length, ..Block::default() }, self.hand_out(plain)?),
        };
        let held = match &bytes {
            Bytes::Kept(Kept::Here(bytes)) => bytes.len(),
            Bytes::Kept(Kept::There) => 0,
            Bytes::AtWork | Bytes::Made(_) => plain.len(),
        };
        let weight = held + size_of::<UnderWay>();
        self.weight += weight;
        self.under_way.push_back(UnderWay { block, bytes, weight });
        let is_there = |first: &UnderWay| !matches!(first.bytes, Bytes::AtWork);
        while self.weight > UNDER_WAY_MOST || self.under_way.front().is_some_and(is_there) {
            self.collect()?;
        }
        Ok(())
    }

    fn hand_out(&mut self, plain: &[u8]) -> Result<Bytes> {
        let Some(most) = self.crew.as_ref().map(|crew| crew.capacity().max(1)) else {
            return Ok(Bytes::Made(self.codec.work(plain)?));
        };
        while self.at_work >= most {
            self.collect()?;
        }
        self.piece.clear();
        self.piece.push(BLOCK);
        self.piece.extend_from_slice(plain);
        if let Some(crew) = &self.crew {
            crew.put(&self.piece)?;
        }
        self.at_work += 1;
        Ok(Bytes::AtWork)
    }

    /// Puts the earliest block into the stream.
    fn collect(&mut self) -> Result<()> {
        let Some(UnderWay { block, bytes, weight }) = self.under_way.pop_front() else { return Ok(()) };
        self.weight = self.weight.saturating_sub(weight);
        let answer = match (bytes, &self.crew) {
            (Bytes::Kept(kept), _) => return self.keep(block, &kept),
            (Bytes::Made(answer), _) => answer,
            (Bytes::AtWork, Some(crew)) => {
                self.at_work = self.at_work.saturating_sub(1);
                crew.take_whole()?
            }
            (Bytes::AtWork, None) => return Err(senseless()),
        };
        let Some((how, check, bytes)) = Answer::parse(&answer) else { return Err(senseless()) };
        let deflated = if how == Answer::Stored { 0 } else { bytes.len() };
        let deflated = u32::try_from(deflated).map_err(|_| senseless())?;
        self.write(Block { check, deflated, ..block }, bytes)
    }

    /// Puts a block into the stream as the last backup has it.
    fn keep(&mut self, block: Block, kept: &Kept) -> Result<()> {
        self.kept.blocks += 1;
        self.kept.bytes += u64::from(block.length);
        match kept {
            Kept::Here(bytes) => self.write(block, bytes)?,
            Kept::There => self.copy(block)?,
        }
        self.found += 1;
        // Only what is one segment can be opened again.
        let is_whole = |segment: Segment| u64::from(segment.count) == block.size();
        if self.found.is_multiple_of(PROVEN_ANEW) && self.member.sink().last().is_some_and(is_whole) {
            let segment = self.member.sink().count().saturating_sub(1);
            let Block { length, fingerprint, check, .. } = block;
            self.proofs.push(Proof { segment, length, fingerprint, check });
        }
        Ok(())
    }

    fn write(&mut self, block: Block, bytes: &[u8]) -> Result<()> {
        self.copy_run()?;
        let offset = self.member.block((block.length, block.check), bytes).map_err(from_io)?;
        let deflated_fingerprint = match block.deflated {
            0 => 0,
            _ => self.member.sink().last().map_or(0, |segment| segment.fingerprint),
        };
        self.blocks.push(Block { offset, deflated_fingerprint, ..block });
        Ok(())
    }

    /// Has a block copied with those before it. Whether its bytes were the right ones is found out when all is read back.
    fn copy(&mut self, block: Block) -> Result<()> {
        let size = u64::from(block.deflated);
        let run = self.run.clone();
        if run.end != block.offset || run.end - run.start + size > previous::MOST.into() {
            self.copy_run()?;
            self.run = block.offset..block.offset;
        }
        self.run.end += size;
        let segment = Segment { count: block.deflated, fingerprint: block.deflated_fingerprint };
        self.member.sink().expect(segment);
        let offset = self.member.count((block.length, block.check), size);
        self.blocks.push(Block { offset, ..block });
        Ok(())
    }

    fn copy_run(&mut self) -> Result<()> {
        let Range { start, end } = std::mem::replace(&mut self.run, 0..0);
        let count = u32::try_from(end.saturating_sub(start)).map_err(|_| senseless())?;
        if count == 0 {
            return Ok(());
        }
        let place = self.old.as_mut().and_then(|old| old.place(start, count)).ok_or_else(senseless)?;
        self.member.sink().sink().splice(place).map_err(from_io)
    }
}

fn senseless() -> Failure {
    Failure::invalid("a worker gave an answer that makes no sense")
}
