//! The pipeline from a home's entries to the bytes of its backup: check, split, deflate in workers, order, write.
//!
//! Owns the order. Blocks are submitted as they come and written in the same order, however long each takes. While workers deflate,
//! the job reads ahead, reuses unchanged blocks of the previous backup, and writes behind. Without workers, the job deflates blocks
//! itself.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::ops::Range;

use super::codec::Codec;
use super::digest::{BlockCheck, DigestWriter, Segment};
use super::fingerprint::Fingerprints;
use super::index::Block;
use super::previous::{COPY_MAX, PreviousBlocks, ReusedBytes};
use super::protocol::{BLOCK_ITEM, Encoding, KIND};
use super::splitter::{BlockSizes, Splitter};
use crate::archive::{ArchiveError, Entry, GzipMember, Limits, StructureCheck, Summary, TreeSink};
use crate::error::{Failure, Result, UNREADABLE};
use crate::ports::{Host, WorkerPool};
use crate::protection::part::{Splice, from_io};

/// The most workers. More would idle, since one job reads and writes for all of them.
const WORKERS: u32 = 64;
/// The most bytes of blocks in workers or waiting for earlier blocks.
const PENDING_MAX: usize = 15 * 1024 * 1024;
/// One in this many reused blocks is inflated again when the backup is read back.
const CHECK_EVERY: u64 = 16;

/// Turns the tree of a home into the gzip stream of its backup.
pub struct Pipeline<'a, W: Write + Splice> {
    structure: StructureCheck<'a>,
    splitter: Splitter,
    queue: BlockQueue<'a, W>,
}

/// The result of a finished [`Pipeline`].
pub struct Finished<W> {
    pub sink: W,
    /// Digests of the written bytes.
    pub segments: Vec<Segment>,
    /// A sample of the reused blocks, to be inflated when the backup is read back.
    pub block_checks: Vec<BlockCheck>,
    /// The workers, now idle.
    pub pool: Option<Box<dyn WorkerPool>>,
    /// The contents of the tar, as its reader's rules see them.
    pub summary: Summary,
    /// The blocks of the backup, for its index.
    pub blocks: Vec<Block>,
    /// The blocks reused from the previous backup.
    pub reused: ReuseCounts,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReuseCounts {
    pub blocks: u64,
    /// Bytes of their content.
    pub bytes: u64,
}

impl<'a, W: Write + Splice> Pipeline<'a, W> {
    /// Starts workers and writes the gzip header. `now` is in seconds since 1970.
    pub fn new(
        host: &dyn Host,
        sink: W,
        now: u32,
        sizes: BlockSizes,
        limits: &'a Limits,
        fingerprints: &'a Fingerprints,
        previous: Option<PreviousBlocks<'a>>,
    ) -> Result<Self> {
        let mut first_checked = [0];
        host.random(&mut first_checked);
        let queue = BlockQueue {
            // Without workers it takes longer; the result is the same.
            pool: host.pool(KIND, "{}", WORKERS).ok(),
            codec: Codec::default(),
            pending: VecDeque::new(),
            in_pool: 0,
            weight: 0,
            member: GzipMember::new(DigestWriter::new(sink, fingerprints), now).map_err(from_io)?,
            fingerprints,
            previous,
            copy: 0..0,
            item: Vec::new(),
            block_checks: Vec::new(),
            reused_number: first_checked.map(u64::from)[0],
            blocks: Vec::new(),
            reused: ReuseCounts::default(),
        };
        Ok(Self { structure: StructureCheck::new(limits), splitter: Splitter::new(sizes), queue })
    }

    /// Waits for all blocks and ends the gzip stream.
    pub fn finish(self) -> Result<Finished<W>> {
        let Self { structure, splitter, mut queue } = self;
        splitter.finish(&mut |block| queue.push(block))?;
        while !queue.pending.is_empty() {
            queue.write_first()?;
        }
        queue.flush_copy()?;
        let summary = structure.finish()?;
        let BlockQueue { pool, member, block_checks, blocks, reused, .. } = queue;
        let (sink, segments) = member.finish().map_err(from_io)?.finish();
        Ok(Finished { sink, segments, block_checks, pool, summary, blocks, reused })
    }
}

impl<W: Write + Splice> TreeSink for Pipeline<'_, W> {
    fn header(&mut self, entry: &Entry, bytes: &[u8]) -> io::Result<()> {
        self.structure.header(entry, bytes).map_err(unreadable)?;
        self.splitter.header(entry, bytes, &mut |block| Ok(self.queue.push(block)?))
    }

    fn content(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.structure.content(bytes.len() as u64).map_err(unreadable)?;
        self.splitter.content(bytes, &mut |block| Ok(self.queue.push(block)?))
    }

    fn zeros(&mut self, count: u64) -> io::Result<()> {
        self.structure.zeros(count).map_err(unreadable)?;
        self.splitter.zeros(usize::try_from(count).map_err(io::Error::other)?);
        Ok(())
    }
}

/// Leaving out one entry would not help: the archive as a whole would be invalid.
fn unreadable(error: ArchiveError) -> io::Error {
    let what = format!("the backup would be unreadable, so it was not created: {error}");
    Failure::new(UNREADABLE, what).into()
}

/// Submitted blocks, written in order.
struct BlockQueue<'a, W: Write + Splice> {
    pool: Option<Box<dyn WorkerPool>>,
    codec: Codec,
    pending: VecDeque<PendingBlock>,
    /// Number of pending blocks in workers.
    in_pool: usize,
    /// Bytes of memory that all pending blocks take.
    weight: usize,
    member: GzipMember<DigestWriter<'a, W>>,
    fingerprints: &'a Fingerprints,
    previous: Option<PreviousBlocks<'a>>,
    /// The next bytes of the previous backup, not copied yet.
    copy: Range<u64>,
    /// A reused buffer for work items.
    item: Vec<u8>,
    /// Numbers reused blocks, from a random start.
    reused_number: u64,
    block_checks: Vec<BlockCheck>,
    blocks: Vec<Block>,
    reused: ReuseCounts,
}

struct PendingBlock {
    /// Filled in as far as it is known.
    block: Block,
    bytes: PendingBytes,
    weight: usize,
}

/// The bytes of a pending block in the stream.
enum PendingBytes {
    /// From the previous backup.
    Reused(ReusedBytes),
    /// A worker computes them.
    InPool,
    /// Computed here, in the form of a worker's result.
    Encoded(Vec<u8>),
}

impl<W: Write + Splice> BlockQueue<'_, W> {
    /// Adds a block at the end, and writes the first ones that are ready.
    fn push(&mut self, content: &[u8]) -> Result<()> {
        let length =
            u32::try_from(content.len()).map_err(|_| Failure::invalid("a block of more than 4 GiB"))?;
        let fingerprint = self.fingerprints.of(content);
        let found = self.previous.as_mut().and_then(|previous| previous.find(fingerprint, content));
        let (block, bytes) = match found {
            Some((block, reused)) => (block, PendingBytes::Reused(reused)),
            None => (Block { fingerprint, length, ..Block::default() }, self.encode(content)?),
        };
        let held = match &bytes {
            PendingBytes::Reused(ReusedBytes::Loaded(bytes)) => bytes.len(),
            PendingBytes::Reused(ReusedBytes::InPlace) => 0,
            PendingBytes::InPool | PendingBytes::Encoded(_) => content.len(),
        };
        let weight = held + size_of::<PendingBlock>();
        self.weight += weight;
        self.pending.push_back(PendingBlock { block, bytes, weight });
        let is_ready = |first: &PendingBlock| !matches!(first.bytes, PendingBytes::InPool);
        while self.weight > PENDING_MAX || self.pending.front().is_some_and(is_ready) {
            self.write_first()?;
        }
        Ok(())
    }

    /// Submits a block to the workers, or encodes it here without any.
    fn encode(&mut self, content: &[u8]) -> Result<PendingBytes> {
        let Some(capacity) = self.pool.as_ref().map(|pool| pool.capacity().max(1)) else {
            return Ok(PendingBytes::Encoded(self.codec.encode(content)?));
        };
        while self.in_pool >= capacity {
            self.write_first()?;
        }
        self.item.clear();
        self.item.push(BLOCK_ITEM);
        self.item.extend_from_slice(content);
        if let Some(pool) = &self.pool {
            pool.put(&self.item)?;
        }
        self.in_pool += 1;
        Ok(PendingBytes::InPool)
    }

    /// Writes the first block to the stream, waiting for its worker.
    fn write_first(&mut self) -> Result<()> {
        let Some(PendingBlock { block, bytes, weight }) = self.pending.pop_front() else { return Ok(()) };
        self.weight = self.weight.saturating_sub(weight);
        let result = match (bytes, &self.pool) {
            (PendingBytes::Reused(reused), _) => return self.write_reused(block, &reused),
            (PendingBytes::Encoded(result), _) => result,
            (PendingBytes::InPool, Some(pool)) => {
                self.in_pool = self.in_pool.saturating_sub(1);
                pool.take_whole()?
            }
            (PendingBytes::InPool, None) => return Err(malformed()),
        };
        let Some((encoding, crc32, bytes)) = Encoding::parse_result(&result) else { return Err(malformed()) };
        let deflated = if encoding == Encoding::Stored { 0 } else { bytes.len() };
        let deflated = u32::try_from(deflated).map_err(|_| malformed())?;
        self.write(Block { crc32, deflated, ..block }, bytes)
    }

    /// Writes a block with its bytes from the previous backup.
    fn write_reused(&mut self, block: Block, reused: &ReusedBytes) -> Result<()> {
        self.reused.blocks += 1;
        self.reused.bytes += u64::from(block.length);
        match reused {
            ReusedBytes::Loaded(bytes) => self.write(block, bytes)?,
            ReusedBytes::InPlace => self.copy(block)?,
        }
        self.reused_number += 1;
        // Only a block that is exactly one segment can be checked.
        let is_whole = |segment: Segment| u64::from(segment.count) == block.size();
        if self.reused_number.is_multiple_of(CHECK_EVERY) && self.member.sink().last().is_some_and(is_whole) {
            let segment = self.member.sink().count().saturating_sub(1);
            let Block { length, fingerprint, crc32, .. } = block;
            self.block_checks.push(BlockCheck { segment, length, fingerprint, crc32 });
        }
        Ok(())
    }

    fn write(&mut self, block: Block, bytes: &[u8]) -> Result<()> {
        self.flush_copy()?;
        let offset = self.member.block((block.length, block.crc32), bytes).map_err(from_io)?;
        let deflated_fingerprint = match block.deflated {
            0 => 0,
            _ => self.member.sink().last().map_or(0, |segment| segment.fingerprint),
        };
        self.blocks.push(Block { offset, deflated_fingerprint, ..block });
        Ok(())
    }

    /// Postpones the copy of a block, to copy adjacent blocks together. Its bytes are verified when the backup is read back.
    fn copy(&mut self, block: Block) -> Result<()> {
        let size = u64::from(block.deflated);
        let copy = self.copy.clone();
        if copy.end != block.offset || copy.end - copy.start + size > COPY_MAX.into() {
            self.flush_copy()?;
            self.copy = block.offset..block.offset;
        }
        self.copy.end += size;
        let segment = Segment { count: block.deflated, fingerprint: block.deflated_fingerprint };
        self.member.sink().add_segment(segment);
        let offset = self.member.count_block((block.length, block.crc32), size);
        self.blocks.push(Block { offset, ..block });
        Ok(())
    }

    /// Copies the postponed bytes of the previous backup.
    fn flush_copy(&mut self) -> Result<()> {
        let Range { start, end } = std::mem::replace(&mut self.copy, 0..0);
        let count = u32::try_from(end.saturating_sub(start)).map_err(|_| malformed())?;
        if count == 0 {
            return Ok(());
        }
        let place = self.previous.as_mut().and_then(|previous| previous.place(start, count));
        let place = place.ok_or_else(malformed)?;
        self.member.sink().sink().splice(place).map_err(from_io)
    }
}

fn malformed() -> Failure {
    Failure::invalid("a worker returned a malformed result")
}
