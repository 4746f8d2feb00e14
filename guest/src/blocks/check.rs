//! CRC-32 of a block, as gzip's trailer wants it.
//!
//! Owns one computation. A sandbox has no carry-less multiplication, and tables want a look-up for each byte; folding wants neither:
//! bytes are the coefficients of a polynomial of which CRC-32 is the rest modulo P, so a byte may be struck out if what it stands
//! for is added further back. x^3006 + x^2866 + x^2215 + 1 is a multiple of P, hence (squared three times) the same with x^8 in place of x:
//! a byte may be added to the bytes 140, 791 and 3006 behind it instead. So it is with x^300 + x^155 + x^117 + x^89 + 1. What cannot
//! be struck out any more is short, and is left to tables. (The way is known as Chorba.)

use zlib_rs::crc32::crc32;

/// How far behind a byte it is added, long and short. A run must be shorter than the first of each.
const FAR: [usize; 3] = [140, 791, 3006];
const NEAR: [usize; 4] = [145, 183, 211, 300];
/// Bytes that are struck out at once.
const RUN: usize = 128;
/// The bytes before the first, which count nothing and which the first ones are added from.
const BEFORE: usize = 3006;
/// Shorter blocks gain nothing.
const WORTH_IT: usize = 2 * BEFORE;

/// CRC-32 of `block`. `scratch` is overwritten.
pub fn check(block: &[u8], scratch: &mut Vec<u8>) -> u32 {
    if block.len() < WORTH_IT {
        return crc32(0, block);
    }
    scratch.clear();
    scratch.resize(BEFORE, 0);
    scratch.extend_from_slice(block);
    // What tables begin with, all ones, is added to the first bytes in advance.
    for byte in scratch.iter_mut().skip(BEFORE).take(4) {
        *byte = !*byte;
    }
    let far = fold(scratch, BEFORE, FAR);
    let near = fold(scratch, far, NEAR);
    crc32(u32::MAX, scratch.get(near..).unwrap_or_default())
}

/// Strikes out bytes from `start` on; where those begin that are left.
fn fold<const N: usize>(bytes: &mut [u8], start: usize, distances: [usize; N]) -> usize {
    let span = distances.into_iter().max().unwrap_or_default();
    let end = bytes.len().saturating_sub(span);
    let mut at = start;
    // Those before count no more.
    bytes.get_mut(start.saturating_sub(span)..start).unwrap_or_default().fill(0);
    while at + RUN <= end {
        let (before, rest) = bytes.split_at_mut(at);
        let Some(run) = rest.first_chunk_mut::<RUN>() else { break };
        let mut sum = *run;
        for distance in distances {
            let source = before.get(at - distance..).and_then(|bytes| bytes.first_chunk::<RUN>());
            add(&mut sum, source.map_or(&[], |run| run.as_slice()));
        }
        *run = sum;
        at += RUN;
    }
    for distance in distances {
        let (before, rest) = bytes.split_at_mut(at);
        add(rest, before.get(at - distance..).unwrap_or_default());
    }
    at
}

fn add(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to ^= from;
    }
}
