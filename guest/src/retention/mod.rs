//! Decides which backups of one location are deleted, and why. Pure rules.
//!
//! Owns the decision and its reasons. Does not list, verify or delete: the caller says whether a backup is good, and carries out
//! the decisions. A dry run shows the same decisions.
//!
//! * Only automatic backups of this instance are deleted, and those that a schedule of `larder.toml` made. Manual, foreign and kept
//!   ones stay, and do not count for a rule.
//! * Each schedule has its own rules, and only its own backups count for them. Everything below holds for each by itself, Home
//!   Assistant's own included. Backups of a schedule that does not exist (any more) stay.
//! * A backup stays if **any** rule keeps it. Without a rule every backup stays. Home Assistant applies `copies` and `days` one
//!   after the other, and each deletes what it does not keep. With only one of them, which is all that its page offers, the
//!   result is the same; with both, Larder keeps more, so that adding a rule never deletes more.
//! * The newest good automatic backup always stays; if none is good, the newest one does.
//! * Only good backups count for a rule: a failed or unverified one never displaces a good one. It stays itself as long as a rule
//!   would keep it if it counted, so newer backups of any state displace it.
//! * A backup dated in the future (the clock was wrong) stays, and does not count until its date has come.
//! * Deciding again after the deletions deletes nothing more: each rule keeps the newest, and those still exist.

mod policies;
mod policy;
mod record;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use larder_zone::Zone;
use serde::Serialize;

pub use policies::Policies;
pub use policy::Policy;
pub use record::{Origin, Record, State};
use rules::{Kept, Rule};

/// The decision on one backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    pub backup_id: String,
    pub keep: bool,
    /// `kept: …` or `deleted: …`, for display.
    pub reason: String,
}

/// Decides on every backup of one location. The decisions are sorted by date, then by id; the order of `backups` does not matter.
/// `zone` is the home's time zone, in which days, weeks, months and years begin.
pub fn decide(backups: &[Record], policies: &Policies, now: DateTime<Utc>, zone: Zone) -> Vec<Decision> {
    let mut backups: Vec<&Record> = backups.iter().collect();
    backups.sort_by_key(|backup| (backup.date, &backup.backup_id, backup.origin, &backup.state));
    let counted = |(owner, policy)| (owner, Counted::new(&backups, owner, policy, now, zone));
    let owners: BTreeMap<Origin, Counted> = policies.owners().map(counted).collect();
    let decide = |(at, backup): (usize, &&Record)| match owners.get(&backup.origin) {
        Some(counted) => counted.decide(at, backup),
        None => stays(backup),
    };
    backups.iter().enumerate().map(decide).collect()
}

/// A backup that no schedule owns.
fn stays(backup: &Record) -> Decision {
    let why = match backup.origin {
        Origin::Kept => "marked as kept".to_owned(),
        Origin::Foreign => "made by another Home Assistant".to_owned(),
        Origin::Manual | Origin::Automatic => "made by hand".to_owned(),
        Origin::Scheduled(name) => {
            format!("made by the schedule {name}, which larder.toml does not have, or which cannot be used")
        }
    };
    Decision { backup_id: backup.backup_id.clone(), keep: true, reason: format!("kept: {why}") }
}

/// Everything that a decision on the backups of one owner depends on: on Home Assistant's automatic ones, or on those of one schedule.
/// Backups are identified by their index in the list, oldest first.
struct Counted {
    now: DateTime<Utc>,
    rules: Vec<Rule>,
    /// What each rule keeps, counting only good backups.
    good: Vec<Kept>,
    /// What each rule would keep if all backups counted.
    all: Vec<Kept>,
    newest_good: Option<usize>,
    /// The newest backup, if nothing else keeps any.
    last: Option<usize>,
}

impl Counted {
    fn new(backups: &[&Record], owner: Origin, policy: &Policy, now: DateTime<Utc>, zone: Zone) -> Self {
        let rules = policy.rules();
        let owned = |backup: &Record| backup.origin == owner;
        let counted = |(_, backup): &(usize, &Record)| owned(backup) && backup.date <= now;
        let newest_first = || backups.iter().copied().enumerate().rev();
        let all: Vec<_> = newest_first().filter(counted).collect();
        let good: Vec<_> = all.iter().copied().filter(|(_, backup)| backup.state == State::Good).collect();
        let each =
            |ranking: &[(usize, &Record)]| rules.iter().map(|rule| rule.kept(ranking, now, zone)).collect();
        let newest_good = good.first().map(|(at, _)| *at);
        let (kept_good, kept_all) = (each(&good), each(&all));
        let mut counted = Self { now, rules, good: kept_good, all: kept_all, newest_good, last: None };
        let mut all_owned = newest_first().filter(|(_, backup)| owned(backup));
        let any_stays = all_owned.clone().any(|(at, backup)| counted.decide(at, backup).keep);
        counted.last = all_owned.next().filter(|_| !any_stays).map(|(at, _)| at);
        counted
    }

    fn decide(&self, at: usize, backup: &Record) -> Decision {
        let by_rules = self.by_rules(at, backup);
        let kept = self.in_any_case(at, backup).or(by_rules);
        let keep = kept.is_some();
        let what = match kept {
            Some(why) => format!("kept: {why}"),
            None => format!("deleted: {}", rules::dropped(&self.rules)),
        };
        Decision { backup_id: backup.backup_id.clone(), keep, reason: what + &doubt(backup) }
    }

    /// Why a backup stays regardless of the rules. For the newest good backup, only if no rule keeps it.
    fn in_any_case(&self, at: usize, backup: &Record) -> Option<String> {
        let of = match backup.origin {
            Origin::Scheduled(name) => format!("of the schedule {name} in this location"),
            _ => "of this location".to_owned(),
        };
        match () {
            () if self.rules.is_empty() => Some("no retention rule is set".to_owned()),
            () if backup.date > self.now => {
                Some("its date is in the future, so the clock was wrong".to_owned())
            }
            () if self.by_rules(at, backup).is_some() => None,
            () if self.newest_good == Some(at) => {
                Some(format!("the newest good backup {of} is never deleted"))
            }
            () if self.last == Some(at) => Some(format!("the last backup {of} is never deleted")),
            () => None,
        }
    }

    /// The rules that keep a backup, as text; `None` if no rule does.
    fn by_rules(&self, at: usize, backup: &Record) -> Option<String> {
        let kept = if backup.state == State::Good { &self.good } else { &self.all };
        let reasons: Vec<&str> = kept.iter().filter_map(|kept| kept.get(&at)).map(String::as_str).collect();
        (!reasons.is_empty()).then(|| reasons.join(", "))
    }
}

/// Why a backup does not count.
fn doubt(backup: &Record) -> String {
    match &backup.state {
        State::Failed(why) => format!("; it does not count because it failed: {why}"),
        State::Unverified(why) => format!("; it does not count because it was not verified: {why}"),
        State::Good => String::new(),
    }
}
