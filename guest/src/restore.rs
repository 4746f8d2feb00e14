//! Restoring: a home or its database alone, from a backup into a staged target.
//!
//! Everything is checked while it is staged; only a backup that was good to its last byte is put in place.

use crate::archive::{Summary, shown};
use crate::error::{Failure, Result};
use crate::home::{Home, is_newer};
use crate::lost;
use crate::model::{RestoreRequest, Restored, Skipped};
use crate::ports::{Outside, Scope, Target};
use crate::progress::Progress;
use crate::staging::Staging;
use crate::verify::{self, Archive, Part};
use crate::{judge, library};

/// The recorder's database and what is one unit with it: SQLite takes whatever log or journal lies beside a database for its own.
const DATABASE: &[u8] = b"home-assistant_v2.db";
const DATABASE_FILES: [&[u8]; 4] =
    [DATABASE, b"home-assistant_v2.db-wal", b"home-assistant_v2.db-journal", b"home-assistant_v2.db-shm"];
const BACKUPS: &[u8] = b"backups";
/// Bytes that are read back at once: some seconds of a slow disk.
const CHECKED: u64 = 128 << 20;

/// Restores what is asked for, whole or not at all.
pub fn restore(outside: &dyn Outside, request: &RestoreRequest) -> Result<Restored> {
    let opened = library::open(outside, &request.read.backup)?;
    let mut outer = verify::outer(&opened)?;
    let choice = Choice::of(request, outer.manifest.database_included())?;
    let name = &opened.object.name;
    judge::restorable(&outer).map_err(|failure| failure.about(name))?;
    check_manifest(outside, request, &outer, choice)?;
    let mut home = verify::home(&mut outer, &request.read.unlock, name)?;
    let target = match request.dry_run {
        true => None,
        false => Some(outside.target(&choice.scope(request.elsewhere), request.force)?),
    };
    let wanted = |path: &[u8]| choice.wants(path);
    let mut staging = Staging::new(target.as_deref(), &wanted);
    let progress = Progress::new(outside, "home_assistant", home.member.size);
    let summary = stage_all(outside, &mut outer, &mut home, name, progress, &mut staging)?;
    if choice == Choice::Database && staging.amount.files == 0 {
        return Err(Failure::new(
            "backup_unsupported",
            format!("{name}: there is no database in this backup"),
        ));
    }
    let mut notes = lost::sentences(&summary, |path| staging.seen.contains_key(path));
    if let Some(target) = &target {
        notes.extend(put_in_place(outside, target.as_ref(), staging.amount.bytes)?);
    }
    let left_behind = left_behind(request, &outer, &summary);
    let restored = restored(&outer, choice, request.dry_run, home.label, &staging, left_behind);
    Ok(Restored { warnings: summary.notes, notes, ..restored })
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

/// Reads back what was staged, then puts it in place. What could not be kept, for people.
pub fn put_in_place(outside: &dyn Outside, target: &dyn Target, bytes: u64) -> Result<Vec<String>> {
    let mut progress = Progress::new(outside, "put_in_place", bytes);
    loop {
        match target.check(CHECKED)? {
            0 => break,
            checked => progress.add(checked),
        }
    }
    progress.finish();
    Ok(target.commit()?)
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
            (false, false) => {
                Err(Failure::invalid("nothing to restore: choose the configuration, the database or both"))
            }
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
            format!("{} was made without the database", shown(manifest.name().as_bytes())),
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
        restored_database: staging.seen.contains_key(DATABASE),
        key,
        skipped,
        warnings: Vec::new(),
        damaged: None,
        notes: Vec::new(),
    }
}
