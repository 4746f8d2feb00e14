//! Restoring: a home or its database alone, from a backup into a staged target.
//!
//! Everything is checked while it is staged; only a backup that was good to its last byte is put in place.

pub mod staging;

use crate::archive::{Summary, shown};
use crate::error::{Failure, Result, UNREADABLE};
use crate::home::Home;
use crate::home::links;
use crate::home::version::is_newer;
use crate::jobs::progress::Progress;
use crate::jobs::restore::staging::Staging;
use crate::jobs::verify;
use crate::jobs::verify::judge;
use crate::jobs::verify::{Archive, Part};
use crate::jobs::{library, lost_attributes, space};
use crate::model::{RestoreRequest, Restored, Skipped};
use crate::ports::{Committed, Outside, Scope, Target};

/// The recorder's database and what is one unit with it: SQLite takes whatever log or journal lies beside a database for its own.
const DATABASE: &[u8] = b"home-assistant_v2.db";
const DATABASE_FILES: [&[u8]; 4] =
    [DATABASE, b"home-assistant_v2.db-wal", b"home-assistant_v2.db-journal", b"home-assistant_v2.db-shm"];
const BACKUPS: &[u8] = b"backups";
/// Bytes that are read back at once: some seconds of a slow disk.
const CHECKED: u64 = 128 << 20;

/// The stage in which a home is replaced.
pub const PUT_IN_PLACE: &str = "put_in_place";
/// Home Assistant's words, and its reason.
const NEITHER: &str = "Home Assistant or database must be included in restore";
const OF_A_SUPERVISOR: &str = "Addons and folders are not supported in core restore";

/// Refuses what only a Supervisor restores.
fn check_parts(request: &RestoreRequest) -> Result<()> {
    match request.restore_addons.is_empty() && request.restore_folders.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(UNREADABLE, OF_A_SUPERVISOR)),
    }
}

/// Restores what is asked for, whole or not at all.
pub fn restore(outside: &dyn Outside, request: &RestoreRequest) -> Result<Restored> {
    let opened = library::open(outside, &request.read.backup)?;
    check_parts(request)?;
    let mut outer = verify::outer(&opened)?;
    let choice = Choice::of(request, outer.manifest.database_included())?;
    let name = &opened.object.name;
    judge::restorable(&outer).map_err(|failure| failure.about(name))?;
    check_manifest(outside, request, &outer, choice)?;
    let mut home = verify::home(&mut outer, &request.read.unlock, name)?;
    let wanted = |path: &[u8]| choice.wants(path);
    let scope = choice.scope(request.elsewhere);
    let (target, available) = match request.dry_run {
        true => (None, outside.rehearse_target(&scope, request.force)?),
        false => {
            let target = outside.target(&scope, request.force)?;
            let available = target.available();
            (Some(target), available)
        }
    };
    let room = Room { what: "the restore", available };
    let is_dry_run = target.is_none();
    if !is_dry_run {
        room.must_hold(outside, &mut outer, &mut home, name, Staging::new(None, &wanted))?;
    }
    let mut staging = Staging::new(target, &wanted);
    let progress = Progress::new(outside, "home_assistant", home.member.size);
    let staged = stage_all(outside, &mut outer, &mut home, name, progress, &mut staging);
    let summary = staged.map_err(|failure| {
        room.explain(failure, outside, &mut outer, &mut home, name, Staging::new(None, &wanted))
    })?;
    if is_dry_run {
        room.must_be(staging.need.total())?;
    }
    if choice == Choice::Database {
        must_hold_database(&staging, name)?;
    }
    let mut notes = lost_attributes::sentences(&summary, |path| staging.seen.contains_key(path));
    let (only_links, dangling) = match staging.take_target() {
        Some(target) => {
            let committed = put_in_place(outside, target, staging.amount.bytes)?;
            notes.extend(committed.losses);
            described(committed.dangling, &staging)
        }
        None => Default::default(),
    };
    let mut left_behind = left_behind(request, &outer, &summary);
    left_behind.extend(only_links);
    let keeps_own = request.restore_database && choice == Choice::WithoutDatabase;
    left_behind.extend(staging.unwanted_link.take().filter(|_| keeps_own));
    let restored = restored(&outer, choice, request.dry_run, home.label, &staging, left_behind);
    let warnings = home.note.into_iter().chain(summary.notes).collect();
    Ok(Restored { warnings, notes, dangling, ..restored })
}

/// Walks through a part and stages what is wanted, in a second walk what the first could not know to be wanted.
pub fn stage_all(
    outside: &dyn Outside,
    outer: &mut Archive<'_>,
    part: &mut Part,
    name: &str,
    mut progress: Progress<'_>,
    staging: &mut Staging<'_>,
) -> Result<Summary> {
    let walked = verify::read_through(outside, outer, part, name, &mut progress, staging);
    let summary = staging.enough(walked)?;
    if let Some(mut late) = staging.late() {
        let walked = verify::read_through(outside, outer, part, name, &mut progress, &mut late);
        staging.enough(walked)?;
    }
    progress.finish();
    Ok(summary)
}

/// The space of a restore or an extraction.
pub struct Room {
    pub what: &'static str,
    /// Bytes that may be written.
    pub available: u64,
}

impl Room {
    /// Refuses what will not fit, before anything is staged: by a walk that writes nothing, unless there is plenty of space. `counting`
    /// is a staging without a target.
    pub fn must_hold(
        &self,
        outside: &dyn Outside,
        outer: &mut Archive<'_>,
        part: &mut Part,
        name: &str,
        counting: Staging<'_>,
    ) -> Result<()> {
        match space::is_plenty(self.available, part.member.size) {
            true => Ok(()),
            false => self.must_be(needed(outside, outer, part, name, counting)?),
        }
    }

    pub fn must_be(&self, needed: u64) -> Result<()> {
        let advice = "or choose a directory on another disk with --to";
        space::must_fit(self.what, needed, Some(self.available), advice)
    }

    /// A failure for which there was no room after all says the whole need, too.
    pub fn explain(
        &self,
        failure: Failure,
        outside: &dyn Outside,
        outer: &mut Archive<'_>,
        part: &mut Part,
        name: &str,
        counting: Staging<'_>,
    ) -> Failure {
        if failure.code != space::NO_SPACE {
            return failure;
        }
        let refused = needed(outside, outer, part, name, counting).and_then(|needed| self.must_be(needed));
        refused.err().filter(|refused| refused.code == space::NO_SPACE).unwrap_or(failure)
    }
}

/// What staging it would take.
fn needed(
    outside: &dyn Outside,
    outer: &mut Archive<'_>,
    part: &mut Part,
    name: &str,
    mut counting: Staging<'_>,
) -> Result<u64> {
    let progress = Progress::new(outside, "check_space", part.member.size);
    stage_all(outside, outer, part, name, progress, &mut counting)?;
    Ok(counting.need.total())
}

/// Reads back what was staged, then puts it in place.
pub fn put_in_place(outside: &dyn Outside, target: Box<dyn Target>, bytes: u64) -> Result<Committed> {
    let mut progress = Progress::new(outside, PUT_IN_PLACE, bytes);
    loop {
        match target.check(CHECKED)? {
            0 => break,
            checked => progress.add(checked),
        }
    }
    progress.finish();
    Ok(target.commit()?)
}

/// A link is no database: what it leads to is not where it is.
fn must_hold_database(staging: &Staging<'_>, name: &str) -> Result<()> {
    let why = match staging.links.get(DATABASE) {
        Some(target) => format!("the database in this backup is only a symbolic link to {}", shown(target)),
        None if staging.seen.contains_key(DATABASE) => return Ok(()),
        None => "there is no database in this backup".to_owned(),
    };
    Err(Failure::new("backup_unsupported", format!("{name}: {why}")))
}

/// The links that lead nowhere, now that they are in place: those that the home needs, and the rest.
fn described(dangling: Vec<Vec<u8>>, staging: &Staging<'_>) -> (Vec<Skipped>, Vec<Skipped>) {
    let (needed, others): (Vec<_>, Vec<_>) = dangling.into_iter().partition(|path| links::is_important(path));
    let named = |paths: Vec<Vec<u8>>| {
        let says = |path: &Vec<u8>| staging.links.get(path).map(Vec::as_slice).unwrap_or_default();
        paths.iter().map(|path| Skipped { path: shown(path), reason: links::dangling(says(path)) }).collect()
    };
    (named(needed), named(others))
}

/// Which part of a home is restored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Everything,
    WithoutDatabase,
    Database,
}

impl Choice {
    /// A backup without the database replaces none: the home would lose the one it has for nothing.
    fn of(request: &RestoreRequest, has_database: bool) -> Result<Self> {
        match (request.restore_homeassistant, request.restore_database) {
            (true, true) if has_database || request.elsewhere => Ok(Self::Everything),
            (true, true) => Ok(Self::WithoutDatabase),
            (true, false) => Ok(Self::WithoutDatabase),
            (false, true) => Ok(Self::Database),
            (false, false) => Err(Failure::new(UNREADABLE, NEITHER)),
        }
    }

    fn wants(self, path: &[u8]) -> bool {
        let is_database = DATABASE_FILES.contains(&path);
        match self {
            Self::Everything => true,
            Self::WithoutDatabase => !is_database,
            Self::Database => is_database,
        }
    }

    fn scope(self, elsewhere: bool) -> Scope {
        let database = DATABASE_FILES.map(<[u8]>::to_vec).to_vec();
        let backups = BACKUPS.to_vec();
        match self {
            _ if elsewhere => Scope::Add,
            Self::Everything => Scope::AllBut(vec![backups]),
            Self::WithoutDatabase => Scope::AllBut([vec![backups], database].concat()),
            Self::Database => Scope::Only(database),
        }
    }
}

fn check_manifest(
    outside: &dyn Outside,
    request: &RestoreRequest,
    outer: &Archive<'_>,
    choice: Choice,
) -> Result<()> {
    let manifest = &outer.manifest;
    let version = manifest.homeassistant_version().unwrap_or_default();
    if choice == Choice::Database && !manifest.database_included() {
        return Err(Failure::new(
            "backup_unsupported",
            format!(
                "{} was made without the database, or with nothing but a symbolic link to it",
                shown(manifest.name().as_bytes())
            ),
        ));
    }
    if request.elsewhere || request.force {
        return Ok(());
    }
    match &Home::read(outside, outside.snapshot().as_ref()).version? {
        Some(own) if is_newer(version, own) => {
            let message = format!(
                "{} was made by Home Assistant {}, this home runs {own}: update it first, or restore with --force",
                shown(manifest.name().as_bytes()),
                shown(version.as_bytes())
            );
            Err(Failure::new("backup_too_new", message))
        }
        _ => Ok(()),
    }
}

/// What was asked for and does not come back. Who asks for a part of the home does not ask for add-ons and folders.
fn left_behind(request: &RestoreRequest, outer: &Archive<'_>, summary: &Summary) -> Vec<Skipped> {
    match (request.restore_homeassistant, request.restore_database) {
        (true, true) => verify::unrestorable(outer, summary),
        (true, false) => verify::skipped(summary),
        (false, _) => Vec::new(),
    }
}

fn restored(
    outer: &Archive<'_>,
    choice: Choice,
    dry_run: bool,
    key: Option<String>,
    staging: &Staging<'_>,
    skipped: Vec<Skipped>,
) -> Restored {
    let manifest = &outer.manifest;
    Restored {
        backup_id: manifest.slug().to_owned(),
        name: manifest.name().to_owned(),
        date: manifest.date_text().to_owned(),
        dry_run,
        amount: staging.amount,
        homeassistant_version: manifest.homeassistant_version().map(str::to_owned),
        restored_homeassistant: choice != Choice::Database,
        // Not what the manifest says: that only knows whether a database was left out, not whether there was one.
        restored_database: staging.seen.contains_key(DATABASE) && !staging.links.contains_key(DATABASE),
        key,
        skipped,
        warnings: Vec::new(),
        damaged: None,
        notes: Vec::new(),
        dangling: Vec::new(),
    }
}
