//! What was written, known by digests of its segments, and the search for what reads back otherwise.
//!
//! Owns the digests: XXH3, which finds every accident that a disk or a memory has, and hides nothing from who would forge one;
//! who can write to a location can change a backup at any time. Workers make them side by side; in order without.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use crate::error::{Failure, Result};
use crate::ports::{Content, Crew, Place};
use crate::progress::Progress;

/// What a worker for blocks is handed when it is to make digests begins so.
pub const PIECE: u8 = 2;
/// The most bytes of one segment, and of the segments that a worker reads at once.
const SEGMENT: usize = 1024 * 1024;
/// The most segments that a worker is asked for at once.
const GROUP: usize = 4096;
/// Bytes of a count.
const COUNT: usize = 4;

/// What bytes are known by.
pub fn digest(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}

/// Some bytes that were written at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub count: u32,
    pub digest: u64,
}

/// Bytes of all of them.
pub fn bytes_of(segments: &[Segment]) -> u64 {
    segments.iter().map(|segment| u64::from(segment.count)).sum()
}

/// A writer that notes what it writes.
pub struct Digesting<W> {
    sink: W,
    segments: Vec<Segment>,
}

impl<W> Digesting<W> {
    pub fn new(sink: W) -> Self {
        Self { sink, segments: Vec::new() }
    }

    /// All segments, in order.
    pub fn finish(self) -> (W, Vec<Segment>) {
        (self.sink, self.segments)
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = bytes.get(..SEGMENT).unwrap_or(bytes);
        self.sink.write_all(bytes)?;
        let count = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.segments.push(Segment { count, digest: digest(bytes) });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Whether the bytes of `source` are these segments and nothing else.
pub fn is_same(
    source: &mut impl Read,
    segments: &[Segment],
    progress: &mut Progress<'_>,
) -> io::Result<bool> {
    let mut buffer = vec![0; SEGMENT];
    for segment in segments {
        let Some(room) = buffer.get_mut(..size(segment.count)) else { return Ok(false) };
        match source.read_exact(room) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            read => read?,
        }
        if digest(room) != segment.digest {
            return Ok(false);
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
    mut segments: &[Segment],
    progress: &mut Progress<'_>,
) -> Result<bool> {
    let mut under_way = VecDeque::new();
    loop {
        if !segments.is_empty() && under_way.len() < crew.capacity() {
            let (group, later) = segments.split_at_checked(at_once(segments)).unwrap_or((segments, &[]));
            let place = Place { content, offset, count: group.iter().map(|segment| segment.count).sum() };
            crew.put_with(&question(group), place)?;
            under_way.push_back((place, group));
            offset = offset.saturating_add(place.count.into());
            segments = later;
            continue;
        }
        let Some((place, group)) = under_way.pop_front() else { return Ok(true) };
        let meant: Vec<_> = group.iter().flat_map(|segment| segment.digest.to_le_bytes()).collect();
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

/// What a worker is asked: how many segments there are, and the bytes of each; what they hold comes behind.
fn question(group: &[Segment]) -> Vec<u8> {
    let mut question = Vec::with_capacity((group.len() + 2) * COUNT);
    question.push(PIECE);
    question.extend_from_slice(&u32::try_from(group.len()).unwrap_or(u32::MAX).to_le_bytes());
    group.iter().for_each(|segment| question.extend_from_slice(&segment.count.to_le_bytes()));
    question
}

/// The digests of as many segments; those of fewer bytes where there are no more.
pub fn answer(piece: &[u8]) -> Option<Vec<u8>> {
    let (number, rest) = piece.strip_prefix(&[PIECE])?.split_first_chunk()?;
    let counts = size(u32::from_le_bytes(*number)).checked_mul(COUNT)?;
    let (counts, mut bytes) = rest.split_at_checked(counts)?;
    let mut answer = Vec::with_capacity(counts.len() * 2);
    for count in counts.as_chunks().0 {
        let (segment, later) =
            bytes.split_at_checked(size(u32::from_le_bytes(*count))).unwrap_or((bytes, &[]));
        answer.extend_from_slice(&digest(segment).to_le_bytes());
        bytes = later;
    }
    Some(answer)
}

fn size(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
