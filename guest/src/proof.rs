//! The proof of a new backup: what the location holds of it is read back and must be, byte for byte, what was meant.
//!
//! Owns what counts as proven. That the bytes that were meant can be restored was found out while they were made: each header
//! was read back (`archive/framing.rs`), each block inflated and compared (`blocks/codec.rs`).

use std::io::{self, Read, Write};

use crate::archive::Manifest;
use crate::error::{Failure, Result};
use crate::model::Amount;
use crate::part::PartReader;
use crate::ports::{Draft, Outside};
use crate::progress::Progress;
use crate::protection::Protection;
use crate::securetar::Keys;
use crate::verify;

/// Bytes that are read back at once.
const CHUNK: usize = 256 * 1024;

/// A writer that notes what it writes.
pub struct Digesting<W> {
    sink: W,
    digest: blake3::Hasher,
}

impl<W> Digesting<W> {
    pub fn new(sink: W) -> Self {
        Self { sink, digest: blake3::Hasher::new() }
    }

    pub fn finish(self) -> (W, blake3::Hash) {
        (self.sink, self.digest.finalize())
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.sink.write(bytes)?;
        self.digest.update(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// What a new backup is meant to be.
pub struct Meant<'a> {
    pub manifest: &'a Manifest,
    /// Bytes of the whole file.
    pub size: u64,
    /// Of the encryption; none when anyone can read it.
    pub version: Option<u8>,
    /// What the home's part is known by before it is encrypted.
    pub digest: blake3::Hash,
    pub amount: Amount,
}

/// Reads back what the location now holds.
pub fn prove(
    outside: &dyn Outside,
    draft: &dyn Draft,
    file: &str,
    meant: &Meant<'_>,
    mut keys: Option<Keys>,
) -> Result<()> {
    let stored = draft.read_back()?;
    let mut outer = verify::outer_of(stored.as_ref(), file)?;
    let protection = Protection::look(&mut outer)?;
    if protection.version != meant.version {
        return Err(distrusted(file, "what stands at the start of its parts is not what was written"));
    }
    protection.must_be_consistent(file)?;
    let Some(member) = outer.home().cloned() else {
        return Err(distrusted(file, "the home is not in it"));
    };
    let is_same = outer.manifest == *meant.manifest && outer.members.len() == 1;
    if !is_same || stored.size() != meant.size {
        let what = format!(
            "{} bytes became {} bytes, or it says something else of itself",
            meant.size,
            stored.size()
        );
        return Err(distrusted(file, &what));
    }
    let mut progress = Progress::new(outside, "upload_to_agents", meant.size);
    let source = outer.read(&member).map_err(|error| Failure::archive(file, error))?;
    let mut part = PartReader::open(source, member.size, keys.as_mut())?;
    match digest_of(&mut part, &mut progress).map_err(|error| part.explain(crate::part::from_io(error)))? {
        digest if digest == meant.digest => {
            progress.finish();
            Ok(())
        }
        _ => Err(distrusted(file, "the home's part holds other bytes")),
    }
}

fn digest_of(source: &mut impl Read, progress: &mut Progress<'_>) -> io::Result<blake3::Hash> {
    let mut digest = blake3::Hasher::new();
    let mut buffer = vec![0; CHUNK];
    loop {
        let count = source.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
            return Ok(digest.finalize());
        };
        digest.update(bytes);
        progress.add(count as u64);
    }
}

/// What was stored reads back as something else.
pub fn distrusted(file: &str, what: &str) -> Failure {
    let message = format!(
        "{file} was written but does not read back as what was written ({what}); the disk cannot be trusted: check it, then \
         try again"
    );
    Failure::new("backup_reader_writer_error", message)
}

/// What a backup that was just written does not read back with. What to do with one from elsewhere is no advice here.
pub fn unreadable(file: &str, failure: Failure) -> Failure {
    match failure.code.as_ref() {
        "password_incorrect" => distrusted(file, "the start of a protected part is another one"),
        "backup_damaged"
        | "backup_unsafe"
        | "backup_unsupported"
        | "backup_too_large"
        | "decrypt_not_supported" => {
            let what = failure.message.split("; ").next().unwrap_or_default();
            distrusted(file, what)
        }
        _ => failure,
    }
}
