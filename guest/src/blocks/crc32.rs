//! CRC-32 of a block, as used by gzip's trailer.
//!
//! Owns one computation, by the Chorba method. WebAssembly has no carry-less multiplication, and a table needs a lookup per byte;
//! folding needs neither. The bytes are coefficients of a polynomial, and CRC-32 is its remainder modulo P. A byte may therefore be
//! cleared if a multiple of P with that leading term is added. x^3006 + x^2866 + x^2215 + 1 is a multiple of P, and so, squared three
//! times, is the same polynomial with x^8 in place of x: a byte may be added to the bytes 140, 791 and 3006 places later instead. The
//! same holds for x^300 + x^155 + x^117 + x^89 + 1. The short remainder goes through a table.

use zlib_rs::crc32::crc32 as table_crc32;

/// Distances at which a byte is added, long and short. A run must be shorter than the first of each.
const FAR: [usize; 3] = [140, 791, 3006];
const NEAR: [usize; 4] = [145, 183, 211, 300];
/// Bytes cleared at once.
const RUN: usize = 128;
/// Zero bytes before the first byte, so that the first bytes need no special case.
const BEFORE: usize = 3006;
/// Shorter blocks gain nothing from folding.
const FOLDING_MIN: usize = 2 * BEFORE;

/// CRC-32 of `block`. Overwrites `scratch`.
pub fn crc32(block: &[u8], scratch: &mut Vec<u8>) -> u32 {
    if block.len() < FOLDING_MIN {
        return table_crc32(0, block);
    }
    scratch.clear();
    scratch.resize(BEFORE, 0);
    scratch.extend_from_slice(block);
    // The initial value of CRC-32, all ones, is applied to the first bytes in advance.
    for byte in scratch.iter_mut().skip(BEFORE).take(4) {
        *byte = !*byte;
    }
    let far = fold(scratch, BEFORE, FAR);
    let near = fold(scratch, far, NEAR);
    table_crc32(u32::MAX, scratch.get(near..).unwrap_or_default())
}

/// Clears bytes from `start` on. Returns the offset of the first remaining byte.
fn fold<const N: usize>(bytes: &mut [u8], start: usize, distances: [usize; N]) -> usize {
    let span = distances.into_iter().max().unwrap_or_default();
    let end = bytes.len().saturating_sub(span);
    let mut at = start;
    // Earlier bytes no longer contribute.
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
