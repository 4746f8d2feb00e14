//! The data of a backup that retention needs.

use chrono::{DateTime, FixedOffset};

use crate::schedule::ScheduleName;

/// A backup as a location lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub backup_id: String,
    pub date: DateTime<FixedOffset>,
    pub origin: Origin,
    pub state: State,
}

/// Who made the backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// This instance, with its automatic settings.
    Automatic,
    /// This instance, by this schedule of `larder.toml`.
    Scheduled(ScheduleName),
    /// This instance, by hand.
    Manual,
    /// Another instance, or an unknown one.
    Foreign,
    /// Any origin, but it is marked as kept.
    Kept,
}

/// Whether the backup can be relied on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It was verified, and nothing bad is known of it.
    Good,
    /// It is damaged or incomplete, with the reason.
    Failed(String),
    /// It could not be verified, with the reason.
    Unverified(String),
}
