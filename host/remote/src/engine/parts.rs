//! Sends an upload in parts, several side by side. Parts that the server has already are compared and not sent again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::body::{SourceReader, md5_of};
use super::ledger::KnownPart;
use super::store::Job;
use crate::error::{Error, Kind, Result};
use crate::limits::PARTS_AT_ONCE;
use crate::protocol::{Body, Part};

/// Sends what is missing. Returns all parts in order.
pub(super) fn send_all(job: &mut Job<'_>, part_size: u64) -> Result<Vec<Part>> {
    let mut done = already_there(job, part_size)?;
    let count = u32::try_from(job.entry.size.div_ceil(part_size))
        .map_err(|_| Error::new(Kind::Invalid, "the upload has too many parts"))?;
    let there: u64 = done.values().map(|part| part.size).sum();
    job.transfer.moved.store(there, Ordering::Relaxed);
    job.transfer.patience.reached(there);
    (job.progress)(there);
    let missing: Vec<u32> = (1..=count).filter(|number| !done.contains_key(number)).collect();
    let (next, has_failed) = (AtomicU32::new(0), AtomicBool::new(false));
    let results = Mutex::new(Vec::new());
    let at_once = job.remote.protocol().parallel().clamp(1, PARTS_AT_ONCE).min(missing.len());
    let work = || {
        while !has_failed.load(Ordering::Relaxed) {
            let at = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX);
            let Some(number) = missing.get(at) else { break };
            let sent = send_one(job, *number, part_size);
            has_failed.fetch_or(sent.is_err(), Ordering::Relaxed);
            results.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
        }
    };
    thread::scope(|scope| {
        for _ in 1..at_once {
            // If the system has no thread to spare, this one does the work.
            let _ = thread::Builder::new().name("upload".into()).spawn_scoped(scope, work);
        }
        work();
    });
    for sent in results.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let part = sent?;
        done.insert(part.number, part);
    }
    Ok(done.into_values().collect())
}

/// The parts that the server has and that are right: with the size and digest that were sent, of bytes that the source still has.
fn already_there(job: &mut Job<'_>, part_size: u64) -> Result<BTreeMap<u32, Part>> {
    let mut there = BTreeMap::new();
    if job.entry.parts.is_empty() {
        return Ok(there);
    }
    let handle = job.entry.handle.clone().unwrap_or_default();
    let found = job.remote.protocol().parts(&job.entry.upload(), &handle, &job.transfer.stop)?;
    job.transfer.patience.answered();
    for part in found {
        let Some(known) = job.entry.parts.iter().find(|known| known.number == part.number) else { continue };
        let offset = u64::from(part.number.saturating_sub(1)).saturating_mul(part_size);
        let size = part_size.min(job.entry.size.saturating_sub(offset));
        if part.size != size || known.size != size || (!part.tag.is_empty() && part.tag != known.tag) {
            continue;
        }
        let md5 = md5_of(job.transfer.source.as_ref(), offset, size, &job.transfer.stop)?;
        if known.md5 == hex(&md5) {
            there.insert(part.number, Part { is_proven: known.is_proven || part.is_proven, ..known.part() });
        }
    }
    Ok(there)
}

/// Sends one part, again and again while that may help.
fn send_one(job: &Job<'_>, number: u32, part_size: u64) -> Result<Part> {
    let transfer = &job.transfer;
    let offset = u64::from(number.saturating_sub(1)).saturating_mul(part_size);
    let size = part_size.min(job.entry.size.saturating_sub(offset));
    let md5 = md5_of(transfer.source.as_ref(), offset, size, &transfer.stop)?;
    let wanted = job.remote.protocol().wants_md5().then_some(md5);
    let handle = job.entry.handle.clone().unwrap_or_default();
    loop {
        let sent = Arc::new(AtomicU64::new(0));
        let reader = SourceReader::new(transfer.clone(), offset, size, Some(md5), sent.clone());
        let body = Body { size, md5: wanted, reader: Box::new(reader) };
        match job.remote.protocol().send(&job.entry.upload(), &handle, number, body, &transfer.stop) {
            Ok(part) => {
                transfer.patience.answered();
                let Part { number, size, tag, is_proven } = part.clone();
                let known = KnownPart { number, size, tag, is_proven, md5: hex(&md5) };
                job.remote.ledger().add_part(&job.entry.token, known)?;
                (job.progress)(transfer.moved.load(Ordering::Relaxed).min(job.entry.size));
                return Ok(part);
            }
            Err(error) => {
                transfer.take_back(sent.load(Ordering::Relaxed));
                transfer.patience.after(transfer.cause(error), &transfer.stop)?;
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
