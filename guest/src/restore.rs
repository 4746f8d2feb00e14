//! Restoring: a home, its database alone, or single paths, from a backup into a staged target.
//!
//! Everything is checked while it is staged; only a backup that was good to its last byte is put in place.

use std::collections::{HashMap, HashSet};

use crate::archive::{Entry, Kind, Summary, Visit, shown};
use crate::error::{Failure, Result, UNREADABLE};
use crate::home::Home;
use crate::library;
use crate::links;
use crate::model::{Amount, ExtractRequest, RestoreRequest, Restored, Skipped};
use crate::ports::{Outside, Scope, Target, Writer};
use crate::progress::Progress;
use crate::verify::{self, Archive};
use crate::version::is_newer;

/// What belongs to the recorder's database, in the home.
const DATABASE: [&[u8]; 2] = [b"home-assistant_v2.db", b"home-assistant_v2.db-wal"];
/// Memory that the database's users share; it must not outlive the database it belongs to.
const DATABASE_MEMORY: &[u8] = b"home-assistant_v2.db-shm";
const BACKUPS: &[u8] = b"backups";

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
    if choice == Choice::Database {
        staging.must_hold_database(name)?;
    }
    if let Some(target) = &target {
        outside.report(PUT_IN_PLACE, 0, None);
        target.commit()?;
        staging.look_for_dangling(target.as_ref());
    }
    let mut left_behind = left_behind(request, &outer, &summary);
    left_behind.append(&mut staging.only_links);
    left_behind.extend(staging.unwanted_link.take().filter(|_| request.restore_database));
    Ok(restored(&outer, choice, request.dry_run, home.label, &staging, left_behind))
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
    target.commit()?;
    Ok(restored(&outer, Choice::Everything, false, home.label, &staging, verify::skipped(&summary)))
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
            (false, false) => Err(Failure::new(UNREADABLE, NEITHER)),
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
    let database = DATABASE[0];
    Restored {
        backup_id: manifest.slug().to_owned(),
        name: manifest.name().to_owned(),
        date: manifest.date_text().to_owned(),
        dry_run,
        amount: staging.amount,
        homeassistant_version: manifest.homeassistant_version().map(str::to_owned),
        restored_homeassistant: choice != Choice::Database,
        // Not what the manifest says: that only knows whether a database was left out, not whether there was one.
        restored_database: staging.seen.contains(database) && !staging.links.contains_key(database),
        key,
        skipped,
        dangling: staging.dangling.clone(),
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
    /// Symbolic links among them, and what they say.
    links: HashMap<Vec<u8>, Vec<u8>>,
    dangling: Vec<Skipped>,
    /// What the home needs, and of which nothing but a link came back.
    only_links: Vec<Skipped>,
    /// The database, when the backup has a link for it and the home keeps what it has.
    unwanted_link: Option<Skipped>,
}

impl<'a> Staging<'a> {
    fn new(target: Option<&'a dyn Target>, wanted: &'a dyn Fn(&Entry) -> bool) -> Self {
        let (seen, links, dangling) = (HashSet::new(), HashMap::new(), Vec::new());
        let amount = Amount::default();
        Self {
            target,
            wanted,
            writer: None,
            amount,
            seen,
            links,
            dangling,
            only_links: Vec::new(),
            unwanted_link: None,
        }
    }

    /// A link is no database: what it leads to is not where it is.
    fn must_hold_database(&self, name: &str) -> Result<()> {
        let [database, _] = DATABASE;
        let why = match self.links.get(database) {
            Some(target) => {
                format!("the database in this backup is only a symbolic link to {}", shown(target))
            }
            None if self.seen.contains(database) => return Ok(()),
            None => "there is no database in this backup".to_owned(),
        };
        Err(Failure::new("backup_unsupported", format!("{name}: {why}")))
    }

    /// Names the links that lead nowhere, now that they are in place.
    fn look_for_dangling(&mut self, target: &dyn Target) {
        // The restore is done: nothing can make it fail any more.
        for path in target.dangling().unwrap_or_default() {
            let reason = links::dangling(self.links.get(&path).map(Vec::as_slice).unwrap_or_default());
            let list = if links::is_important(&path) { &mut self.only_links } else { &mut self.dangling };
            list.push(Skipped { path: shown(&path), reason });
        }
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
        if let Kind::Symlink(target) = &entry.kind {
            self.links.insert(entry.path.clone(), target.clone());
        }
        self.seen.insert(entry.path.clone());
    }
}

impl Visit for Staging<'_> {
    type Error = Failure;

    fn entry(&mut self, entry: &Entry) -> Result<()> {
        if !(self.wanted)(entry) {
            if let (Kind::Symlink(target), true) = (&entry.kind, entry.path == DATABASE[0]) {
                let path = shown(&entry.path);
                self.unwanted_link = Some(Skipped { path, reason: links::kept_instead(target) });
            }
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
