//! How long backups are kept, as a person set it.
//!
//! Owns its form in the stored document. Refuses to see a backup.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::rules::{Period, Rule};

/// `retention` of the automatic settings or of a location. Each number is a rule of its own; none and 0 are no rule.
/// `copies` and `days` are Home Assistant's and always written; the others are Larder's, written only when set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// The newest so many.
    pub copies: Option<u32>,
    /// Those made within so many times 24 hours.
    pub days: Option<u32>,
    /// The newest of each of the last so many local days that have one; likewise the others.
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

/// For people: `copies 3, keep_weekly 4`.
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
            none if none.is_empty() => f.write_str("everything is kept for ever"),
            set => f.write_str(&set.join(", ")),
        }
    }
}

impl Policy {
    /// Whether anything is ever deleted.
    pub fn is_active(&self) -> bool {
        !self.rules().is_empty()
    }

    /// The active ones, in the order in which reasons name them.
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
