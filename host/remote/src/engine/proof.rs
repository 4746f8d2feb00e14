//! Proves that an object at the server is the source, by digests or by reading it back.

use std::ops::Range;
use std::sync::Arc;

use super::body;
use super::context::Context;
use super::fetch::Fetch;
use super::random;
use super::types::{Proof, Verify};
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::ports::Source;
use crate::protocol::Object;
use crate::stop::Stop;

/// What a proof showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proved {
    /// It is the source's. With a sentence for the log where less was done than wanted.
    Right(Proof, Option<String>),
    /// It has other bytes in this range.
    Wrong(Range<u64>),
}

/// Proves an object whose size is right. `are_proven`: the server has compared a digest of each part.
pub fn prove(
    context: &Arc<Context>,
    source: &Arc<dyn Source>,
    object: &Object,
    verify: Verify,
    are_proven: bool,
    stop: &Stop,
) -> Result<Proved> {
    let size = object.size;
    if size == 0 {
        return Ok(Proved::Right(Proof::Full, None));
    }
    let (proof, ranges) = match verify {
        Verify::Digest if are_proven => return Ok(Proved::Right(Proof::Digest, None)),
        Verify::Digest | Verify::Sample if size > limits::SAMPLE_ALL => (Proof::Sample, sample(size)),
        _ => (Proof::Full, std::iter::once(0..size).collect()),
    };
    for range in ranges {
        match compare(context, source, object, range, stop) {
            Ok(None) => {}
            Ok(Some(range)) => return Ok(Proved::Wrong(range)),
            // Some locations may only be written to.
            Err(error) if matches!(error.kind, Kind::Denied | Kind::Unsupported) => {
                let note =
                    format!("{} cannot be read back, so only its size is proven: {error}", object.name);
                return Ok(Proved::Right(Proof::Size, Some(note)));
            }
            Err(error) => return Err(error.about(format!("cannot read {} back", object.name))),
        }
    }
    Ok(Proved::Right(proof, None))
}

/// The beginning, the end, and some ranges in between.
fn sample(size: u64) -> Vec<Range<u64>> {
    let piece = limits::PIECE as u64;
    let end = size.saturating_sub(limits::SAMPLE_ENDS);
    let between = end.saturating_sub(limits::SAMPLE_ENDS.saturating_add(piece));
    let mut ranges: Vec<_> = (0..limits::SAMPLE_RANGES)
        .map(|_| limits::SAMPLE_ENDS.saturating_add(random::below(between)))
        .map(|start| start..start.saturating_add(piece))
        .collect();
    ranges.push(0..limits::SAMPLE_ENDS);
    ranges.push(end..size);
    ranges.sort_by_key(|range| range.start);
    ranges
}

/// The piece that differs, if one does.
fn compare(
    context: &Arc<Context>,
    source: &Arc<dyn Source>,
    object: &Object,
    range: Range<u64>,
    stop: &Stop,
) -> Result<Option<Range<u64>>> {
    let mut fetch = Fetch::new(context, object.clone(), range.clone(), stop.clone());
    let mut there = vec![0; limits::PIECE];
    let mut here = vec![0; limits::PIECE];
    let mut at = range.start;
    while at < range.end {
        let count = fetch.read(&mut there)?;
        if count == 0 {
            return Err(Error::new(Kind::Interrupted, format!("{} ended at byte {at}", object.name)));
        }
        let there = there.get(..count).unwrap_or_default();
        let end = at.saturating_add(count as u64);
        let mut done = 0;
        while done < count {
            let from = at.saturating_add(done as u64);
            let here = body::read(&**source, from..end, &mut here)?;
            if there.get(done..done + here.len()) != Some(here) {
                return Ok(Some(at..end));
            }
            done += here.len();
        }
        at = end;
    }
    Ok(None)
}
