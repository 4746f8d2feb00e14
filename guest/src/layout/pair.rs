//! Which objects of a listing are backups: each record with its archive.
//!
//! Names what is wrong, one object at a time. Deletes nothing, and says of no object that it may be deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Included, Unbounded};

use super::content::{FoundRecord, read_record};
use super::kind::Layout;
use super::names::{self, Names, is_archive, is_record};
use super::record::Record;
use crate::archive::shown;

/// A listing, sorted out. Objects of other programs are in none of the lists.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Paired {
    /// Sorted by the archive's name.
    pub backups: Vec<PairedBackup>,
    /// Sorted by the record's name.
    pub problems: Vec<Problem>,
    /// Archives to which no record leads, with their sizes: an upload is on its way or was cut off, or the record was deleted. In the local
    /// layout these are the backups, and nothing is wrong with them.
    pub unrecorded: Vec<(String, u64)>,
    /// Whether every record could be read. If not, one of `unrecorded` may belong to a record that could not.
    pub is_complete: bool,
}

/// A backup whose archive is there, with the size that its record names.
#[derive(Debug, Clone, PartialEq)]
pub struct PairedBackup {
    pub names: Names,
    pub record: Record,
    /// Further records that lead to the same archive. They are among the problems.
    pub other_records: Vec<String>,
}

/// A record that is not listed as a backup.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The object.
    pub name: String,
    /// A sentence.
    pub reason: String,
    /// What the record says, if it could be read.
    pub record: Option<Record>,
    /// The archive that it leads to, if one is there.
    pub archive: Option<String>,
}

/// Sorts out a whole listing. `records` holds the contents of the objects that [`is_record`] accepts, or why one could not be
/// read (a sentence).
pub fn pair(
    layout: Layout,
    objects: &[(String, u64)],
    records: &BTreeMap<String, Result<Vec<u8>, String>>,
) -> Paired {
    let listing = Listing::new(layout, objects);
    let mut paired = Paired { is_complete: true, ..Paired::default() };
    // The records that lead to each archive.
    let mut candidates: BTreeMap<String, Vec<(String, FoundRecord)>> = BTreeMap::new();
    for name in listing.sizes.keys().filter(|name| is_record(layout, name)) {
        let content = match records.get(*name) {
            Some(Ok(content)) => Ok(content),
            Some(Err(reason)) => Err(reason.clone()),
            None => Err(format!("the record `{}` was not read; list again", shown(name.as_bytes()))),
        };
        paired.is_complete &= content.is_ok();
        let found = content.and_then(|content| read_record(layout, name, content));
        match found.map_err(|reason| (None, reason)).and_then(|found| listing.archive_of(name, found)) {
            Ok((archive, found)) => candidates.entry(archive).or_default().push(((*name).to_owned(), found)),
            Err((found, reason)) => paired.problems.push(listing.problem(name, found, reason)),
        }
    }
    for (archive, found) in candidates {
        choose(layout, archive, found, &mut paired);
    }
    paired.problems.sort_by(|a, b| a.name.cmp(&b.name));
    paired.unrecorded = listing.unrecorded(&paired);
    paired
}

/// The objects to delete, in this order: no record may be left without its archive, since Home Assistant lists it.
pub fn delete_order(backup: &PairedBackup) -> Vec<String> {
    let records = backup.names.record.iter().chain(&backup.other_records);
    records.chain([&backup.names.archive]).cloned().collect()
}

/// One record of an archive describes the backup: the one that is named as we would name it, or else the first. The others are named.
fn choose(layout: Layout, archive: String, mut found: Vec<(String, FoundRecord)>, paired: &mut Paired) {
    found.sort_by_cached_key(|(name, found)| !is_canonical(layout, name, found));
    let mut found = found.into_iter();
    let Some((chosen, FoundRecord { record, .. })) = found.next() else { return };
    let mut other_records = Vec::new();
    for (name, other) in found {
        let reason = format!(
            "`{}` leads to the same archive as `{}`; delete one of the two records",
            shown(name.as_bytes()),
            shown(chosen.as_bytes())
        );
        other_records.push(name.clone());
        let archive = Some(archive.clone());
        paired.problems.push(Problem { name, reason, record: Some(other.record), archive });
    }
    let names = Names { archive, record: Some(chosen) };
    paired.backups.push(PairedBackup { names, record, other_records });
}

fn is_canonical(layout: Layout, name: &str, found: &FoundRecord) -> bool {
    let record = &found.record;
    names::names(layout, &record.name, &record.date, &record.backup_id)
        .is_ok_and(|names| names.record.as_deref() == Some(name))
}

/// The objects of a location by name.
struct Listing<'a> {
    layout: Layout,
    sizes: BTreeMap<&'a str, u64>,
    /// Everything that ends in `.tar`.
    tars: BTreeSet<&'a str>,
}

/// A problem with a record, and the record as far as it could be read.
type Unpaired = (Option<Box<FoundRecord>>, String);

impl<'a> Listing<'a> {
    fn new(layout: Layout, objects: &'a [(String, u64)]) -> Self {
        let sizes: BTreeMap<_, _> = objects.iter().map(|(name, size)| (name.as_str(), *size)).collect();
        let tars = sizes.keys().copied().filter(|name| name.ends_with(names::TAR)).collect();
        Self { layout, sizes, tars }
    }

    /// The archive of a record, with the size that the record names. A record without a size gets the archive's.
    fn archive_of(&self, name: &str, mut found: FoundRecord) -> Result<(String, FoundRecord), Unpaired> {
        let archive = match self.find(&found.archive) {
            Ok(archive) => archive,
            Err(why) => {
                let reason = format!("the record `{}` {why}", shown(name.as_bytes()));
                return Err((Some(Box::new(found)), reason));
            }
        };
        let actual = self.sizes.get(archive).copied().unwrap_or_default();
        match found.size {
            Some(wanted) if wanted != actual => {
                let reason = format!(
                    "the archive `{}` has {actual} bytes, but its record names {wanted}: it was cut off or replaced; \
                     use another copy of the backup",
                    shown(archive.as_bytes())
                );
                Err((Some(Box::new(found)), reason))
            }
            _ => {
                found.record.size = actual;
                Ok((archive.to_owned(), found))
            }
        }
    }

    /// The archive of the given name or, in the B2 layout, the only one whose name begins so. The error completes a sentence.
    fn find(&self, wanted: &str) -> Result<&'a str, String> {
        if let Some(exact) = self.tars.get(wanted) {
            return Ok(exact);
        }
        let missing = || {
            let wanted = shown(wanted.as_bytes());
            Err(format!("leads to the archive `{wanted}`, which is not there; delete the record"))
        };
        if self.layout != Layout::B2 {
            return missing();
        }
        let start = names::base(wanted);
        let mut similar = self
            .tars
            .range::<str, _>((Included(start), Unbounded))
            .take_while(|name| name.starts_with(start));
        match (similar.next(), similar.next()) {
            (Some(one), None) => Ok(one),
            (Some(one), Some(two)) => Err(format!(
                "fits several archives: `{}` and `{}`; rename or delete all but one",
                shown(one.as_bytes()),
                shown(two.as_bytes())
            )),
            (None, _) => missing(),
        }
    }

    fn problem(&self, name: &str, found: Option<Box<FoundRecord>>, reason: String) -> Problem {
        let archive = match &found {
            Some(found) => self.find(&found.archive).ok().map(str::to_owned),
            None => self.beside(name),
        };
        Problem { name: name.to_owned(), reason, record: found.map(|found| found.record), archive }
    }

    /// The archive beside a record that could not be read, by the names alone.
    fn beside(&self, record: &str) -> Option<String> {
        let archive = format!("{}{}", names::record_base(self.layout, record)?, names::TAR);
        let is_beside = names::record_of(self.layout, &archive).as_deref() == Some(record);
        (is_beside && self.tars.contains(archive.as_str())).then_some(archive)
    }

    fn unrecorded(&self, paired: &Paired) -> Vec<(String, u64)> {
        let of_backups = paired.backups.iter().map(|backup| backup.names.archive.as_str());
        let of_problems = paired.problems.iter().filter_map(|problem| problem.archive.as_deref());
        let recorded: BTreeSet<&str> = of_backups.chain(of_problems).collect();
        let is_unrecorded = |name: &str| is_archive(self.layout, name) && !recorded.contains(name);
        let archives = self.sizes.iter().filter(|(name, _)| is_unrecorded(name));
        archives.map(|(name, size)| ((*name).to_owned(), *size)).collect()
    }
}
