//! Verification: reads a backup to its last byte and checks everything that its format allows.
//!
//! That is the outer tar, `backup.json`, gzip's check value and length, and every header and name in the inner tars.

pub mod parts;

use crate::archive::{Limits, Outer, Summary};
use crate::error::{Failure, Result};
use crate::jobs::lost_attributes;
use crate::jobs::part::HIDDEN;
use crate::jobs::restorable;
use crate::jobs::stored_backups;
use crate::jobs::stored_backups::Opened;
use crate::jobs::verify::parts::{PartOpener, PartVerifier};
use crate::model::{ReadRequest, Totals, Verified};
use crate::ports::Host;
use crate::protection::{Protection, Unlock};
use crate::stored_archive::Reader;

/// Verifies every part of a backup.
pub fn verify(host: &dyn Host, request: &ReadRequest) -> Result<Verified> {
    verify_opened(host, &stored_backups::open(host, &request.backup)?, &request.unlock)
}

/// Verifies every part of an opened backup.
pub fn verify_opened(host: &dyn Host, opened: &Opened, unlock: &Unlock) -> Result<Verified> {
    let name = &opened.object.name;
    let mut outer = opened.archive().map_err(|failure| with_hidden_members(host, opened, failure))?;
    let restorable = restorable::must_be_restorable(&outer);
    let protection = Protection::of_all_parts(&mut outer)?;
    protection.must_be_consistent(name)?;
    let mut parts = PartVerifier::new(host, &outer, name);
    let mut opener = PartOpener::new(unlock);
    parts.home(&mut outer, &mut opener)?;
    parts.others(&mut outer, &mut opener)?;
    let checked = parts.finish()?;
    // A backup that lacks what it promises is damaged. One that never held a home is intact, but not restorable.
    let reason = match restorable {
        Err(failure) if failure.code == "backup_damaged" => return Err(failure.about(name)),
        restorable => restorable.err().map(|failure| failure.message),
    };
    let mut warnings = protection.warnings();
    warnings.extend(opener.note);
    warnings.extend(outer.notes());
    warnings.extend(outer.end_note().map_err(|error| Failure::archive(name, error))?);
    warnings.extend(checked.notes);
    if protection.version.is_none() && unlock.password.is_some() {
        warnings.push(
            "a password was given, but this backup is not protected: anyone can read and change it".into(),
        );
    }
    let summary = checked.home.unwrap_or_default();
    warnings.extend(lost_attributes::sentences(&summary, |_| true));
    let manifest = &outer.manifest;
    Ok(Verified {
        restorable: reason.is_none(),
        reason,
        backup_id: manifest.slug().to_owned(),
        name: manifest.name().to_owned(),
        date: manifest.date_text().to_owned(),
        size: opened.object.size,
        totals: totals(&summary),
        database_included: manifest.database_included(),
        securetar: protection.version,
        key: opener.label,
        warnings,
        parts: checked.names,
        not_restorable: restorable::not_restorable(&outer)
            .into_iter()
            .chain(restorable::outside_home(&summary))
            .collect(),
        missing: restorable::missing(&outer),
        skipped: restorable::lost(&summary),
        file: name.clone(),
    })
}

/// Completes the failure of an archive whose members cannot be listed. An oversized part may hide them, which only reading the
/// parts reveals.
fn with_hidden_members(host: &dyn Host, opened: &Opened, failure: Failure) -> Failure {
    let name = &opened.object.name;
    let source = Reader::new(opened.content.as_ref());
    let Ok((mut outer, _)) = Outer::salvage(source, &Limits::default()) else { return failure };
    let mut parts = PartVerifier::new(host, &outer, name);
    let unlock = Unlock::default();
    let mut opener = PartOpener::new(&unlock);
    // A protected part reveals nothing more without its password.
    let _ = parts.home(&mut outer, &mut opener).and_then(|()| parts.others(&mut outer, &mut opener));
    let oversized = parts.damaged.into_iter().filter(|(_, failure)| failure.message.contains(HIDDEN));
    let more: String = oversized.map(|(_, failure)| format!("; {}", failure.message)).collect();
    Failure { message: failure.message + &more, ..failure }
}

/// The totals of a finished walk.
pub fn totals(summary: &Summary) -> Totals {
    let Summary { files, directories, links, bytes, .. } = *summary;
    Totals { files, directories, links, bytes }
}
