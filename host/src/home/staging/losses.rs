//! What a restore could not keep: counted by kind, the first path of each, one sentence each.
//!
//! Owns the words. What is lost here costs no contents; whatever would is an error elsewhere.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;

use crate::disk::durable::message;
use crate::model::shown;

/// What was lost. In the order in which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lost {
    Mode,
    Owner,
    Time,
    /// Another name became another file.
    HardLink,
    Symlink,
    /// A bit that would let others act as somebody else.
    SetId,
    /// A name that belongs to Larder.
    Reserved,
    /// The restore may not outlive a power cut.
    Durability,
    /// Two restores would not know of each other.
    Lock,
}

#[derive(Default)]
struct Loss {
    count: u64,
    first: String,
    why: String,
}

/// What a target, its writers and its swap share.
#[derive(Default)]
pub(super) struct Losses(Mutex<BTreeMap<Lost, Loss>>);

impl Losses {
    /// Something of the entry at `path` was lost, for a reason of the system's, if it gave one.
    pub(super) fn note(&self, lost: Lost, path: &[u8], why: Option<Errno>) {
        let mut all = self.all();
        let loss = all.entry(lost).or_default();
        if loss.count == 0 {
            *loss = Loss { count: 0, first: shown(path), why: why.map(message).unwrap_or_default() };
        }
        loss.count += 1;
    }

    pub(super) fn sentences(&self) -> Vec<String> {
        self.all().iter().map(|(lost, loss)| loss.sentence(*lost)).collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Lost, Loss>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loss {
    fn sentence(&self, lost: Lost) -> String {
        let who = match self.count {
            0 | 1 => self.first.clone(),
            count => format!("{} and {} more", self.first, count - 1),
        };
        let why = if self.why.is_empty() { String::new() } else { format!(" ({})", self.why) };
        let keeps =
            |what: &str| format!("{who}: restored without {what}, which the file system does not keep{why}");
        match lost {
            Lost::Mode => keeps("the mode"),
            Lost::Owner => keeps("the owner"),
            Lost::Time => keeps("the time of modification"),
            Lost::HardLink => {
                format!("{who}: restored as a file of its own, since the file system has no hard links{why}")
            }
            Lost::Symlink => format!("{who}: left out, since the file system has no symbolic links{why}"),
            Lost::SetId => format!(
                "{who}: restored without the set-user-id and set-group-id bits, with which others could act as its owner; \
                 --keep-setuid restores those of root"
            ),
            Lost::Reserved => format!("{who}: left out, since names that begin so belong to Larder"),
            Lost::Durability => format!(
                "the file system did not confirm that everything is on its disk{why}: do not switch off in the next minutes"
            ),
            Lost::Lock => format!(
                "the file system has no locks{why}: a second restore into the same directory would not be noticed"
            ),
        }
    }
}
