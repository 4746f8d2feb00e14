//! Digests of the written bytes, and the check that they read back unchanged.
//!
//! Owns the division into segments and their comparison. A segment is identified by its keyed fingerprint, which detects accidental
//! changes on a disk or in memory, and changes by anyone without the key. Workers compute fingerprints in parallel; without workers
//! the job computes them in sequence.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use super::codec::Codec;
use super::crc32::crc32;
use super::fingerprint::{Fingerprints, SECRET, fingerprint};
use super::protocol::DIGEST_ITEM;
use crate::error::{Failure, Result};
use crate::ports::{Content, Place, WorkerPool};
use crate::progress::Progress;

/// The most bytes of one segment, and of the segments in one work item.
const SEGMENT: usize = 1024 * 1024;
/// The most segments in one work item.
const GROUP: usize = 4096;
/// Bytes of a serialized count.
const COUNT: usize = 4;

/// Bytes that were written at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub count: u32,
    pub fingerprint: u128,
}

/// Total bytes of some segments.
pub fn bytes_of(segments: &[Segment]) -> u64 {
    segments.iter().map(|segment| u64::from(segment.count)).sum()
}

/// A writer that records the segments it writes.
pub struct DigestWriter<'a, W> {
    sink: W,
    fingerprints: &'a Fingerprints,
    segments: Vec<Segment>,
}

impl<'a, W> DigestWriter<'a, W> {
    pub fn new(sink: W, fingerprints: &'a Fingerprints) -> Self {
        Self { sink, fingerprints, segments: Vec::new() }
    }

    /// Records a segment that the caller writes to [`DigestWriter::sink`] directly.
    pub fn add_segment(&mut self, segment: Segment) {
        self.segments.push(segment);
    }

    /// Number of segments so far.
    pub fn count(&self) -> usize {
        self.segments.len()
    }

    /// The last segment.
    pub fn last(&self) -> Option<Segment> {
        self.segments.last().copied()
    }

    pub fn sink(&mut self) -> &mut W {
        &mut self.sink
    }

    /// The sink, and all segments in order.
    pub fn finish(self) -> (W, Vec<Segment>) {
        (self.sink, self.segments)
    }
}

impl<W: Write> Write for DigestWriter<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = bytes.get(..SEGMENT).unwrap_or(bytes);
        self.sink.write_all(bytes)?;
        let count = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.segments.push(Segment { count, fingerprint: self.fingerprints.of(bytes) });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// A segment that is one block reused from another backup, with the content that it must inflate to. Checked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockCheck {
    /// Number of the segment, from 0.
    pub segment: usize,
    pub length: u32,
    pub fingerprint: u128,
    /// CRC-32 of the content.
    pub crc32: u32,
}

/// The bytes that must be read back.
#[derive(Clone, Copy)]
pub struct ExpectedBytes<'a> {
    pub segments: &'a [Segment],
    /// In the order of the segments.
    pub block_checks: &'a [BlockCheck],
    pub fingerprints: &'a Fingerprints,
}

/// Whether `source` consists of exactly the expected bytes.
pub fn matches(
    source: &mut impl Read,
    expected: ExpectedBytes<'_>,
    progress: &mut Progress<'_>,
) -> io::Result<bool> {
    let ExpectedBytes { segments, block_checks, fingerprints } = expected;
    let (mut buffer, mut codec) = (vec![0; SEGMENT], Codec::default());
    let mut block_checks = block_checks.iter().peekable();
    for (number, segment) in segments.iter().enumerate() {
        let Some(room) = buffer.get_mut(..size(segment.count)) else { return Ok(false) };
        match source.read_exact(room) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            read => read?,
        }
        if fingerprints.of(room) != segment.fingerprint {
            return Ok(false);
        }
        if let Some(block) = block_checks.next_if(|block| block.segment == number) {
            let found = content_digest(room, block.length, fingerprints.secret(), &mut codec);
            if found != Some((block.fingerprint, block.crc32)) {
                return Ok(false);
            }
        }
        progress.add(segment.count.into());
    }
    Ok(source.read(&mut buffer)? == 0)
}

/// As [`matches`], for the bytes of `content` from `offset` on, computed by workers.
pub fn matches_in_pool(
    pool: &dyn WorkerPool,
    content: &dyn Content,
    mut offset: u64,
    expected: ExpectedBytes<'_>,
    progress: &mut Progress<'_>,
) -> Result<bool> {
    let ExpectedBytes { mut segments, mut block_checks, fingerprints } = expected;
    let (mut pending, mut first) = (VecDeque::new(), 0);
    loop {
        if !segments.is_empty() && pending.len() < pool.capacity() {
            let (group, later) = segments.split_at_checked(group_size(segments)).unwrap_or((segments, &[]));
            let end = first + group.len();
            let here = block_checks.partition_point(|block| block.segment < end);
            let (of_group, later_checks) = block_checks.split_at_checked(here).unwrap_or((block_checks, &[]));
            let place = Place { content, offset, count: group.iter().map(|segment| segment.count).sum() };
            pool.put_with(&request(group, first, of_group, fingerprints.secret()), place)?;
            pending.push_back((place, group, of_group));
            offset = offset.saturating_add(place.count.into());
            (segments, block_checks, first) = (later, later_checks, end);
            continue;
        }
        let Some((place, group, of_group)) = pending.pop_front() else { return Ok(true) };
        let mut wanted: Vec<_> = group.iter().flat_map(|segment| segment.fingerprint.to_le_bytes()).collect();
        of_group.iter().for_each(|block| push_digest(&mut wanted, block.fingerprint, block.crc32));
        if pool.take_whole()? != wanted {
            // A read error takes precedence over different bytes.
            return place.read().map(|_| false).map_err(Failure::from);
        }
        progress.add(place.count.into());
    }
}

/// The number of first segments that make up one work item.
fn group_size(segments: &[Segment]) -> usize {
    let mut sum = 0;
    let fits = |segment: &&Segment| {
        sum += size(segment.count);
        sum <= SEGMENT
    };
    segments.iter().take(GROUP).take_while(fits).count().max(1)
}

/// Serializes a request to a worker: the secret; the number of segments and the size of each; the number of block checks, and for
/// each its segment within the group and the length of its content. The bytes of the segments follow.
fn request(group: &[Segment], first: usize, block_checks: &[BlockCheck], secret: &[u8]) -> Vec<u8> {
    let mut counts =
        Vec::with_capacity(1 + secret.len() + (group.len() + 2 * block_checks.len() + 2) * COUNT);
    let mut put = |number: u32| counts.extend_from_slice(&number.to_le_bytes());
    put(u32::try_from(group.len()).unwrap_or(u32::MAX));
    group.iter().for_each(|segment| put(segment.count));
    put(u32::try_from(block_checks.len()).unwrap_or(u32::MAX));
    for block in block_checks {
        put(u32::try_from(block.segment.saturating_sub(first)).unwrap_or(u32::MAX));
        put(block.length);
    }
    [&[DIGEST_ITEM], secret, &counts].concat()
}

/// Answers a request: the fingerprints of the segments, then the digests of the checked blocks. Missing bytes yield the digests of
/// shorter segments.
pub fn respond(request: &[u8], codec: &mut Codec) -> Option<Vec<u8>> {
    let (secret, rest) = request.split_at_checked(SECRET)?;
    let (counts, rest) = numbers(rest, 1)?;
    let (block_checks, mut bytes) = numbers(rest, 2)?;
    let mut response = Vec::with_capacity(counts.len() * 16 + block_checks.len() * 10);
    let mut content_digests = Vec::new();
    let mut block_checks = block_checks.chunks_exact(2).peekable();
    for (number, count) in (0..).zip(counts) {
        let (segment, later) = bytes.split_at_checked(size(count)).unwrap_or((bytes, &[]));
        response.extend_from_slice(&fingerprint(segment, secret).to_le_bytes());
        if let Some([_, length]) = block_checks.next_if(|block| block.first() == Some(&number)) {
            let (fingerprint, crc32) = content_digest(segment, *length, secret, codec).unwrap_or_default();
            push_digest(&mut content_digests, fingerprint, crc32);
        }
        bytes = later;
    }
    response.append(&mut content_digests);
    Some(response)
}

/// Parses a count and `each` numbers per counted item. Returns them and the remaining bytes.
fn numbers(bytes: &[u8], each: usize) -> Option<(Vec<u32>, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    let all = size(u32::from_le_bytes(*number)).checked_mul(each)?.checked_mul(COUNT)?;
    let (all, rest) = rest.split_at_checked(all)?;
    Some((all.as_chunks().0.iter().map(|number| u32::from_le_bytes(*number)).collect(), rest))
}

/// Fingerprint and CRC-32 of the content of a block; `None` when it is not a block with a content of `length` bytes. (The headers of a
/// stored block are not checked here: if they were wrong, the fingerprint of its segment would differ.)
fn content_digest(block: &[u8], length: u32, secret: &[u8], codec: &mut Codec) -> Option<(u128, u32)> {
    let content = codec.decode(block, size(length))?;
    Some((fingerprint(content, secret), crc32(content, &mut Vec::new())))
}

/// Serializes the digest of a block's content.
fn push_digest(to: &mut Vec<u8>, fingerprint: u128, crc32: u32) {
    to.extend_from_slice(&fingerprint.to_le_bytes());
    to.extend_from_slice(&crc32.to_le_bytes());
}

fn size(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
