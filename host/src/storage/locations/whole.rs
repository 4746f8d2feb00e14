//! Copies whole objects: into a draft, read back and compared, and small ones into memory.

use larder_remote::{Check, Proof, Stop};

use super::location::{Draft, Location, Stored};
use super::reader::ObjectReader;
use super::remote_error::outward;
use crate::error::{Error, Result};
use crate::steps::Steps;
use crate::tunables::DISK_BUFFER;

/// The largest small object, in bytes (`wit/storage.wit`).
pub(super) const MAX_SMALL: u64 = 1 << 20;
/// What a test stores.
const PROBE: &[u8] = b"Larder tests whether backups can be stored here. This file may be deleted.\n";
/// Its name; also an archive's in every layout.
const PROBE_NAME: &str = "larder-test.tar";

/// Reads a small object.
pub(super) fn read(object: &ObjectReader, name: &str) -> Result<Vec<u8>> {
    if object.size() > MAX_SMALL {
        return Err(Error::Limit(format!("{name} has {} bytes and is no record of a backup", object.size())));
    }
    let mut bytes = Vec::new();
    object.copy_to(0, object.size(), &mut |piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    })?;
    Ok(bytes)
}

/// Copies an object into a draft, reads it back, compares it, and publishes it.
pub(super) fn store(
    mut draft: Box<dyn Draft>,
    name: &str,
    source: &ObjectReader,
    progress: &(dyn Fn(u64) + Sync),
    stop: &Stop,
) -> Result<Stored> {
    let size = source.size();
    let piece = DISK_BUFFER as u64;
    let mut offset = 0;
    while offset < size {
        stop.check().map_err(outward)?;
        let count = size.saturating_sub(offset).min(piece);
        draft.append_from(source.clone(), offset, count)?;
        offset = offset.saturating_add(count);
        progress(offset);
    }
    let copy = draft.read_back()?;
    if copy.size() != size || digest(&copy, stop)? != digest(source, stop)? {
        return Err(Error::Io(format!("{name} does not read back as it was written; nothing was stored")));
    }
    Ok(Stored { proof: Proof::Full, notes: draft.publish()? })
}

/// Writes a small object, reads it back, and publishes it.
pub(super) fn put(mut draft: Box<dyn Draft>, name: &str, bytes: &[u8]) -> Result<()> {
    draft.append(bytes.to_vec())?;
    if read(&draft.read_back()?, name)? != bytes {
        return Err(Error::Io(format!("{name} does not read back as it was written; nothing was stored")));
    }
    draft.publish().map(drop)
}

fn digest(object: &ObjectReader, stop: &Stop) -> Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    object.copy_to(0, object.size(), &mut |piece| {
        hasher.update(piece);
        stop.check().map_err(outward)
    })?;
    Ok(hasher.finalize())
}

/// Tests a directory.
pub(super) fn test(location: &dyn Location, steps: &Steps, stop: &Stop) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut note = |what: &str, found: Result<String>| {
        let is_good = found.is_ok();
        checks.push(Check { what: what.to_owned(), result: found.map_err(|error| error.to_string()) });
        is_good
    };
    let stored = location.put(PROBE_NAME, PROBE, steps, stop).map(|()| "stored and read back".to_owned());
    if note("store a file", stored) {
        let listed = location.objects().and_then(|objects| {
            let found = objects.iter().any(|it| it.name == PROBE_NAME && it.size == PROBE.len() as u64);
            if found { Ok("listed with its size".into()) } else { Err(Error::Io("it is not listed".into())) }
        });
        note("list it", listed);
        note("delete it", location.delete(PROBE_NAME).map(|()| "deleted".into()));
    }
    checks
}
