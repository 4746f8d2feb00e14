//! Whether a backup can be restored: reads it to its last byte and checks all that its format lets one check.
//!
//! The outer tar, `backup.json`, the gzip check value and length, every header of the inner tar, every name in it.

use crate::archive::{Entry, Limits, Member, Outer, Summary, Visit, shown, walk, walk_inflated};
use crate::error::{Failure, Result};
use crate::inflate::Inflated;
use crate::library::{self, Opened};
use crate::lost;
use crate::model::{Amount, ReadRequest, Skipped, Verified};
use crate::part::PartReader;
use crate::ports::{Content, Outside, Reader};
use crate::progress::{Progress, Watched};
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

/// Checks one backup.
pub fn verify(outside: &dyn Outside, request: &ReadRequest) -> Result<Verified> {
    let opened = library::open(outside, &request.backup)?;
    let name = &opened.object.name;
    let mut outer = outer(&opened)?;
    let mut home = home(&mut outer, &request.unlock, name)?;
    let protection = Protection::look(&mut outer)?;
    protection.must_be_consistent(name)?;
    let progress = Progress::new(outside, "verify", home.member.size);
    let summary = read_through(outside, &mut outer, &mut home, name, progress, &mut Only)?;
    let mut warnings = protection.warnings();
    if protection.version.is_none() && request.unlock.password.is_some() {
        warnings.push(
            "a password was given, but this backup is not protected: anyone can read and change it".into(),
        );
    }
    warnings.extend(lost::sentences(&summary, |_| true));
    let manifest = &outer.manifest;
    Ok(Verified {
        restorable: true,
        backup_id: manifest.slug().to_owned(),
        name: manifest.name().to_owned(),
        date: manifest.date_text().to_owned(),
        size: opened.object.size,
        amount: amount(&summary),
        database_included: manifest.database_included(),
        securetar: protection.version,
        key: home.label,
        warnings,
        not_restorable: unrestorable(&outer, &summary),
        file: name.clone(),
    })
}

/// The inner tar of Home Assistant, and what opens it.
pub struct HomePart {
    pub member: Member,
    /// None when anyone can read it.
    pub keys: Option<Keys>,
    /// The label of the key that opened it, when it is one of a key ring.
    pub label: Option<String>,
}

impl HomePart {
    fn plain(member: Member) -> Self {
        Self { member, keys: None, label: None }
    }
}

/// The home in a backup, unlocked: a wrong password is found out here, before anything is read or written.
pub fn home(outer: &mut Archive<'_>, unlock: &Unlock, name: &str) -> Result<HomePart> {
    let Some(member) = outer.home().cloned() else {
        let message =
            format!("{name} holds no Home Assistant configuration; `larder show` lists what it holds");
        return Err(Failure::new("backup_unsupported", message));
    };
    match protection::version_of(outer, &member)? {
        // Else whoever can write to the file could leave the password out and have anything restored.
        None if outer.manifest.protected() => {
            let what = protection::unprotected(&member.name);
            Err(Failure::new("backup_damaged", format!("{name}: {what}")))
        }
        None => Ok(HomePart::plain(member)),
        Some(_) => {
            let Unlocked { keys, label } = unlock.open(outer, &member, name)?;
            Ok(HomePart { member, keys: Some(keys), label })
        }
    }
}

/// Walks through the home in a backup, from its first byte to its last, and lets `visit` see everything.
pub fn read_through<V: Visit<Error = Failure>>(
    outside: &dyn Outside,
    outer: &mut Archive<'_>,
    home: &mut HomePart,
    name: &str,
    mut progress: Progress<'_>,
    visit: &mut V,
) -> Result<Summary> {
    let size = home.member.size;
    outer.source().ahead(home.member.offset, size);
    let source = outer.read(&home.member).map_err(|error| Failure::archive(name, error))?;
    let source = Watched { inner: source, progress: &mut progress };
    let mut part = PartReader::open(source, size, home.keys.as_mut()).map_err(|error| error.about(name))?;
    let limits = Limits::default();
    let summary = match Inflated::start(outside, &mut part) {
        Ok(inflated) => walk_inflated(inflated, &limits, visit),
        Err(part) => walk(part, &limits, visit),
    };
    let summary = summary.map_err(|failure: Failure| part.explain(failure).about(name))?;
    progress.finish();
    Ok(summary)
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
    for addon in manifest.addons() {
        let path = format!("add-on {} {}", addon.name, addon.version);
        found.push(Skipped { path, reason: needs.into() });
    }
    for folder in manifest.folders() {
        found.push(Skipped { path: format!("folder {folder}"), reason: needs.into() });
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

/// All that a backup holds that cannot be restored here.
pub fn unrestorable(outer: &Archive<'_>, summary: &Summary) -> Vec<Skipped> {
    let mut found = not_restorable(outer);
    found.extend(skipped(summary));
    found
}

/// What the inner tar holds that does not come back, and why.
pub fn skipped(summary: &Summary) -> Vec<Skipped> {
    let odd =
        summary.skipped.iter().map(|odd| Skipped { path: shown(&odd.path), reason: odd.reason.clone() });
    let outside = summary.outside.iter().map(|name| Skipped {
        path: shown(name),
        reason: "lies outside data/ and belongs to the Supervisor".into(),
    });
    odd.chain(outside).collect()
}

pub fn amount(summary: &Summary) -> Amount {
    let Summary { files, directories, links, bytes, .. } = *summary;
    Amount { files, directories, links, bytes }
}

/// Looks and keeps nothing.
pub struct Only;

impl Visit for Only {
    type Error = Failure;

    fn entry(&mut self, _entry: &Entry) -> Result<()> {
        Ok(())
    }

    fn data(&mut self, _bytes: &[u8]) -> Result<()> {
        Ok(())
    }

    fn end_file(&mut self) -> Result<()> {
        Ok(())
    }
}
