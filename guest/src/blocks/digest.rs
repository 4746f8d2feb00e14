//! What was written, known by fingerprints of its segments, and the search for what reads back otherwise.
//!
//! Owns what a segment is known by: its keyed fingerprint (`blocks/fingerprint.rs`), which finds every accident that a disk or a memory
//! has, and what somebody without the key put there. Workers make them side by side; in order without.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use crate::blocks::check::check;
use crate::blocks::codec::Codec;
use crate::blocks::fingerprint::{Fingerprints, SECRET, fingerprint};
use crate::error::{Failure, Result};
use crate::jobs::progress::Progress;
use crate::ports::{Content, Crew, Place};

/// What a worker for blocks is handed when it is to make digests begins so.
pub const PIECE: u8 = 2;
/// The most bytes of one segment, and of the segments that a worker reads at once.
const SEGMENT: usize = 1024 * 1024;
/// The most segments that a worker is asked for at once.
const GROUP: usize = 4096;
/// Bytes of a count.
const COUNT: usize = 4;

/// Some bytes that were written at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub count: u32,
    pub fingerprint: u128,
}

/// Bytes of all of them.
pub fn bytes_of(segments: &[Segment]) -> u64 {
    segments.iter().map(|segment| u64::from(segment.count)).sum()
}

/// A writer that notes what it writes.
pub struct Digesting<'a, W> {
    sink: W,
    fingerprints: &'a Fingerprints,
    segments: Vec<Segment>,
}

impl<'a, W> Digesting<'a, W> {
    pub fn new(sink: W, fingerprints: &'a Fingerprints) -> Self {
        Self { sink, fingerprints, segments: Vec::new() }
    }

    /// Notes what comes next, in another way than through here: whoever brings it uses [`Digesting::sink`].
    pub fn expect(&mut self, segment: Segment) {
        self.segments.push(segment);
    }

    /// Segments so far.
    pub fn count(&self) -> usize {
        self.segments.len()
    }

    /// What was noted last.
    pub fn last(&self) -> Option<Segment> {
        self.segments.last().copied()
    }

    pub fn sink(&mut self) -> &mut W {
        &mut self.sink
    }

    /// All segments, in order.
    pub fn finish(self) -> (W, Vec<Segment>) {
        (self.sink, self.segments)
    }
}

impl<W: Write> Write for Digesting<'_, W> {
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

/// What one segment is a block of, and must inflate to: it was taken from another backup, and is looked at once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The number of the segment.
    pub segment: usize,
    pub length: u32,
    pub fingerprint: u128,
    /// CRC-32.
    pub check: u32,
}

/// What is looked for.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub segments: &'a [Segment],
    /// In the order of the segments.
    pub proofs: &'a [Proof],
    pub fingerprints: &'a Fingerprints,
}

/// Whether the bytes of `source` are these segments and nothing else.
pub fn is_same(source: &mut impl Read, wanted: Wanted<'_>, progress: &mut Progress<'_>) -> io::Result<bool> {
    let Wanted { segments, proofs, fingerprints } = wanted;
    let (mut buffer, mut codec) = (vec![0; SEGMENT], Codec::default());
    let mut proofs = proofs.iter().peekable();
    for (number, segment) in segments.iter().enumerate() {
        let Some(room) = buffer.get_mut(..size(segment.count)) else { return Ok(false) };
        match source.read_exact(room) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            read => read?,
        }
        if fingerprints.of(room) != segment.fingerprint {
            return Ok(false);
        }
        if let Some(proof) = proofs.next_if(|proof| proof.segment == number) {
            let found = opened(room, proof.length, fingerprints.secret(), &mut codec);
            if found != Some((proof.fingerprint, proof.check)) {
                return Ok(false);
            }
        }
        progress.add(segment.count.into());
    }
    Ok(source.read(&mut buffer)? == 0)
}

/// As [`is_same`], for the bytes of `content` from `offset` on, by workers.
pub fn is_same_beside(
    crew: &dyn Crew,
    content: &dyn Content,
    mut offset: u64,
    wanted: Wanted<'_>,
    progress: &mut Progress<'_>,
) -> Result<bool> {
    let Wanted { mut segments, mut proofs, fingerprints } = wanted;
    let (mut under_way, mut first) = (VecDeque::new(), 0);
    loop {
        if !segments.is_empty() && under_way.len() < crew.capacity() {
            let (group, later) = segments.split_at_checked(at_once(segments)).unwrap_or((segments, &[]));
            let end = first + group.len();
            let here = proofs.partition_point(|proof| proof.segment < end);
            let (of_group, later_proofs) = proofs.split_at_checked(here).unwrap_or((proofs, &[]));
            let place = Place { content, offset, count: group.iter().map(|segment| segment.count).sum() };
            crew.put_with(&question(group, first, of_group, fingerprints.secret()), place)?;
            under_way.push_back((place, group, of_group));
            offset = offset.saturating_add(place.count.into());
            (segments, proofs, first) = (later, later_proofs, end);
            continue;
        }
        let Some((place, group, of_group)) = under_way.pop_front() else { return Ok(true) };
        let mut meant: Vec<_> = group.iter().flat_map(|segment| segment.fingerprint.to_le_bytes()).collect();
        of_group.iter().for_each(|proof| found(&mut meant, proof.fingerprint, proof.check));
        if crew.take_whole()? != meant {
            // That it cannot be read at all comes before that it is another.
            return place.read().map(|_| false).map_err(Failure::from);
        }
        progress.add(place.count.into());
    }
}

/// How many of the first segments one worker looks at.
fn at_once(segments: &[Segment]) -> usize {
    let mut sum = 0;
    let fits = |segment: &&Segment| {
        sum += size(segment.count);
        sum <= SEGMENT
    };
    segments.iter().take(GROUP).take_while(fits).count().max(1)
}

/// What a worker is asked: the secret, how many segments there are and how many bytes each has, of which of them the block is to be
/// opened and how much it holds; what the segments hold comes behind.
fn question(group: &[Segment], first: usize, proofs: &[Proof], secret: &[u8]) -> Vec<u8> {
    let mut question = Vec::with_capacity(1 + secret.len() + (group.len() + 2 * proofs.len() + 2) * COUNT);
    let mut put = |number: u32| question.extend_from_slice(&number.to_le_bytes());
    put(u32::try_from(group.len()).unwrap_or(u32::MAX));
    group.iter().for_each(|segment| put(segment.count));
    put(u32::try_from(proofs.len()).unwrap_or(u32::MAX));
    for proof in proofs {
        put(u32::try_from(proof.segment.saturating_sub(first)).unwrap_or(u32::MAX));
        put(proof.length);
    }
    [&[PIECE], secret, &question].concat()
}

/// The fingerprints of as many segments, then what was found in those that were opened. Less where there are no more bytes.
pub fn answer(question: &[u8], codec: &mut Codec) -> Option<Vec<u8>> {
    let (secret, rest) = question.split_at_checked(SECRET)?;
    let (counts, rest) = numbers(rest, 1)?;
    let (proofs, mut bytes) = numbers(rest, 2)?;
    let mut answer = Vec::with_capacity(counts.len() * 16 + proofs.len() * 10);
    let mut opened_ones = Vec::new();
    let mut proofs = proofs.chunks_exact(2).peekable();
    for (number, count) in (0..).zip(counts) {
        let (segment, later) = bytes.split_at_checked(size(count)).unwrap_or((bytes, &[]));
        answer.extend_from_slice(&fingerprint(segment, secret).to_le_bytes());
        if let Some([_, length]) = proofs.next_if(|proof| proof.first() == Some(&number)) {
            let (of_all, check) = opened(segment, *length, secret, codec).unwrap_or_default();
            found(&mut opened_ones, of_all, check);
        }
        bytes = later;
    }
    answer.append(&mut opened_ones);
    Some(answer)
}

/// So many numbers for each that is counted before them, and what comes behind them.
fn numbers(bytes: &[u8], each: usize) -> Option<(Vec<u32>, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    let all = size(u32::from_le_bytes(*number)).checked_mul(each)?.checked_mul(COUNT)?;
    let (all, rest) = rest.split_at_checked(all)?;
    Some((all.as_chunks().0.iter().map(|number| u32::from_le_bytes(*number)).collect(), rest))
}

/// Fingerprint and CRC-32 of the `length` bytes that a block holds; none when it is no such block. (Were the heads of a stored one not
/// what they should be, its segment would have another fingerprint.)
fn opened(block: &[u8], length: u32, secret: &[u8], codec: &mut Codec) -> Option<(u128, u32)> {
    let plain = codec.opened(block, size(length))?;
    Some((fingerprint(plain, secret), check(plain, &mut Vec::new())))
}

/// How it is said what a block holds.
fn found(to: &mut Vec<u8>, fingerprint: u128, check: u32) {
    to.extend_from_slice(&fingerprint.to_le_bytes());
    to.extend_from_slice(&check.to_le_bytes());
}

fn size(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
