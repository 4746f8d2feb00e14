//! The estimated size of a backup. The real size is known only after writing, so a sample of the home is deflated instead.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::archive::Kind;
use crate::error::Result;
use crate::jobs::create::plan::Plan;
use crate::jobs::space;
use crate::ports::Snapshot;

/// How many samples are taken, evenly spread over all bytes of the home, and the size of each.
const SAMPLES: u64 = 64;
const PIECE: u32 = 64 * 1024;
/// Bytes of headers per entry, before and after deflating.
const HEADERS: u64 = 1536;
const HEADERS_DEFLATED: u64 = 150;
/// The most bytes that stored blocks and the outer tar add to the content.
const OVERHEAD: u64 = 64 * 1024;

/// Estimates the size of the backup in bytes.
pub fn archive_size(plan: &Plan, snapshot: &dyn Snapshot) -> u64 {
    let (mut read, mut deflated) = (0_u64, 0_u64);
    for (path, offset) in positions(plan) {
        let piece = snapshot.open(path).and_then(|content| content.read(offset, PIECE));
        // A file that cannot be read is not stored either.
        let Ok(piece) = piece else { continue };
        read += piece.len() as u64;
        deflated += deflate(&piece);
    }
    let content = match read {
        0 => 0,
        _ => u128::from(plan.totals.bytes) * u128::from(deflated) / u128::from(read),
    };
    let headers = plan.entries.len() as u64 * HEADERS_DEFLATED;
    u64::try_from(content).unwrap_or(u64::MAX).saturating_add(headers).saturating_add(10_240)
}

/// Refuses a backup that will not fit, before anything is written.
pub fn must_fit(plan: &Plan, snapshot: &dyn Snapshot, available: Option<u64>) -> Result<()> {
    let Some(available) = available else { return Ok(()) };
    let bytes = plan.totals.bytes;
    let most =
        bytes.saturating_add(bytes / 1000).saturating_add(plan.entries.len() as u64 * HEADERS + OVERHEAD);
    if available >= most {
        return Ok(());
    }
    let needed = archive_size(plan, snapshot);
    // The estimate may be off. If it is only a little too large, the backup may still fit, and is tried.
    if available >= needed - needed / 5 {
        return Ok(());
    }
    let advice = "leave something out with --exclude, or choose another directory with --backups";
    space::must_fit("a backup", needed, Some(available), advice)
}

/// Evenly spread places in the home's bytes: a file and an offset each.
fn positions(plan: &Plan) -> Vec<(&[u8], u64)> {
    let step = (plan.totals.bytes / SAMPLES).max(u64::from(PIECE));
    let (mut next, mut passed) = (step / 2, 0);
    let mut positions = Vec::new();
    for planned in &plan.entries {
        let Kind::File(size) = planned.entry.kind else { continue };
        while next < passed + size {
            let offset = (next - passed).min(size.saturating_sub(u64::from(PIECE)));
            positions.push((planned.entry.path.as_slice(), offset));
            next += step;
        }
        passed += size;
    }
    positions
}

fn deflate(bytes: &[u8]) -> u64 {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(6));
    // Writing to memory does not fail; if it did, the piece would count as incompressible.
    match encoder.write_all(bytes).and_then(|()| encoder.finish()) {
        Ok(deflated) => deflated.len() as u64,
        Err(_) => bytes.len() as u64,
    }
}
