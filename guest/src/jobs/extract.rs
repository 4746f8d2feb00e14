//! Taking single files or directories out of a backup, out of any of its parts.
//!
//! A damaged backup gives what stands before the damage: what was asked for by name and came to its end, or, when told to keep
//! going, whatever there is. The answer says so.

use crate::archive::{Limits, Member, Outer, shown};
use crate::error::{Failure, Result};
use crate::jobs::library;
use crate::jobs::library::Opened;
use crate::jobs::lost_attributes;
use crate::jobs::progress::Progress;
use crate::jobs::restore::staging::Staging;
use crate::jobs::restore::{Room, put_in_place, stage_all};
use crate::jobs::space::NO_SPACE;
use crate::jobs::verify;
use crate::jobs::verify::{Archive, Part};
use crate::model::{ExtractRequest, Path, Restored, Skipped};
use crate::ports::{Outside, Reader, Scope};

/// What a database needs beside it.
const COMPANIONS: [&[u8]; 2] = [b"-wal", b"-journal"];

/// Extracts what is asked for into the target.
pub fn extract(outside: &dyn Outside, request: &ExtractRequest) -> Result<Restored> {
    let opened = library::open(outside, &request.read.backup)?;
    let (mut outer, damage) = salvage(&opened)?;
    let name = &opened.object.name;
    let mut part = part(&mut outer, request, name).map_err(|failure| damage.clone().unwrap_or(failure))?;
    let paths: Vec<_> = request.paths.iter().map(|path| in_home(path, part.is_home())).collect();
    let mut job = Extraction { outside, outer: &mut outer, part: &mut part, name, paths: &paths };
    let told = match job.run(u64::MAX) {
        Ok(told) => Told { damaged: damage.map(|failure| failure.message), ..told },
        Err(Stop::Refused(failure)) => return Err(failure),
        Err(Stop::Damage { failure, whole, is_proven }) => {
            let is_damage = failure.code == "backup_damaged";
            if !(request.keep_going || is_damage && is_proven) {
                let message = format!(
                    "{}; `larder extract --keep-going` takes what stands before it, if anything of this does",
                    failure.message
                );
                return Err(Failure { message, ..failure });
            }
            let told = job.run(whole).map_err(Stop::into_failure)?;
            Told { damaged: Some(failure.message), ..told }
        }
    };
    Ok(answer(&outer, part, told))
}

/// The archive, and what is wrong with it.
fn salvage(opened: &Opened) -> Result<(Archive<'_>, Option<Failure>)> {
    let name = &opened.object.name;
    let about = |error| Failure::archive(name, error);
    let source = Reader::new(opened.content.as_ref());
    let (outer, damage) = Outer::salvage(source, &Limits::default()).map_err(about)?;
    Ok((outer, damage.map(about)))
}

/// The part that is meant, unlocked.
fn part(outer: &mut Archive<'_>, request: &ExtractRequest, name: &str) -> Result<Part> {
    let Some(meant) = &request.part else { return verify::home(outer, &request.read.unlock, name) };
    let stem = meant.replace('/', "_");
    let is_meant = |member: &&Member| member.name == *meant || member.part_name() == Some(stem.as_str());
    let parts = || outer.members.iter().filter(|member| member.is_part());
    let Some(member) = parts().find(is_meant).cloned() else {
        let names: Vec<_> = parts().filter_map(Member::part_name).collect();
        let message = format!(
            "{name}: there is no part {} in this backup, only {}",
            shown(meant.as_bytes()),
            shown(names.join(", ").as_bytes())
        );
        return Err(Failure::new("not_found", message));
    };
    verify::unlocked(outer, member, &request.read.unlock, name)
}

/// A path as the archive has it. In the home a leading `data/` is not needed and does no harm.
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
    outside: &'a dyn Outside,
    outer: &'a mut Archive<'o>,
    part: &'a mut Part,
    name: &'a str,
    paths: &'a [Vec<u8>],
}

/// What came of it.
struct Told {
    amount: crate::model::Amount,
    skipped: Vec<Skipped>,
    warnings: Vec<String>,
    notes: Vec<String>,
    damaged: Option<String>,
}

enum Stop {
    /// Not because of the archive's bytes.
    Refused(Failure),
    /// The archive ends badly after that many entries; whether all that was asked for came to its end before.
    Damage { failure: Failure, whole: u64, is_proven: bool },
}

impl Stop {
    fn into_failure(self) -> Failure {
        match self {
            Self::Refused(failure) | Self::Damage { failure, .. } => failure,
        }
    }
}

impl Extraction<'_, '_> {
    /// Stages what is wanted of the first `most` entries, and puts it in place.
    fn run(&mut self, most: u64) -> std::result::Result<Told, Stop> {
        let refused = |fault: crate::ports::Fault| Stop::Refused(fault.into());
        let target = self.outside.target(&Scope::Add, false).map_err(refused)?;
        let is_asked_for =
            |path: &[u8], asked: &[u8]| is_at_or_below(path, asked) || is_companion(path, asked);
        let wanted = |path: &[u8]| self.paths.iter().any(|asked| is_asked_for(path, asked));
        let counting = || Staging::new(None, &wanted).up_to(most);
        let room = Room { what: "what is extracted", available: target.available() };
        match room.must_hold(self.outside, self.outer, self.part, self.name, counting()) {
            Err(failure) if failure.code == NO_SPACE => return Err(Stop::Refused(failure)),
            // What else is wrong is judged when it is staged.
            _ => {}
        }
        let mut staging = Staging::new(Some(target), &wanted).up_to(most);
        let progress = Progress::new(self.outside, "extract", self.part.member.size);
        let read = stage_all(self.outside, self.outer, self.part, self.name, progress, &mut staging);
        let summary = match read {
            Ok(summary) => summary,
            Err(failure) if staging.is_refused => {
                let (outer, part) = (&mut *self.outer, &mut *self.part);
                let failure = room.explain(failure, self.outside, outer, part, self.name, counting());
                return Err(Stop::Refused(failure));
            }
            Err(failure) => {
                let is_proven = self.paths.iter().all(|path| staging.has_whole(path));
                return Err(Stop::Damage { failure, whole: staging.whole(), is_proven });
            }
        };
        let mut skipped = verify::lost(&summary);
        skipped.retain(|skipped| self.paths.iter().any(|path| is_shown_at_or_below(&skipped.path, path)));
        let missing =
            self.paths.iter().filter(|path| !staging.seen.keys().any(|seen| is_at_or_below(seen, path)));
        for path in missing {
            match skipped.iter().find(|skipped| skipped.path == shown(path)) {
                _ if most < u64::MAX && !staging.seen.is_empty() => skipped.push(Skipped {
                    path: shown(path),
                    reason: "nothing of it stands before the damage".into(),
                }),
                Some(odd) => {
                    return Err(
                        self.not_there(&format!("{} is {}, which cannot be extracted", odd.path, odd.reason))
                    );
                }
                None => return Err(self.not_there(&format!("there is no {} in this backup", shown(path)))),
            }
        }
        let amount = staging.amount;
        let mut notes = lost_attributes::sentences(&summary, |path| staging.seen.contains_key(path));
        if let Some(target) = staging.take_target() {
            let committed = put_in_place(self.outside, target, amount.bytes).map_err(Stop::Refused)?;
            notes.extend(committed.losses);
        }
        Ok(Told { amount, skipped, warnings: summary.notes, notes, damaged: None })
    }

    fn not_there(&self, what: &str) -> Stop {
        Stop::Refused(Failure::new("not_found", format!("{}: {what}", self.name)))
    }
}

fn is_at_or_below(path: &[u8], directory: &[u8]) -> bool {
    let rest = path.strip_prefix(directory);
    directory.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/'))
}

/// Whether `path` would be a part of `database`, if that is one: without it the newest transactions are missing.
fn is_companion(path: &[u8], database: &[u8]) -> bool {
    path.strip_prefix(database).is_some_and(|suffix| COMPANIONS.contains(&suffix))
}

/// The same of a path as people are shown it.
fn is_shown_at_or_below(path: &str, directory: &[u8]) -> bool {
    is_at_or_below(path.as_bytes(), shown(directory).as_bytes())
}

fn answer(outer: &Archive<'_>, part: Part, told: Told) -> Restored {
    let manifest = &outer.manifest;
    Restored {
        backup_id: manifest.slug().to_owned(),
        name: manifest.name().to_owned(),
        date: manifest.date_text().to_owned(),
        dry_run: false,
        amount: told.amount,
        homeassistant_version: manifest.homeassistant_version().map(str::to_owned),
        restored_homeassistant: false,
        restored_database: false,
        key: part.label,
        skipped: told.skipped,
        warnings: part.note.into_iter().chain(told.warnings).collect(),
        notes: told.notes,
        dangling: Vec::new(),
        damaged: told.damaged,
    }
}
