//! Proves a published object: its size, the server's digests, a sample, or all of it read back.

use std::io::Read;
use std::ops::Range;

use super::body::read_some;
use super::ledger::Entry;
use super::random;
use super::remote::Remote;
use super::retry::{Patience, retry};
use super::types::{Proof, Stored, Verify};
use crate::error::{Error, Kind, Result};
use crate::limits::{PIECE, SAMPLE_BYTES, SAMPLE_EDGE, SAMPLES};
use crate::ports::Source;
use crate::stop::Stop;

/// Proves it as far as the location asks. An object that is not right is an error of the kind `Changed`.
pub(super) fn prove(remote: &Remote, entry: &Entry, source: &dyn Source, stop: &Stop) -> Result<Stored> {
    let name = &entry.name;
    let there = retry(&Patience::small(remote.times()), stop, || remote.protocol().stat(name, stop))?;
    let size = there.map(|there| there.size);
    if size != Some(entry.size) {
        let has = size.map_or("is not there".to_owned(), |size| format!("has {size} bytes"));
        let text = format!(
            "{}/{name} {has} after it was stored, instead of {} bytes; it was removed: try again",
            remote.address(),
            entry.size
        );
        return Err(Error::new(Kind::Changed, text));
    }
    let is_digested = !entry.parts.is_empty() && entry.parts.iter().all(|part| part.is_proven);
    let proof = match remote.options().verify {
        Verify::Digest if is_digested => Proof::Digest,
        Verify::Digest | Verify::Sample => {
            let ranges = sample(entry.size);
            let is_all = ranges.len() < 2;
            for range in ranges {
                compare(remote, name, range, source, stop)?;
            }
            if is_all { Proof::Full } else { Proof::Sample }
        }
        Verify::Full => {
            compare(remote, name, 0..entry.size, source, stop)?;
            Proof::Full
        }
    };
    Ok(Stored { proof, notes: Vec::new() })
}

/// The ranges of a sample, in order: the edges, and random pieces in between.
fn sample(size: u64) -> Vec<Range<u64>> {
    let edges = SAMPLE_EDGE.saturating_mul(2);
    if size <= edges.saturating_add(SAMPLES * SAMPLE_BYTES) {
        return std::iter::once(0..size).filter(|range| !range.is_empty()).collect();
    }
    let mut ranges = vec![0..SAMPLE_EDGE];
    let step = size.saturating_sub(edges) / SAMPLES;
    for number in 0..SAMPLES {
        let start = SAMPLE_EDGE.saturating_add(number.saturating_mul(step));
        let start = start.saturating_add(random::below(step.saturating_sub(SAMPLE_BYTES)));
        ranges.push(start..start.saturating_add(SAMPLE_BYTES));
    }
    ranges.push(size.saturating_sub(SAMPLE_EDGE)..size);
    ranges
}

/// Reads a range back and compares it with the source. A line that breaks is taken up where it broke.
fn compare(remote: &Remote, name: &str, range: Range<u64>, source: &dyn Source, stop: &Stop) -> Result<()> {
    let patience = Patience::new(remote.times());
    let (mut at, end) = (range.start, range.end);
    while at < end {
        match compare_once(remote, name, at..end, source, stop) {
            (_, Ok(())) => return Ok(()),
            (reached, Err(error)) => {
                at = at.saturating_add(reached);
                patience.reached(at);
                patience.after(error, stop)?;
            }
        }
    }
    Ok(())
}

/// Compares until something fails. Returns how many bytes were compared.
fn compare_once(
    remote: &Remote,
    name: &str,
    range: Range<u64>,
    source: &dyn Source,
    stop: &Stop,
) -> (u64, Result<()>) {
    let (mut at, end) = (range.start, range.end);
    let compared = |at: u64| at.saturating_sub(range.start);
    let mut stream = match remote.protocol().read(name, range.clone(), stop) {
        Ok(stream) => stream,
        Err(error) => return (0, Err(error)),
    };
    let (mut theirs, mut ours) = (vec![0; PIECE], vec![0; PIECE]);
    while at < end {
        let left = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX).min(PIECE);
        let space = theirs.get_mut(..left).unwrap_or_default();
        if let Err(error) = remote.rate().wait(left, stop) {
            return (compared(at), Err(error));
        }
        if let Err(error) = stream.read_exact(space) {
            let text = format!("reading {}/{name} back: {error}", remote.address());
            return (compared(at), Err(Error::new(Kind::Interrupted, text)));
        }
        let mut offset = at;
        let mut rest: &[u8] = space;
        while !rest.is_empty() {
            let until = offset.saturating_add(rest.len() as u64);
            let bytes = match read_some(source, offset, until, &mut ours) {
                Ok(bytes) => bytes,
                Err(error) => return (compared(at), Err(error)),
            };
            if rest.get(..bytes.len()) != Some(bytes) {
                let text = format!(
                    "{}/{name} does not read back as it was sent, near byte {offset}; it was removed: try again, and check the \
                     server's disk",
                    remote.address()
                );
                return (compared(at), Err(Error::new(Kind::Changed, text)));
            }
            rest = rest.get(bytes.len()..).unwrap_or_default();
            offset = offset.saturating_add(bytes.len() as u64);
        }
        at = at.saturating_add(left as u64);
    }
    (compared(at), Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_begins_and_ends_with_the_object_and_stays_within_it() {
        for size in [1, 1000, 3 << 20, 100 << 20, 5 << 30] {
            let ranges = sample(size);
            assert_eq!((ranges[0].start, ranges[ranges.len() - 1].end), (0, size));
            assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start), "{ranges:?}");
            assert!(ranges.iter().all(|range| !range.is_empty() && range.end <= size));
        }
        assert!(sample(0).is_empty());
    }
}
