//! Copies whole objects: into a draft, read back and compared, and small ones into memory.

use larder_remote::{Proof, Stop};

use super::reader::ObjectReader;
use super::remote_error::outward;
use super::types::{Draft, Stored};
use crate::error::{Error, Result};
use crate::tunables::DISK_BUFFER;

/// The largest small object, in bytes (`wit/storage.wit`).
pub(super) const MAX_SMALL: u64 = 1 << 20;
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
