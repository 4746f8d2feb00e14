//! Extracting single files or directories from any part of a backup.
//!
//! From a damaged backup, it takes what precedes the damage: all requested paths if they are complete there, or, with
//! `keep_going`, whatever is there. The answer then names the damage.

use crate::archive::{Limits, Member, Outer, shown};
use crate::error::{Failure, Result};
use crate::jobs::lost_attributes;
use crate::jobs::part::{Part, unlock_home, unlock_part};
use crate::jobs::restorable;
use crate::jobs::restore::put_in_place;
use crate::jobs::restore::space_check::SpaceCheck;
use crate::jobs::restore::staging::{Staging, stage_all};
use crate::jobs::space::NO_SPACE;
use crate::jobs::stored_backups;
use crate::jobs::stored_backups::Opened;
use crate::model::{ExtractRequest, Path, Restored, Skipped, Totals};
use crate::ports::{Fault, Host, Scope};
use crate::progress::Progress;
use crate::stored_archive::{Archive, Reader};

/// Suffixes of the files that belong to a database.
const COMPANIONS: [&[u8]; 2] = [b"-wal", b"-journal"];

/// Extracts the requested paths into the target.
pub fn extract(host: &dyn Host, request: &ExtractRequest) -> Result<Restored> {
    let opened = stored_backups::open(host, &request.read.backup)?;
    let (mut outer, damage) = salvage(&opened)?;
    let name = &opened.object.name;
    let mut part = part(&mut outer, request, name).map_err(|failure| damage.clone().unwrap_or(failure))?;
    let paths: Vec<_> = request.paths.iter().map(|path| in_home(path, part.is_home())).collect();
    let mut job = Extraction { host, outer: &mut outer, part: &mut part, name, paths: &paths };
    let extracted = match job.run(u64::MAX) {
        Ok(extracted) => Extracted { damaged: damage.map(|failure| failure.message), ..extracted },
        Err(Interruption::Refused(failure)) => return Err(failure),
        Err(Interruption::Damage { failure, complete, has_everything }) => {
            let is_damage = failure.code == "backup_damaged";
            if !(request.keep_going || is_damage && has_everything) {
                let message = format!(
                    "{}; `larder extract --keep-going` takes what precedes the damage",
                    failure.message
                );
                return Err(Failure { message, ..failure });
            }
            let extracted = job.run(complete).map_err(Interruption::into_failure)?;
            Extracted { damaged: Some(failure.message), ..extracted }
        }
    };
    Ok(answer(&outer, part, extracted))
}

/// Opens an archive that may be damaged. Returns it with the damage.
fn salvage(opened: &Opened) -> Result<(Archive<'_>, Option<Failure>)> {
    let name = &opened.object.name;
    let about = |error| Failure::archive(name, error);
    let source = Reader::new(opened.content.as_ref());
    let (outer, damage) = Outer::salvage(source, &Limits::default()).map_err(about)?;
    Ok((outer, damage.map(about)))
}

/// Unlocks the requested part.
fn part(outer: &mut Archive<'_>, request: &ExtractRequest, name: &str) -> Result<Part> {
    let Some(wanted) = &request.part else { return unlock_home(outer, &request.read.unlock, name) };
    let stem = wanted.replace('/', "_");
    let is_wanted = |member: &&Member| member.name == *wanted || member.part_name() == Some(stem.as_str());
    let parts = || outer.members.iter().filter(|member| member.is_part());
    let Some(member) = parts().find(is_wanted).cloned() else {
        let names: Vec<_> = parts().filter_map(Member::part_name).collect();
        let message = format!(
            "{name}: there is no part {} in this backup, only {}",
            shown(wanted.as_bytes()),
            shown(names.join(", ").as_bytes())
        );
        return Err(Failure::new("not_found", message));
    };
    unlock_part(outer, member, &request.read.unlock, name)
}

/// A path as the archive has it. A leading `data/` is optional for paths in the home.
fn in_home(path: &Path, is_home: bool) -> Vec<u8> {
    let mut bytes = path.bytes();
    while let Some(rest) = bytes.strip_prefix(b"/").or_else(|| bytes.strip_prefix(b"./")) {
        bytes = rest;
    }
    while let Some(rest) = bytes.strip_suffix(b"/") {
        bytes = rest;
    }
    match bytes {
        b"." => Vec::new(),
        bytes if is_home => bytes.strip_prefix(b"data/").unwrap_or(bytes).to_vec(),
        bytes => bytes.to_vec(),
    }
}

struct Extraction<'a, 'o> {
    host: &'a dyn Host,
    outer: &'a mut Archive<'o>,
    part: &'a mut Part,
    name: &'a str,
    paths: &'a [Vec<u8>],
}

/// The result of an extraction.
struct Extracted {
    totals: Totals,
    skipped: Vec<Skipped>,
    warnings: Vec<String>,
    notes: Vec<String>,
    damaged: Option<String>,
}

/// Why an extraction ended early.
enum Interruption {
    /// Not because of the archive's bytes.
    Refused(Failure),
    /// The archive is damaged after `complete` entries. `has_everything` if everything requested was complete before that.
    Damage { failure: Failure, complete: u64, has_everything: bool },
}

impl Interruption {
    fn into_failure(self) -> Failure {
        match self {
            Self::Refused(failure) | Self::Damage { failure, .. } => failure,
        }
    }
}

impl Extraction<'_, '_> {
    /// Stages what is wanted among the first `limit` entries, and puts it in place.
    fn run(&mut self, limit: u64) -> std::result::Result<Extracted, Interruption> {
        let refused = |fault: Fault| Interruption::Refused(fault.into());
        let target = self.host.target(&Scope::Add, false).map_err(refused)?;
        let is_asked_for =
            |path: &[u8], asked: &[u8]| is_at_or_below(path, asked) || is_companion(path, asked);
        let wanted = |path: &[u8]| self.paths.iter().any(|asked| is_asked_for(path, asked));
        let counting = || Staging::new(None, &wanted).up_to(limit);
        let space = SpaceCheck { what: "what is extracted", available: target.available() };
        match space.must_fit(self.host, self.outer, self.part, self.name, counting()) {
            Err(failure) if failure.code == NO_SPACE => return Err(Interruption::Refused(failure)),
            // Any other failure will show again when the part is staged.
            _ => {}
        }
        let mut staging = Staging::new(Some(target), &wanted).up_to(limit);
        let progress = Progress::new(self.host, "extract", self.part.member.size);
        let read = stage_all(self.host, self.outer, self.part, self.name, progress, &mut staging);
        let summary = match read {
            Ok(summary) => summary,
            Err(failure) if staging.is_refused => {
                let (outer, part) = (&mut *self.outer, &mut *self.part);
                let failure = space.explain(failure, self.host, outer, part, self.name, counting());
                return Err(Interruption::Refused(failure));
            }
            Err(failure) => {
                let has_everything = self.paths.iter().all(|path| staging.has_complete(path));
                return Err(Interruption::Damage { failure, complete: staging.complete(), has_everything });
            }
        };
        let mut skipped = restorable::lost(&summary);
        skipped.retain(|skipped| self.paths.iter().any(|path| is_shown_at_or_below(&skipped.path, path)));
        let missing =
            self.paths.iter().filter(|path| !staging.seen.keys().any(|seen| is_at_or_below(seen, path)));
        for path in missing {
            match skipped.iter().find(|skipped| skipped.path == shown(path)) {
                _ if limit < u64::MAX && !staging.seen.is_empty() => skipped
                    .push(Skipped { path: shown(path), reason: "nothing of it precedes the damage".into() }),
                Some(odd) => {
                    return Err(
                        self.not_there(&format!("{} is {}, which cannot be extracted", odd.path, odd.reason))
                    );
                }
                None => return Err(self.not_there(&format!("there is no {} in this backup", shown(path)))),
            }
        }
        let totals = staging.totals;
        let mut notes = lost_attributes::sentences(&summary, |path| staging.seen.contains_key(path));
        if let Some(target) = staging.take_target() {
            let committed = put_in_place(self.host, target, totals.bytes).map_err(Interruption::Refused)?;
            notes.extend(committed.losses);
        }
        Ok(Extracted { totals, skipped, warnings: summary.notes, notes, damaged: None })
    }

    fn not_there(&self, what: &str) -> Interruption {
        Interruption::Refused(Failure::new("not_found", format!("{}: {what}", self.name)))
    }
}

fn is_at_or_below(path: &[u8], directory: &[u8]) -> bool {
    let rest = path.strip_prefix(directory);
    directory.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/'))
}

/// Whether `path` belongs to `database`, if that is one. Without it the newest transactions are missing.
fn is_companion(path: &[u8], database: &[u8]) -> bool {
    path.strip_prefix(database).is_some_and(|suffix| COMPANIONS.contains(&suffix))
}

/// The same for a path in the form that messages show.
fn is_shown_at_or_below(path: &str, directory: &[u8]) -> bool {
    is_at_or_below(path.as_bytes(), shown(directory).as_bytes())
}

fn answer(outer: &Archive<'_>, part: Part, extracted: Extracted) -> Restored {
    let manifest = &outer.manifest;
    Restored {
        backup_id: manifest.slug().to_owned(),
        name: manifest.name().to_owned(),
        date: manifest.date_text().to_owned(),
        dry_run: false,
        totals: extracted.totals,
        homeassistant_version: manifest.homeassistant_version().map(str::to_owned),
        restored_homeassistant: false,
        restored_database: false,
        key: part.label,
        skipped: extracted.skipped,
        warnings: part.note.into_iter().chain(extracted.warnings).collect(),
        notes: extracted.notes,
        dangling: Vec::new(),
        damaged: extracted.damaged,
    }
}
