//! Warnings of a restore: attributes and links that could not be kept, counted by kind, with the first path of each
//! kind.
//!
//! Owns the sentences. No content is lost in any of these cases; that would be an error elsewhere.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;

use crate::disk::durable::message;
use crate::model::shown;

/// The kinds of warnings, in the order in which they are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Warning {
    Mode,
    Owner,
    Time,
    /// Another name became a separate file.
    HardLink,
    Symlink,
    /// A bit that would let others act with the owner's rights.
    SetId,
    /// A name reserved for Larder.
    Reserved,
    /// The restore may not survive a power cut.
    Durability,
    /// A second restore would not be detected.
    Lock,
}

#[derive(Default)]
struct Occurrences {
    count: u64,
    first: String,
    why: String,
}

/// Shared by a target, its writers and its swap.
#[derive(Default)]
pub(super) struct Warnings(Mutex<BTreeMap<Warning, Occurrences>>);

impl Warnings {
    /// Adds a warning about the entry at `path`, with the system's error if there is one.
    pub(super) fn add(&self, warning: Warning, path: &[u8], why: Option<Errno>) {
        let mut all = self.all();
        let occurrences = all.entry(warning).or_default();
        if occurrences.count == 0 {
            *occurrences =
                Occurrences { count: 0, first: shown(path), why: why.map(message).unwrap_or_default() };
        }
        occurrences.count += 1;
    }

    pub(super) fn sentences(&self) -> Vec<String> {
        self.all().iter().map(|(warning, occurrences)| occurrences.sentence(*warning)).collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Warning, Occurrences>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Occurrences {
    fn sentence(&self, warning: Warning) -> String {
        let subject = match self.count {
            0 | 1 => self.first.clone(),
            count => format!("{} and {} more", self.first, count - 1),
        };
        let why = if self.why.is_empty() { String::new() } else { format!(" ({})", self.why) };
        let keeps = |what: &str| {
            format!("{subject}: restored without {what}, which the file system does not keep{why}")
        };
        match warning {
            Warning::Mode => keeps("the mode"),
            Warning::Owner => keeps("the owner"),
            Warning::Time => keeps("the time of modification"),
            Warning::HardLink => {
                format!(
                    "{subject}: restored as a separate file, because the file system has no hard links{why}"
                )
            }
            Warning::Symlink => {
                format!("{subject}: left out, because the file system has no symbolic links{why}")
            }
            Warning::SetId => format!(
                "{subject}: restored without the set-user-id and set-group-id bits, which would let others act as its owner; \
                 --keep-setuid restores those of root"
            ),
            Warning::Reserved => format!("{subject}: left out, because such names are reserved for Larder"),
            Warning::Durability => format!(
                "the file system did not confirm that everything is on its disk{why}: do not switch the machine off in the next few minutes"
            ),
            Warning::Lock => format!(
                "the file system has no locks{why}: a second restore into the same directory would not be detected"
            ),
        }
    }
}
