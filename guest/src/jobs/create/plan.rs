//! The plan of a backup: the home's entries without the excluded ones, in the order in which they are written.
//!
//! Reads no file content. A preview and a backup use the same plan.

use std::collections::BTreeMap;

use crate::archive::{Entry, Exclude, Kind, shown};
use crate::error::Result;
use crate::home::links;
use crate::home::recorder::DATABASE;
use crate::model::{Excluded, FileSize, Skipped, Totals};
use crate::ports::{Destination, Listed, Snapshot};

/// Home Assistant cannot restore the database alone if this file is missing.
const DATABASE_LOG: &[u8] = b"home-assistant_v2.db-wal";
/// Entries requested at once.
const BATCH: u32 = 1000;
/// How many of the largest files a preview lists.
const LARGEST: usize = 10;

/// An entry to write.
pub struct Planned {
    pub entry: Entry,
    /// The same for every name of one file.
    pub identity: Option<u64>,
    /// Whether it is not in the home: an empty file that readers rely on.
    pub is_made_up: bool,
}

/// The entries to write, and what is left out.
#[derive(Default)]
pub struct Plan {
    pub entries: Vec<Planned>,
    pub totals: Totals,
    pub excluded: Vec<Excluded>,
    pub skipped: Vec<Skipped>,
    /// Symbolic links that lead out of the home.
    pub links_out: u64,
    /// Whether the recorder's database itself is among the entries, not only a link to one outside the home.
    pub has_database: bool,
}

impl Plan {
    /// Lists the home and applies the exclusions.
    pub fn make(snapshot: &dyn Snapshot, exclude: &Exclude) -> Result<Self> {
        let mut plan = Self::default();
        let mut exclusions = Exclusions { exclude, below: None, last: None, excluded: BTreeMap::new() };
        loop {
            let batch = snapshot.entries(BATCH)?;
            if batch.is_empty() {
                break;
            }
            batch.into_iter().for_each(|listed| plan.add_listed(snapshot, listed, &mut exclusions));
        }
        plan.excluded = exclusions.excluded.into_values().collect();
        plan.add_database_log();
        plan.sort_top_level_files_first();
        Ok(plan)
    }

    fn add_listed(&mut self, snapshot: &dyn Snapshot, listed: Listed, exclusions: &mut Exclusions<'_>) {
        match listed {
            Listed::Unusable { path, reason } if !exclusions.excludes(&path, 0, false) => {
                self.skipped.push(Skipped { path: shown(&path), reason });
            }
            Listed::Entry { entry, identity } => {
                let size = if let Kind::File(size) = entry.kind { size } else { 0 };
                if !exclusions.excludes(&entry.path, size, entry.kind == Kind::Directory) {
                    self.note_links(snapshot, &entry);
                    self.add(Planned { entry, identity, is_made_up: false });
                }
            }
            Listed::Unusable { .. } => {}
        }
    }

    /// Notes the database and where links lead. A link in place of something that the home needs is reported.
    fn note_links(&mut self, snapshot: &dyn Snapshot, entry: &Entry) {
        let path = entry.path.as_slice();
        self.has_database |= path == DATABASE && matches!(entry.kind, Kind::File(_));
        let Kind::Symlink(target) = &entry.kind else { return };
        // A link that has vanished is stored as it was listed. Where it led cannot be found out any more.
        let Ok(destination) = snapshot.leads(path) else { return };
        self.links_out += u64::from(destination == Destination::Outside);
        self.has_database |= path == DATABASE && destination == Destination::Inside;
        if let (true, Some(reason)) = (links::is_important(path), links::stored(target, destination)) {
            self.skipped.push(Skipped { path: shown(path), reason });
        }
    }

    fn add(&mut self, planned: Planned) {
        match planned.entry.kind {
            Kind::Directory => self.totals.directories += 1,
            Kind::Symlink(_) | Kind::HardLink(_) => self.totals.links += 1,
            Kind::File(size) => {
                self.totals.files += 1;
                self.totals.bytes += size;
            }
        }
        self.entries.push(planned);
    }

    /// Adds an empty write-ahead log after a database that has none. A link to a database needs none here.
    fn add_database_log(&mut self) {
        let at = |path: &[u8]| self.entries.iter().position(|planned| planned.entry.path == path);
        let (Some(database), None) = (at(DATABASE), at(DATABASE_LOG)) else { return };
        let of = self.entries.get(database).map(|planned| planned.entry.clone());
        let Some(of) = of.filter(|of| matches!(of.kind, Kind::File(_))) else { return };
        let entry = Entry { path: DATABASE_LOG.to_vec(), kind: Kind::File(0), ..of };
        self.totals.files += 1;
        self.entries.insert(database + 1, Planned { entry, identity: None, is_made_up: true });
    }

    /// Sorts the files at the top of the home to the front. The recorder's database is one of them and most of the work: workers
    /// are busy with it while the job continues with thousands of small files.
    fn sort_top_level_files_first(&mut self) {
        let is_file = |planned: &Planned| planned.entry.kind != Kind::Directory;
        let is_at_top = |path: &[u8]| !path.contains(&b'/');
        self.entries.sort_by_key(|planned| match planned.entry.path.as_slice() {
            b"" => 0,
            path if is_at_top(path) && is_file(planned) => 1,
            _ => 2,
        });
    }

    /// The largest files, largest first.
    pub fn largest(&self) -> Vec<FileSize> {
        let files = self.entries.iter().filter_map(|planned| match planned.entry.kind {
            Kind::File(size) => Some((size, planned.entry.path.as_slice())),
            _ => None,
        });
        let mut files: Vec<_> = files.collect();
        files.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        files.into_iter().take(LARGEST).map(|(size, path)| FileSize { path: shown(path), size }).collect()
    }
}

/// Applies the exclusions during a walk, in which the contents of a directory follow it directly.
struct Exclusions<'a> {
    exclude: &'a Exclude,
    /// The excluded directory that the walk is in, and its pattern.
    below: Option<(Vec<u8>, String)>,
    /// The previous entry, and the pattern that excluded it, if one did.
    last: Option<(Vec<u8>, Option<String>)>,
    excluded: BTreeMap<String, Excluded>,
}

impl Exclusions<'_> {
    fn excludes(&mut self, path: &[u8], size: u64, is_directory: bool) -> bool {
        let above = self.below.as_ref().filter(|(directory, _)| is_below(path, directory));
        let is_inside = above.is_some();
        let decided = above.map(|(_, pattern)| Some(pattern.clone())).or_else(|| self.of_database(path));
        let decided = decided.unwrap_or_else(|| self.exclude.excluded(path).map(str::to_owned));
        self.last = Some((path.to_vec(), decided.clone()));
        let Some(pattern) = decided.filter(|_| !path.is_empty()) else { return false };
        if is_directory && !is_inside {
            self.below = Some((path.to_vec(), pattern.clone()));
        }
        let count =
            self.excluded.entry(pattern.clone()).or_insert(Excluded { pattern, entries: 0, bytes: 0 });
        count.entries += 1;
        count.bytes += size;
        true
    }
}

impl Exclusions<'_> {
    /// For the log of a database: what was decided about the database. Neither is of use without the other. A log is listed
    /// directly after its database.
    fn of_database(&self, path: &[u8]) -> Option<Option<String>> {
        let (last, decided) = self.last.as_ref()?;
        (path.strip_prefix(last.as_slice()) == Some(b"-wal")).then(|| decided.clone())
    }
}

fn is_below(path: &[u8], directory: &[u8]) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.first() == Some(&b'/'))
}
