//! The memory that a restore needs until its end: directories, links and the names at the top of the home.
//!
//! Files below a directory need none, since they are written immediately.

use crate::archive::{Entry, Kind, shown};
use crate::error::{Failure, Result};

/// Bytes of memory that a host has for entries that wait until the end of a restore (`wit/files.wit`, `target`).
const AVAILABLE: usize = 64 << 20;
/// Bytes that one such entry needs in addition to its names.
const ENTRY: usize = 200;

/// Counts the memory that a restore needs.
#[derive(Default)]
pub struct RestoreMemory {
    bytes: usize,
    /// The name at the top of the home that was counted last.
    last: Vec<u8>,
}

impl RestoreMemory {
    /// Counts another entry. Fails when a host could not hold it.
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
        if self.bytes <= AVAILABLE {
            return Ok(());
        }
        let message = format!(
            "over a limit: up to `{}` there are more directories, links and names directly in the home than one restore can \
             hold in {} MiB of memory; restore a part of it, or extract parts with `larder extract`",
            shown(&entry.path),
            AVAILABLE >> 20
        );
        Err(Failure::new("backup_too_large", message))
    }

    fn count(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes).saturating_add(ENTRY);
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

    /// How many of these fit, and the message about the next one.
    fn fitting(entries: impl Iterator<Item = Entry>) -> (usize, String) {
        let mut memory = RestoreMemory::default();
        for (count, entry) in entries.enumerate() {
            if let Err(failure) = memory.add(&entry) {
                return (count, failure.message);
            }
        }
        (usize::MAX, String::new())
    }

    #[test]
    fn four_hundred_thousand_files_directly_in_the_home_are_too_many() {
        let at_top = (0..400_000).map(|n| entry(format!("f{n:06}"), Kind::File(0)));
        let (count, message) = fitting(at_top);
        assert_eq!(count, (64 << 20) / 207);
        assert!(message.contains("`f324") && message.contains("names directly in the home"), "{message}");
    }

    #[test]
    fn a_million_files_in_one_directory_are_not() {
        let below = (0..1_000_000).map(|n| entry(format!("media/f{n:06}"), Kind::File(0)));
        assert_eq!(fitting(below).0, usize::MAX);
    }
}
