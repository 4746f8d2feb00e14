//! The retention settings: how long backups are kept.
//!
//! Owns their format in the stored document. Sees no backup.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::rules::{Period, Rule};

/// `retention` of the automatic settings or of a location. Each number is a rule; `None` and 0 mean no rule. `copies` and
/// `days` are Home Assistant's and always written; the others are Larder's and written only if set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Keep the newest N.
    pub copies: Option<u32>,
    /// Keep those of the last N times 24 hours.
    pub days: Option<u32>,
    /// Keep the newest of each of the last N local days that have one; the following rules likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_daily: Option<u32>,
    /// Weeks begin on Monday (ISO 8601).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_weekly: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_monthly: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_yearly: Option<u32>,
}

/// `copies 3, keep_weekly 4`.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [
            ("copies", self.copies),
            ("days", self.days),
            ("keep_daily", self.keep_daily),
            ("keep_weekly", self.keep_weekly),
            ("keep_monthly", self.keep_monthly),
            ("keep_yearly", self.keep_yearly),
        ];
        let set = named.into_iter().filter_map(|(name, count)| Some(format!("{name} {}", count?)));
        match set.collect::<Vec<_>>() {
            none if none.is_empty() => f.write_str("all backups are kept"),
            set => f.write_str(&set.join(", ")),
        }
    }
}

impl Policy {
    /// Whether there is a rule, so that backups are deleted.
    pub fn is_active(&self) -> bool {
        !self.rules().is_empty()
    }

    /// The active rules, in the order in which reasons name them.
    pub(super) fn rules(&self) -> Vec<Rule> {
        let generations = [
            (Period::Day, self.keep_daily),
            (Period::Week, self.keep_weekly),
            (Period::Month, self.keep_monthly),
            (Period::Year, self.keep_yearly),
        ];
        let set = |count: Option<u32>| count.filter(|count| *count > 0);
        let generation = |(period, count)| set(count).map(|count| Rule::Generations(period, count));
        let days = set(self.days).map(Rule::Days);
        let copies = set(self.copies).map(Rule::Copies);
        days.into_iter().chain(copies).chain(generations.into_iter().filter_map(generation)).collect()
    }
}
