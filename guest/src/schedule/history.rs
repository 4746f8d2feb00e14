//! The history of automatic backups, as far as the schedule needs it.
//!
//! Owns how an attempt changes it. Ignores whether an attempt succeeded.

use chrono::{DateTime, Utc};

use super::REMEMBERED;

/// All of it is saved. The first two fields are in Home Assistant's document, the others are Larder's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// When the last automatic backup started. Saved before the backup does anything.
    pub last_attempted: Option<DateTime<Utc>>,
    /// When the last successful automatic backup ended.
    pub last_completed: Option<DateTime<Utc>>,
    /// The planned run: `at` of the last [`super::Next`]. `None` if the settings have changed since.
    pub planned: Option<DateTime<Utc>>,
    /// Starts of earlier attempts, newest first, at most [`REMEMBERED`]. They matter only after the clock was set back by more than
    /// a day: without them, days that have had their run would run again.
    pub earlier: Vec<DateTime<Utc>>,
    /// Whether the last attempt was interrupted because the machine or the program stopped. Set at start-up if the stored state
    /// says that an attempt is in progress; cleared when the next one starts.
    pub interrupted: bool,
}

impl History {
    /// Every known attempt. After the clock was set back, some are in the future.
    pub(super) fn attempts(&self) -> impl Iterator<Item = DateTime<Utc>> {
        self.others().chain(self.last_attempted)
    }

    /// Every known attempt but the last.
    pub(super) fn others(&self) -> impl Iterator<Item = DateTime<Utc>> {
        self.earlier.iter().copied().chain(self.last_completed)
    }

    /// The history with an attempt that starts now, and nothing planned.
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
