//! The proof of a new backup: what the location holds of it is read back and must be, byte for byte, what was meant.
//!
//! Owns what counts as proven. That the bytes that were meant can be restored was found out while they were made: each header
//! was read back (`archive/structure.rs`), each block inflated and compared (`blocks/codec.rs`).

use crate::archive::{Manifest, Member};
use crate::blocks::digest;
use crate::blocks::digest::ExpectedBytes;
use crate::error::{Failure, Result};
use crate::jobs::progress::Progress;
use crate::jobs::verify;
use crate::model::Amount;
use crate::ports::{Content, Crew, Draft, Outside, Reader};
use crate::protection::Protection;
use crate::protection::part::{PartReader, from_io};
use crate::securetar::Keys;

/// What a new backup is meant to be.
pub struct Meant<'a> {
    pub manifest: &'a Manifest,
    /// Bytes of the whole file.
    pub size: u64,
    /// Of the encryption; none when anyone can read it.
    pub version: Option<u8>,
    /// What the home's part is known by before it is encrypted.
    pub home: ExpectedBytes<'a>,
    /// Who can help.
    pub crew: Option<&'a dyn Crew>,
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
    if !holds(stored.as_ref(), &member, keys.as_mut(), meant, &mut progress)? {
        return Err(distrusted(file, "the home's part holds other bytes"));
    }
    progress.finish();
    Ok(())
}

/// Whether the home's part holds what was meant.
fn holds(
    stored: &dyn Content,
    member: &Member,
    keys: Option<&mut Keys>,
    meant: &Meant<'_>,
    progress: &mut Progress<'_>,
) -> Result<bool> {
    let Meant { home, crew, .. } = *meant;
    match crew {
        // Each message of a protected part is needed for the next one: there is nothing to do side by side.
        Some(crew) if keys.is_none() => {
            let is_as_long = digest::bytes_of(home.segments) == member.size;
            Ok(is_as_long && digest::matches_in_pool(crew, stored, member.offset, home, progress)?)
        }
        _ => {
            stored.ahead(member.offset, member.size);
            let source = Reader::section(stored, member.offset, member.size);
            let mut part = PartReader::open(source, member.size, keys)?;
            let found = digest::matches(&mut part, home, progress);
            found.map_err(|error| part.explain(from_io(error)))
        }
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
