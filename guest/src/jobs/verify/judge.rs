//! Whether a backup can be restored here: the one judge that `verify` and `restore` ask.
//!
//! Owns what a backup must hold, and how much of it one restore can hold. Reads no contents.

use crate::archive::{Entry, Kind, shown};
use crate::error::{Failure, Result};
use crate::jobs::verify::Archive;
use crate::model::Skipped;

/// Bytes of memory that a host has for what waits until the end of a restore (`wit/files.wit`, `target`).
const WAITING: usize = 64 << 20;
/// What one of these costs beside its names.
const EACH: usize = 200;

/// By what `backup.json` says and by the members that are there. A failure says why not.
pub fn restorable(outer: &Archive<'_>) -> Result<()> {
    let (code, why) = match (outer.manifest.homeassistant_version(), outer.home()) {
        (Some(_), Some(_)) => return Ok(()),
        (Some(_), None) => (
            "backup_damaged",
            "damaged archive: backup.json promises a Home Assistant configuration, and the archive holds none; it was cut \
             off or changed: use another copy of the backup"
                .to_owned(),
        ),
        (None, Some(home)) => (
            "backup_unsupported",
            format!(
                "backup.json names no Home Assistant version, so Home Assistant does not restore {}; neither does Larder, \
                 but `larder extract` takes files out of it",
                shown(home.name.as_bytes())
            ),
        ),
        (None, None) => (
            "backup_unsupported",
            "it holds no Home Assistant configuration, only what a Supervisor restores (add-ons, folders); `larder show` \
             lists it"
                .to_owned(),
        ),
    };
    Err(Failure::new(code, why))
}

/// What `backup.json` promises and the archive lacks, beside the home.
pub fn missing(outer: &Archive<'_>) -> Vec<Skipped> {
    let has = |stem: &str| outer.members.iter().any(|member| member.part_name() == Some(stem));
    let reason = |stem: &str| {
        format!("backup.json promises it, and the archive has no {}.tar.gz", shown(stem.as_bytes()))
    };
    let manifest = &outer.manifest;
    let addons = manifest.addons().iter().filter(|addon| !has(&addon.slug)).map(|addon| Skipped {
        path: format!("add-on {} {}", addon.name, addon.version),
        reason: reason(&addon.slug),
    });
    let folders = manifest.folders().filter_map(|folder| {
        let stem = folder.replace('/', "_");
        (!has(&stem)).then(|| Skipped { path: format!("folder {folder}"), reason: reason(&stem) })
    });
    addons.chain(folders).collect()
}

/// What a restore has to remember until its end: directories, links, and the names at the top.
#[derive(Default)]
pub struct Burden {
    bytes: usize,
    last: Vec<u8>,
}

impl Burden {
    /// Counts another entry; a failure when a host could not hold it.
    pub fn add(&mut self, entry: &Entry) -> Result<()> {
        let first = entry.path.split(|byte| *byte == b'/').next().unwrap_or_default();
        if first != self.last.as_slice() {
            self.last = first.to_vec();
            self.count(first.len());
        }
        match &entry.kind {
            Kind::Directory => self.count(entry.path.len()),
            Kind::Symlink(target) | Kind::HardLink(target) => {
                self.count(entry.path.len().saturating_add(target.len()));
            }
            Kind::File(_) => {}
        }
        if self.bytes <= WAITING {
            return Ok(());
        }
        let message = format!(
            "over a limit: up to `{}` there are more directories, links and names directly in the home than one restore can \
             hold in {} MiB of memory; restore a part of it, or take parts out with `larder extract`",
            shown(&entry.path),
            WAITING >> 20
        );
        Err(Failure::new("backup_too_large", message))
    }

    fn count(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes).saturating_add(EACH);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Instant;

    fn entry(path: String, kind: Kind) -> Entry {
        let (user, group) = (String::new(), String::new());
        Entry {
            path: path.into_bytes(),
            kind,
            mode: 0o644,
            uid: 0,
            gid: 0,
            user,
            group,
            mtime: Instant::default(),
        }
    }

    /// How many of these fit, and what is said of the next.
    fn fitting(entries: impl Iterator<Item = Entry>) -> (usize, String) {
        let mut burden = Burden::default();
        for (count, entry) in entries.enumerate() {
            if let Err(failure) = burden.add(&entry) {
                return (count, failure.message);
            }
        }
        (usize::MAX, String::new())
    }

    #[test]
    fn four_hundred_thousand_files_directly_in_the_home_are_too_many_and_called_what_they_are() {
        let at_top = (0..400_000).map(|n| entry(format!("f{n:06}"), Kind::File(0)));
        let (count, said) = fitting(at_top);
        assert_eq!(count, (64 << 20) / 207);
        assert!(said.contains("`f324") && said.contains("names directly in the home"), "{said}");
    }

    #[test]
    fn a_million_files_in_one_directory_are_not() {
        let below = (0..1_000_000).map(|n| entry(format!("media/f{n:06}"), Kind::File(0)));
        assert_eq!(fitting(below).0, usize::MAX);
    }
}
