//! Whether a backup can be restored: reads it to its last byte and checks all that its format lets one check.
//!
//! The outer tar, `backup.json`, the gzip check value and length, every header of the inner tar, every name in it.

pub mod judge;
pub mod parts;

use crate::archive::{
    Base, Inflater, Limits, Member, Outer, Summary, TarStream, Visit, shown, walk_inflated,
};
use crate::error::{Failure, Result};
use crate::jobs::inflate::Inflated;
use crate::jobs::library;
use crate::jobs::library::Opened;
use crate::jobs::lost_attributes;
use crate::jobs::progress::{Progress, Watched};
use crate::jobs::verify::parts::{Opener, Parts};
use crate::model::{Amount, ReadRequest, Skipped, Verified};
use crate::ports::{Content, Outside, Reader};
use crate::protection::part::PartReader;
use crate::protection::{self, Protection, Unlock, Unlocked};
use crate::securetar::Keys;

pub type Archive<'a> = Outer<Reader<'a>>;

/// Opens a backup's outer tar.
pub fn outer(opened: &Opened) -> Result<Archive<'_>> {
    outer_of(opened.content.as_ref(), &opened.object.name)
}

pub fn outer_of<'a>(content: &'a dyn Content, name: &str) -> Result<Archive<'a>> {
    Outer::open(Reader::new(content), &Limits::default()).map_err(|error| Failure::archive(name, error))
}

/// Checks one backup: every part of it.
pub fn verify(outside: &dyn Outside, request: &ReadRequest) -> Result<Verified> {
    check(outside, &library::open(outside, &request.backup)?, &request.unlock)
}

/// The same of one that is open.
pub fn check(outside: &dyn Outside, opened: &Opened, unlock: &Unlock) -> Result<Verified> {
    let name = &opened.object.name;
    let mut outer = outer(opened).map_err(|failure| hidden(outside, opened, failure))?;
    let verdict = judge::restorable(&outer);
    let protection = Protection::look(&mut outer)?;
    protection.must_be_consistent(name)?;
    let mut parts = Parts::new(outside, &outer, name);
    let mut opener = Opener::new(unlock);
    parts.home(&mut outer, &mut opener)?;
    parts.others(&mut outer, &mut opener)?;
    let checked = parts.finish()?;
    // What cannot be restored for another reason than that there is nothing to restore is no good backup.
    let reason = match verdict {
        Err(failure) if failure.code == "backup_damaged" => return Err(failure.about(name)),
        verdict => verdict.err().map(|failure| failure.message),
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
        amount: amount(&summary),
        database_included: manifest.database_included(),
        securetar: protection.version,
        key: opener.label,
        warnings,
        parts: checked.names,
        not_restorable: not_restorable(&outer).into_iter().chain(outside_home(&summary)).collect(),
        missing: judge::missing(&outer),
        skipped: lost(&summary),
        file: name.clone(),
    })
}

/// What an archive without a readable list of members says more, when its parts are read.
fn hidden(outside: &dyn Outside, opened: &Opened, failure: Failure) -> Failure {
    let name = &opened.object.name;
    let source = Reader::new(opened.content.as_ref());
    let Ok((mut outer, _)) = Outer::salvage(source, &Limits::default()) else { return failure };
    let mut parts = Parts::new(outside, &outer, name);
    let unlock = Unlock::default();
    let mut opener = Opener::new(&unlock);
    // One that needs a password tells nothing more.
    let _ = parts.home(&mut outer, &mut opener).and_then(|()| parts.others(&mut outer, &mut opener));
    let surplus = parts.damaged.into_iter().filter(|(_, failure)| failure.message.contains(HIDDEN));
    let more: String = surplus.map(|(_, failure)| format!("; {}", failure.message)).collect();
    Failure { message: failure.message + &more, ..failure }
}

/// A part of a backup, and what opens it.
pub struct Part {
    pub member: Member,
    /// None when anyone can read it.
    pub keys: Option<Keys>,
    /// The label of the key that opened it, when it is one of a key ring.
    pub label: Option<String>,
    /// What is odd about the password that opened it.
    pub note: Option<String>,
}

impl Part {
    pub fn is_home(&self) -> bool {
        self.member.part_name() == Some("homeassistant")
    }
}

/// The home in a backup, unlocked: a wrong password is found out here, before anything is read or written.
pub fn home(outer: &mut Archive<'_>, unlock: &Unlock, name: &str) -> Result<Part> {
    match outer.home().cloned() {
        Some(member) => unlocked(outer, member, unlock, name),
        None => Err(judge::restorable(outer)
            .err()
            .unwrap_or_else(|| Failure::invalid("there is no home"))
            .about(name)),
    }
}

/// The same of any part.
pub fn unlocked(outer: &mut Archive<'_>, member: Member, unlock: &Unlock, name: &str) -> Result<Part> {
    match protection::version_of(outer, &member)? {
        // Else whoever can write to the file could leave the password out and have anything restored.
        None if outer.manifest.protected() => {
            let what = protection::unprotected(&member.name);
            Err(Failure::new("backup_damaged", format!("{name}: {what}")))
        }
        None => Ok(Part { member, keys: None, label: None, note: None }),
        Some(_) => {
            let Unlocked { keys, label, note } = unlock.open(outer, &member, name)?;
            Ok(Part { member, keys: Some(keys), label, note })
        }
    }
}

/// Walks through a part, from its first byte to its last, and lets `visit` see everything.
pub fn read_through<V: Visit<Error = Failure>>(
    outside: &dyn Outside,
    outer: &mut Archive<'_>,
    part: &mut Part,
    name: &str,
    progress: &mut Progress<'_>,
    visit: &mut V,
) -> Result<Summary> {
    let base = if part.is_home() { Base::Home } else { Base::Any };
    let limits = Limits::default();
    reading(outside, outer, part, progress, |source| walk_inflated(source, base, &limits, visit))
        .map_err(|failure| failure.about(name))
}

/// Has `read` read the tar in a part.
pub fn reading<T>(
    outside: &dyn Outside,
    outer: &mut Archive<'_>,
    part: &mut Part,
    progress: &mut Progress<'_>,
    read: impl FnOnce(&mut dyn TarStream) -> Result<T>,
) -> Result<T> {
    let Part { member, keys, .. } = part;
    outer.source().ahead(member.offset, member.size);
    let source = Watched { inner: outer.read(member)?, progress };
    let is_plain = keys.is_none();
    let mut reader = PartReader::open(source, member.size, keys.as_mut())?;
    let mut surplus = None;
    let watch = |source: &mut dyn TarStream| {
        let read = read(source);
        surplus = source.stream_end().surplus_from;
        read
    };
    let read = match Inflated::start(outside, &mut reader) {
        Ok(mut inflated) => watch(&mut inflated),
        Err(reader) => {
            Inflater::open(reader).map_err(Failure::from).and_then(|mut inflater| watch(&mut inflater))
        }
    };
    read.map_err(|failure| match surplus {
        Some(end) if is_plain => too_large(member, end),
        _ => reader.explain(failure),
    })
}

/// Says of a part where its header and where its content end.
pub const HIDDEN: &str = "other members may be hidden";

fn too_large(member: &Member, end: u64) -> Failure {
    let message = format!(
        "damaged archive: {} is announced with {} bytes, up to byte {} of the file, but its content ends at byte {}; \
         {HIDDEN} behind it: `larder extract --keep-going` takes what it holds, or use another copy of the backup",
        shown(member.name.as_bytes()),
        member.size,
        member.end(),
        member.offset.saturating_add(end),
    );
    Failure::new("backup_damaged", message)
}

/// What a backup holds that cannot be restored here, without reading its contents.
pub fn not_restorable(outer: &Archive<'_>) -> Vec<Skipped> {
    let manifest = &outer.manifest;
    let needs = "a Home Assistant with a Supervisor restores it";
    let mut found = Vec::new();
    if outer.home().is_none() {
        let reason = "not in this backup: there is no Home Assistant configuration to restore".into();
        found.push(Skipped { path: "homeassistant".into(), reason });
    }
    let missing = judge::missing(outer);
    let addons = manifest.addons().iter().map(|addon| format!("add-on {} {}", addon.name, addon.version));
    let folders = manifest.folders().map(|folder| format!("folder {folder}"));
    for path in addons.chain(folders).filter(|path| missing.iter().all(|missing| missing.path != *path)) {
        found.push(Skipped { path, reason: needs.into() });
    }
    let known = |name: &str| {
        let stem = name.strip_suffix(".gz").unwrap_or(name);
        let stem = stem.strip_suffix(".tar").unwrap_or(stem);
        let folder = manifest.folders().any(|folder| folder.replace('/', "_") == stem);
        stem == "homeassistant" || folder || manifest.addons().iter().any(|addon| addon.slug == stem)
    };
    for member in outer.members.iter().filter(|member| !known(&member.name)) {
        found.push(Skipped { path: member.name.clone(), reason: "unknown; it is left alone".into() });
    }
    found
}

/// All that a backup promises and that does not come back, and why.
pub fn unrestorable(outer: &Archive<'_>, summary: &Summary) -> Vec<Skipped> {
    let mut found = not_restorable(outer);
    found.extend(judge::missing(outer));
    found.extend(skipped(summary));
    found
}

/// What the inner tar holds that does not come back, and why.
pub fn skipped(summary: &Summary) -> Vec<Skipped> {
    lost(summary).into_iter().chain(outside_home(summary)).collect()
}

/// What the inner tar has of the home that no home can get back, and why.
pub fn lost(summary: &Summary) -> Vec<Skipped> {
    let lost = summary.skipped.iter();
    lost.map(|odd| Skipped { path: shown(&odd.path), reason: odd.reason.clone() }).collect()
}

fn outside_home(summary: &Summary) -> impl Iterator<Item = Skipped> {
    summary.outside.iter().map(|name| Skipped {
        path: shown(name),
        reason: "lies outside data/ and belongs to the Supervisor".into(),
    })
}

pub fn amount(summary: &Summary) -> Amount {
    let Summary { files, directories, links, bytes, .. } = *summary;
    Amount { files, directories, links, bytes }
}
