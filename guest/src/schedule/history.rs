//! What a home remembers of its automatic backups, as far as the schedule needs it.
//!
//! Owns what an attempt changes. Refuses to judge whether an attempt went well: for the schedule it does not matter.

use chrono::{DateTime, Utc};

use super::REMEMBERED;

/// All of it outlives a restart: the first two stand in Home Assistant's document, the others are Larder's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// When the last automatic backup started; saved before it does anything.
    pub last_attempted: Option<DateTime<Utc>>,
    /// When the last automatic backup ended well.
    pub last_completed: Option<DateTime<Utc>>,
    /// The run that was announced: `at` of the last [`super::Next`]. None when the settings changed since.
    pub planned: Option<DateTime<Utc>>,
    /// Starts of earlier attempts, newest first, at most [`REMEMBERED`]. Without them all is well but after the clock
    /// was set back by more than a day: then days that had their run have it again.
    pub earlier: Vec<DateTime<Utc>>,
    /// Whether the last attempt never ended: the machine or the program stopped in it. To be set at start-up, where the
    /// stored state says that an attempt is under way, and to be kept until the next one starts, which clears it.
    pub interrupted: bool,
}

impl History {
    /// Every known attempt, also those that are to come, as the clock was set back.
    pub(super) fn attempts(&self) -> impl Iterator<Item = DateTime<Utc>> {
        self.others().chain(self.last_attempted)
    }

    /// All but the last that started.
    pub(super) fn others(&self) -> impl Iterator<Item = DateTime<Utc>> {
        self.earlier.iter().copied().chain(self.last_completed)
    }

    /// The same with an attempt that starts now, and nothing planned yet.
    pub(super) fn with_attempt(&self, now: DateTime<Utc>) -> Self {
        let earlier = self.last_attempted.into_iter().chain(self.earlier.iter().copied());
        Self {
            last_attempted: Some(now),
            last_completed: self.last_completed,
            planned: None,
            earlier: earlier.take(REMEMBERED).collect(),
            interrupted: false,
        }
    }
}
