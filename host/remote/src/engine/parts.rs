//! Sends the missing parts of an upload side by side, and records each in the ledger. An upload in one piece is one part.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::body::{self, Digests, Progress, SourceReader};
use super::context::Context;
use super::ledger::{Entry, Ledger, SentPart};
use super::retry::Patience;
use crate::error::{Error, Kind, Result};
use crate::hex::hex;
use crate::limits;
use crate::ports::Source;
use crate::protocol::{Body, Part};
use crate::stop::Stop;

/// An upload that has started.
pub struct Sending<'a> {
    pub context: &'a Arc<Context>,
    pub ledger: &'a Ledger,
    pub source: &'a Arc<dyn Source>,
    pub entry: &'a Entry,
    pub progress: &'a Arc<Progress>,
    pub patience: &'a Patience,
}

/// The bytes of each part, by number.
pub fn ranges(size: u64, part_size: Option<u64>) -> Result<Vec<(u32, Range<u64>)>> {
    let part_size = part_size.unwrap_or(size.max(1));
    let count = if part_size == 0 { u64::MAX } else { size.div_ceil(part_size).max(1) };
    if count > limits::PARTS {
        let message = format!("{size} bytes in parts of {part_size} are more than {} parts", limits::PARTS);
        return Err(Error::new(Kind::Invalid, message));
    }
    let range = |index: u64| {
        let start = index.saturating_mul(part_size);
        (u32::try_from(index + 1).unwrap_or(u32::MAX), start..start.saturating_add(part_size).min(size))
    };
    Ok((0..count).map(range).collect())
}

/// Of the parts that the server says it has: those that are the source's.
pub fn confirmed(sending: &Sending<'_>, there: &[Part], stop: &Stop) -> Result<BTreeMap<u32, SentPart>> {
    let mut confirmed = BTreeMap::new();
    let with_md5 = sending.context.protocol.wants_md5();
    for (number, range) in ranges(sending.entry.size, sending.entry.part_size)? {
        let size = range.end.saturating_sub(range.start);
        let Some(part) = there.iter().find(|part| part.number == number && part.size == size) else {
            continue;
        };
        let recorded = sending.entry.parts.iter().find(|recorded| recorded.number == number);
        let is_recorded = recorded.is_some_and(|recorded| recorded.size == size && recorded.tag == part.tag);
        if !is_recorded && part.tag.is_empty() {
            continue;
        }
        let digests = body::digest(&**sending.source, range, with_md5, stop)?;
        let digest = digests.text();
        // A part may have arrived just before a cut, before it was recorded.
        let is_digest =
            digests.md5.is_some_and(|md5| part.tag.trim_matches('"').eq_ignore_ascii_case(&hex(&md5)));
        match recorded.filter(|_| is_recorded) {
            Some(recorded) if recorded.digest == digest => {
                confirmed.insert(number, recorded.clone());
            }
            Some(_) => {
                return Err(body::changed(
                    &**sending.source,
                    "it has other bytes than the parts at the server",
                ));
            }
            None if is_digest => {
                let tag = part.tag.clone();
                confirmed.insert(number, SentPart { number, size, tag, is_proven: true, digest });
            }
            None => {}
        }
    }
    Ok(confirmed)
}

/// Sends all parts that are not there yet. Returns all, by number.
pub fn send(
    sending: &Sending<'_>,
    there: BTreeMap<u32, SentPart>,
    report: &(dyn Fn(u64) + Sync),
    stop: &Stop,
) -> Result<Vec<SentPart>> {
    let missing = ranges(sending.entry.size, sending.entry.part_size)?;
    let total = missing.len();
    let missing: VecDeque<_> =
        missing.into_iter().filter(|(number, _)| !there.contains_key(number)).collect();
    sending.progress.add(there.values().map(|part| part.size).sum());
    // With a rate limit, parts side by side would all end late: an interruption would repeat them all.
    let most = if sending.context.options.bandwidth.is_some() { 1 } else { limits::PARTS_PARALLEL };
    let threads = sending.context.protocol.parallel().clamp(1, most).min(missing.len());
    let shared = Shared {
        queue: Mutex::new(missing),
        sent: Mutex::new(there),
        error: Mutex::new(None),
        // The first error ends the other parts.
        stop: stop.child(),
    };
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..threads {
            let (shared, sender) = (&shared, sender.clone());
            let work = move || work(sending, shared, &sender);
            let started = thread::Builder::new().name("upload".to_owned()).spawn_scoped(scope, work);
            if let Err(error) = started {
                shared.fail(Error::new(Kind::Interrupted, format!("cannot start a thread: {error}")));
            }
        }
        drop(sender);
        loop {
            report(sending.progress.current());
            match receiver.recv_timeout(limits::STEP) {
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    report(sending.progress.current());
    stop.check()?;
    if let Some(error) = lock(&shared.error).take() {
        return Err(error);
    }
    let sent: Vec<SentPart> = std::mem::take(&mut *lock(&shared.sent)).into_values().collect();
    match sent.len() == total {
        true => Ok(sent),
        false => Err(Error::new(Kind::Interrupted, format!("{} of {total} parts were sent", sent.len()))),
    }
}

struct Shared {
    queue: Mutex<VecDeque<(u32, Range<u64>)>>,
    sent: Mutex<BTreeMap<u32, SentPart>>,
    error: Mutex<Option<Error>>,
    stop: Stop,
}

impl Shared {
    fn fail(&self, error: Error) {
        lock(&self.error).get_or_insert(error);
        self.stop.stop();
    }
}

fn work(sending: &Sending<'_>, shared: &Shared, done: &Sender<()>) {
    loop {
        let next = lock(&shared.queue).pop_front();
        let Some((number, range)) = next.filter(|_| !shared.stop.is_stopped()) else { return };
        match part(sending, number, range, &shared.stop) {
            Ok(part) => {
                // If this cannot be recorded, a restart sends the part again.
                let _ = sending.ledger.add_part(sending.context, &sending.entry.token, part.clone());
                lock(&shared.sent).insert(number, part);
                let _ = done.send(());
            }
            Err(error) => return shared.fail(error),
        }
    }
}

/// Sends one part until the server has it.
fn part(sending: &Sending<'_>, number: u32, range: Range<u64>, stop: &Stop) -> Result<SentPart> {
    let mut known = match sending.context.protocol.wants_md5() {
        true => Some(body::digest(&**sending.source, range.clone(), true, stop)?),
        false => None,
    };
    let mut attempts = 0;
    loop {
        stop.check()?;
        match attempt(sending, number, range.clone(), &mut known, stop) {
            Err(error) if error.is_transient() => sending.patience.pause(attempts, error, stop)?,
            other => return other,
        }
        attempts += 1;
    }
}

fn attempt(
    sending: &Sending<'_>,
    number: u32,
    range: Range<u64>,
    known: &mut Option<Digests>,
    stop: &Stop,
) -> Result<SentPart> {
    let size = range.end.saturating_sub(range.start);
    let (context, source) = (sending.context.clone(), sending.source.clone());
    let expected = known.map(|known| known.quick);
    let reader = SourceReader::new(context, source, range, expected, sending.progress.clone(), stop.clone());
    let outcome = reader.outcome();
    let body = Body { size, md5: known.and_then(|known| known.md5), reader: Box::new(reader) };
    let handle = sending.entry.handle.as_deref().unwrap_or_default();
    let answer = sending.context.protocol.send(&sending.entry.upload(), handle, number, body, stop);
    // Later attempts must send the same bytes.
    if let (None, Some(quick)) = (*known, outcome.quick()) {
        *known = Some(Digests { quick, md5: None });
    }
    let result = match (outcome.error(), answer) {
        (Some(error), _) => Err(error),
        (None, Err(error)) => Err(error),
        (None, Ok(part)) => match outcome.quick() {
            Some(_) if part.size == size => Ok(part),
            Some(_) => Err(Error::new(
                Kind::Interrupted,
                format!("the server has {} of {size} bytes of part {number}", part.size),
            )),
            None => Err(Error::new(
                Kind::Interrupted,
                format!("the server answered before it had part {number} of {}", sending.entry.name),
            )),
        },
    };
    match (result, *known) {
        (Ok(part), Some(digests)) => {
            let Part { tag, is_proven, .. } = part;
            Ok(SentPart { number, size, tag, is_proven, digest: digests.text() })
        }
        (Ok(_), None) => Err(Error::new(Kind::Interrupted, "the part was not read")),
        (Err(error), _) => {
            sending.progress.take_back(outcome.sent());
            Err(error)
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
