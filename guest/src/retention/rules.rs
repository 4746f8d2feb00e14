//! The retention rules: which backups each of them keeps, with the reason.
//!
//! Owns counting and periods. Does not combine rules.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use larder_zone::Zone;

use super::record::Record;

/// The backups that a rule keeps, by index, with the reason for each.
pub(super) type Kept = BTreeMap<usize, String>;

#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    Days(u32),
    Copies(u32),
    Generations(Period, u32),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Period {
    Day,
    Week,
    Month,
    Year,
}

impl Rule {
    /// What the rule keeps of a list of backups, newest first.
    pub fn kept(self, newest_first: &[(usize, &Record)], now: DateTime<Utc>, zone: Zone) -> Kept {
        match self {
            Self::Days(count) => {
                let young = newest_first.iter().filter(|(_, backup)| is_young(backup, count, now));
                young
                    .map(|(at, _)| (*at, format!("not older than {}", counted(count, "day", "days"))))
                    .collect()
            }
            Self::Copies(count) => {
                let newest = newest_first.iter().take(size(count));
                newest.map(|(at, _)| (*at, newest_copies(count))).collect()
            }
            Self::Generations(period, count) => period.kept(newest_first, size(count), zone),
        }
    }
}

/// Why a backup that no rule keeps is deleted.
pub(super) fn dropped(rules: &[Rule]) -> String {
    let mut reasons = Vec::new();
    let mut generations = Vec::new();
    for rule in rules {
        match rule {
            Rule::Days(count) => reasons.push(format!("older than {}", counted(*count, "day", "days"))),
            Rule::Copies(count) => reasons.push(format!("beyond {}", counted(*count, "copy", "copies"))),
            Rule::Generations(period, count) => generations.push(format!("{} {count}", period.key())),
        }
    }
    if !generations.is_empty() {
        reasons.push(format!("not kept by {}", generations.join(", ")));
    }
    match reasons.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => reasons.concat(),
    }
}

impl Period {
    /// The newest backup in each of the last `count` periods that have one.
    fn kept(self, newest_first: &[(usize, &Record)], count: usize, zone: Zone) -> Kept {
        let mut seen = BTreeSet::new();
        let names = newest_first.iter().map(|(at, backup)| (*at, self.name(backup, zone)));
        let newest = names.filter(|(_, name)| seen.insert(name.clone())).take(count);
        newest.map(|(at, name)| (at, format!("newest of the {name} ({} {count})", self.key()))).collect()
    }

    fn key(self) -> &'static str {
        match self {
            Self::Day => "keep_daily",
            Self::Week => "keep_weekly",
            Self::Month => "keep_monthly",
            Self::Year => "keep_yearly",
        }
    }

    /// The period of a backup, in the home's time zone.
    fn name(self, backup: &Record, zone: Zone) -> String {
        let form = match self {
            Self::Day => "day %Y-%m-%d",
            Self::Week => "week %G-W%V",
            Self::Month => "month %Y-%m",
            Self::Year => "year %Y",
        };
        backup.date.with_timezone(&zone).format(form).to_string()
    }
}

fn is_young(backup: &Record, days: u32, now: DateTime<Utc>) -> bool {
    now.signed_duration_since(backup.date) <= TimeDelta::days(days.into())
}

fn newest_copies(count: u32) -> String {
    match count {
        1 => "the newest copy".to_owned(),
        _ => format!("one of the {count} newest copies"),
    }
}

fn counted(count: u32, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

fn size(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
