//! The proof of a new backup: what the location stored is read back and must be, byte for byte, what was written.
//!
//! Owns the criteria for this. It does not check again that these bytes can be restored. That was checked while they were made:
//! each header was parsed (`archive/structure.rs`), and each block was inflated and compared (`blocks/codec.rs`).

use crate::archive::{Manifest, Member};
use crate::blocks::digest;
use crate::blocks::digest::ExpectedBytes;
use crate::error::{Failure, Result};
use crate::model::Totals;
use crate::ports::{Content, Draft, Host, WorkerPool};
use crate::progress::Progress;
use crate::protection::Protection;
use crate::protection::part::{PartReader, from_io};
use crate::securetar::Keys;
use crate::stored_archive::{self, Reader};

/// The properties that the new backup must have.
pub struct Expected<'a> {
    pub manifest: &'a Manifest,
    /// Bytes of the whole file.
    pub size: u64,
    /// The SecureTar version. `None` if it is unprotected.
    pub version: Option<u8>,
    /// Digests of the home's part before encryption.
    pub home: ExpectedBytes<'a>,
    /// Workers that can compare, if there are any.
    pub pool: Option<&'a dyn WorkerPool>,
    pub totals: Totals,
}

/// Reads back what the location stored, and compares.
pub fn prove(
    host: &dyn Host,
    draft: &dyn Draft,
    file: &str,
    expected: &Expected<'_>,
    mut keys: Option<Keys>,
) -> Result<()> {
    let stored = draft.read_back()?;
    let mut outer = stored_archive::open(stored.as_ref(), file)?;
    let protection = Protection::of_all_parts(&mut outer)?;
    if protection.version != expected.version {
        return Err(distrusted(file, "the start of its parts differs from what was written"));
    }
    protection.must_be_consistent(file)?;
    let Some(member) = outer.home().cloned() else {
        return Err(distrusted(file, "the home is missing"));
    };
    let is_same = outer.manifest == *expected.manifest && outer.members.len() == 1;
    if !is_same || stored.size() != expected.size {
        let what = format!(
            "{} bytes became {} bytes, or its backup.json or its members differ",
            expected.size,
            stored.size()
        );
        return Err(distrusted(file, &what));
    }
    let mut progress = Progress::new(host, "upload_to_agents", expected.size);
    if !holds(stored.as_ref(), &member, keys.as_mut(), expected, &mut progress)? {
        return Err(distrusted(file, "the bytes of the home's part differ"));
    }
    progress.finish();
    Ok(())
}

/// Whether the home's part holds the expected bytes.
fn holds(
    stored: &dyn Content,
    member: &Member,
    keys: Option<&mut Keys>,
    expected: &Expected<'_>,
    progress: &mut Progress<'_>,
) -> Result<bool> {
    let Expected { home, pool, .. } = *expected;
    match pool {
        // Decrypting is sequential: each message of a protected part is needed for the next.
        Some(pool) if keys.is_none() => {
            let is_as_long = digest::bytes_of(home.segments) == member.size;
            Ok(is_as_long && digest::matches_in_pool(pool, stored, member.offset, home, progress)?)
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

/// The failure of a file that does not read back as it was written.
pub fn distrusted(file: &str, what: &str) -> Failure {
    let message = format!(
        "{file} does not read back as it was written ({what}); the disk cannot be trusted: check it, then try again"
    );
    Failure::new("backup_reader_writer_error", message)
}

/// Turns the failure to read a new backup back into [`distrusted`]. The original advice is for foreign backups and is dropped.
pub fn unreadable(file: &str, failure: Failure) -> Failure {
    match failure.code.as_ref() {
        "password_incorrect" => distrusted(file, "the start of a protected part differs"),
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
