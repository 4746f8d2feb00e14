//! Reads small objects whole, side by side.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::reader::read_range;
use super::remote::Remote;
use super::retry::{Patience, retry};
use crate::error::{Error, Kind, Result};
use crate::limits::SMALL_AT_ONCE;
use crate::protocol::Object;
use crate::stop::Stop;

/// The bytes of each object, in order. What was read before in the same version is not read again.
pub(super) fn read_all(
    remote: &Remote,
    objects: &[Object],
    most: usize,
    stop: &Stop,
) -> Vec<Result<Vec<u8>>> {
    let known: Vec<Option<Vec<u8>>> = objects.iter().map(|object| remote.knowledge().small(object)).collect();
    let missing: Vec<(usize, &Object)> =
        objects.iter().enumerate().filter(|(at, _)| known.get(*at).is_some_and(Option::is_none)).collect();
    let read = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((at, object)) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
            let bytes = read_one(remote, object, most, stop);
            read.lock().unwrap_or_else(PoisonError::into_inner).push((*at, bytes));
        }
    };
    let at_once = remote.protocol().parallel().clamp(1, SMALL_AT_ONCE).min(missing.len());
    thread::scope(|scope| {
        for _ in 1..at_once {
            // If the system has no thread to spare, this one does the work.
            let _ = thread::Builder::new().name("small".into()).spawn_scoped(scope, work);
        }
        work();
    });
    let mut results: Vec<Result<Vec<u8>>> =
        known.into_iter().map(|bytes| Ok(bytes.unwrap_or_default())).collect();
    let read = read.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !read.is_empty() {
        let fresh: Vec<(&Object, &[u8])> = read
            .iter()
            .filter_map(|(at, bytes)| Some((objects.get(*at)?, bytes.as_ref().ok()?.as_slice())))
            .collect();
        let listed = remote.remembered().map(|listing| listing.objects).unwrap_or_default();
        remote.knowledge().remember(&fresh, &listed);
    }
    for (at, bytes) in read {
        if let Some(result) = results.get_mut(at) {
            *result = bytes;
        }
    }
    results
}

fn read_one(remote: &Remote, object: &Object, most: usize, stop: &Stop) -> Result<Vec<u8>> {
    let name = &object.name;
    if object.size > most as u64 {
        let text = format!("{name} has {} bytes, too many for the record of a backup", object.size);
        return Err(Error::new(Kind::Invalid, text));
    }
    if object.size == 0 {
        return Ok(Vec::new());
    }
    retry(&Patience::small(remote.times()), stop, || read_range(remote, name, 0..object.size, stop))
}
