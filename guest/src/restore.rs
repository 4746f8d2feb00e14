//! Restoring: a home, its database alone, or single paths, from a backup into a staged target.
//!
//! Everything is checked while it is staged; only a backup that was good to its last byte is put in place.

use std::collections::HashSet;

use crate::archive::{Entry, Kind, Summary, Visit, shown};
use crate::error::{Failure, Result};
use crate::home::{Home, is_newer};
use crate::library;
use crate::lost;
use crate::model::{Amount, ExtractRequest, RestoreRequest, Restored, Skipped};
use crate::ports::{Outside, Scope, Target, Writer};
use crate::progress::Progress;
use crate::verify::{self, Archive};

/// What belongs to the recorder's database, in the home.
const DATABASE: [&[u8]; 2] = [b"home-assistant_v2.db", b"home-assistant_v2.db-wal"];
/// Memory that the database's users share; it must not outlive the database it belongs to.
const DATABASE_MEMORY: &[u8] = b"home-assistant_v2.db-shm";
const BACKUPS: &[u8] = b"backups";
/// Bytes that are read back at once: some seconds of a slow disk.
const CHECKED: u64 = 128 << 20;

/// Restores what is asked for, whole or not at all.
pub fn restore(outside: &dyn Outside, request: &RestoreRequest) -> Result<Restored> {
    let opened = library::open(outside, &request.read.backup)?;
    let mut outer = verify::outer(&opened)?;
    let choice = Choice::of(request, outer.manifest.database_included())?;
    check_manifest(outside, request, &outer, choice)?;
    let name = &opened.object.name;
    let mut home = verify::home(&mut outer, &request.read.unlock, name)?;
    let target = match request.dry_run {
        true => None,
        false => Some(outside.target(&choice.scope(request.elsewhere), request.force)?),
    };
    let wanted = |entry: &Entry| choice.wants(&entry.path);
    let mut staging = Staging::new(target.as_deref(), &wanted);
    let progress = Progress::new(outside, "home_assistant", home.member.size);
    let summary = verify::read_through(outside, &mut outer, &mut home, name, progress, &mut staging)?;
    if choice == Choice::Database && staging.amount.files == 0 {
        return Err(Failure::new(
            "backup_unsupported",
            format!("{name}: there is no database in this backup"),
        ));
    }
    let mut notes = lost::sentences(&summary, |path| staging.seen.contains(path));
    if let Some(target) = &target {
        notes.extend(put_in_place(outside, target.as_ref(), staging.amount.bytes)?);
    }
    let left_behind = left_behind(request, &outer, &summary);
    Ok(Restored { notes, ..restored(&outer, choice, request.dry_run, home.label, &staging, left_behind) })
}

/// Takes single files or directories out of a backup, into a directory.
pub fn extract(outside: &dyn Outside, request: &ExtractRequest) -> Result<Restored> {
    let opened = library::open(outside, &request.read.backup)?;
    let mut outer = verify::outer(&opened)?;
    let name = &opened.object.name;
    let mut home = verify::home(&mut outer, &request.read.unlock, name)?;
    let trimmed = request.paths.iter().map(|path| path.trim_matches('/').as_bytes().to_vec());
    let paths: Vec<Vec<u8>> =
        trimmed.map(|path| path.strip_prefix(b"data/").map_or(path.clone(), <[u8]>::to_vec)).collect();
    let target = outside.target(&Scope::Add, false)?;
    let wanted = |entry: &Entry| paths.iter().any(|path| is_at_or_below(&entry.path, path));
    let mut staging = Staging::new(Some(target.as_ref()), &wanted);
    let progress = Progress::new(outside, "extract", home.member.size);
    let summary = verify::read_through(outside, &mut outer, &mut home, name, progress, &mut staging)?;
    for path in &paths {
        let found = staging.seen.iter().any(|seen| is_at_or_below(seen, path));
        if !found {
            let message = format!("{name}: there is no {} in this backup", shown(path));
            return Err(Failure::new("not_found", message));
        }
    }
    let mut notes = lost::sentences(&summary, |path| staging.seen.contains(path));
    notes.extend(put_in_place(outside, target.as_ref(), staging.amount.bytes)?);
    let skipped = verify::skipped(&summary);
    Ok(Restored { notes, ..restored(&outer, Choice::Everything, false, home.label, &staging, skipped) })
}

/// Reads back what was staged, then puts it in place. What could not be kept, for people.
fn put_in_place(outside: &dyn Outside, target: &dyn Target, bytes: u64) -> Result<Vec<String>> {
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

fn is_at_or_below(path: &[u8], directory: &[u8]) -> bool {
    let rest = path.strip_prefix(directory);
    directory.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/'))
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
        let is_database = DATABASE.contains(&path);
        match self {
            Self::Everything => true,
            Self::WithoutDatabase => !is_database,
            Self::Database => is_database,
        }
    }

    fn scope(self, elsewhere: bool) -> Scope {
        let own = |names: &[&[u8]]| names.iter().map(|name| name.to_vec()).collect();
        let [database, log] = DATABASE;
        match self {
            _ if elsewhere => Scope::Add,
            Self::Everything => Scope::AllBut(own(&[BACKUPS])),
            Self::WithoutDatabase => Scope::AllBut(own(&[BACKUPS, database, log, DATABASE_MEMORY])),
            Self::Database => Scope::Only(own(&[database, log, DATABASE_MEMORY])),
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
    let Some(version) = manifest.homeassistant_version() else {
        let message = format!(
            "{} holds no Home Assistant configuration, only what a Supervisor restores (add-ons, folders); `larder show` \
             lists it",
            shown(manifest.name().as_bytes())
        );
        return Err(Failure::new("backup_unsupported", message));
    };
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
    let [database, _] = DATABASE;
    Restored {
        backup_id: manifest.slug().to_owned(),
        name: manifest.name().to_owned(),
        date: manifest.date_text().to_owned(),
        dry_run,
        amount: staging.amount,
        homeassistant_version: manifest.homeassistant_version().map(str::to_owned),
        restored_homeassistant: choice != Choice::Database,
        // Not what the manifest says: that only knows whether a database was left out, not whether there was one.
        restored_database: staging.seen.contains(database),
        key,
        skipped,
        notes: Vec::new(),
    }
}

/// Stages what is wanted; without a target it only counts.
struct Staging<'a> {
    target: Option<&'a dyn Target>,
    wanted: &'a dyn Fn(&Entry) -> bool,
    writer: Option<Box<dyn Writer>>,
    amount: Amount,
    /// Paths that were wanted and found.
    seen: HashSet<Vec<u8>>,
}

impl<'a> Staging<'a> {
    fn new(target: Option<&'a dyn Target>, wanted: &'a dyn Fn(&Entry) -> bool) -> Self {
        Self { target, wanted, writer: None, amount: Amount::default(), seen: HashSet::new() }
    }

    fn count(&mut self, entry: &Entry) {
        match entry.kind {
            Kind::Directory => self.amount.directories += 1,
            Kind::Symlink(_) | Kind::HardLink(_) => self.amount.links += 1,
            Kind::File(size) => {
                self.amount.files += 1;
                self.amount.bytes += size;
            }
        }
        self.seen.insert(entry.path.clone());
    }
}

impl Visit for Staging<'_> {
    type Error = Failure;

    fn entry(&mut self, entry: &Entry) -> Result<()> {
        if !(self.wanted)(entry) {
            return Ok(());
        }
        self.count(entry);
        let Some(target) = self.target else { return Ok(()) };
        match &entry.kind {
            Kind::File(_) => self.writer = Some(target.add_file(entry)?),
            // The other name may not be among what is wanted: then the file's content is not there to link to.
            Kind::HardLink(first) if !self.seen.contains(first) => {
                let message =
                    format!("{} is another name of {}: name that too", shown(&entry.path), shown(first));
                return Err(Failure::new("not_found", message));
            }
            _ => target.add(entry)?,
        }
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        match &self.writer {
            Some(writer) => Ok(writer.append(bytes)?),
            None => Ok(()),
        }
    }

    fn end_file(&mut self) -> Result<()> {
        match self.writer.take() {
            Some(writer) => Ok(writer.finish()?),
            None => Ok(()),
        }
    }
}
