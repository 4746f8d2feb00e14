//! Decides which backups of one location are deleted, and why. Pure rules.
//!
//! Owns the decision and its reasons. Does not list, verify or delete: the caller says whether a backup is good, and carries out
//! the decisions. A dry run shows the same decisions.
//!
//! * Only automatic backups of this instance are deleted. Manual, foreign and kept ones stay, and do not count for a rule.
//! * A backup stays if **any** rule keeps it. Without a rule every backup stays. Home Assistant applies `copies` and `days` one
//!   after the other, and each deletes what it does not keep. With only one of them, which is all that its page offers, the
//!   result is the same; with both, Larder keeps more, so that adding a rule never deletes more.
//! * The newest good automatic backup always stays; if none is good, the newest one does.
//! * Only good backups count for a rule: a failed or unverified one never displaces a good one. It stays itself as long as a rule
//!   would keep it if it counted, so newer backups of any state displace it.
//! * A backup dated in the future (the clock was wrong) stays, and does not count until its date has come.
//! * Deciding again after the deletions deletes nothing more: each rule keeps the newest, and those still exist.

mod policy;
mod record;
mod rules;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use larder_zone::Zone;
use serde::Serialize;

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
pub fn decide(backups: &[Record], policy: &Policy, now: DateTime<Utc>, zone: Zone) -> Vec<Decision> {
    let mut backups: Vec<&Record> = backups.iter().collect();
    backups.sort_by_key(|backup| (backup.date, &backup.backup_id, backup.origin, &backup.state));
    let location = Location::new(&backups, policy, now, zone);
    let decide = |(at, backup): (usize, &&Record)| location.decide(at, backup);
    backups.iter().enumerate().map(decide).collect()
}

/// Everything that a decision depends on. Backups are identified by their index in the list, oldest first.
struct Location {
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

impl Location {
    fn new(backups: &[&Record], policy: &Policy, now: DateTime<Utc>, zone: Zone) -> Self {
        let rules = policy.rules();
        let automatic = |backup: &Record| backup.origin == Origin::Automatic;
        let counted = |(_, backup): &(usize, &Record)| automatic(backup) && backup.date <= now;
        let newest_first = || backups.iter().copied().enumerate().rev();
        let all: Vec<_> = newest_first().filter(counted).collect();
        let good: Vec<_> = all.iter().copied().filter(|(_, backup)| backup.state == State::Good).collect();
        let each =
            |ranking: &[(usize, &Record)]| rules.iter().map(|rule| rule.kept(ranking, now, zone)).collect();
        let newest_good = good.first().map(|(at, _)| *at);
        let (kept_good, kept_all) = (each(&good), each(&all));
        let mut location = Self { now, rules, good: kept_good, all: kept_all, newest_good, last: None };
        let mut automatics = newest_first().filter(|(_, backup)| automatic(backup));
        let any_stays = automatics.clone().any(|(at, backup)| location.decide(at, backup).keep);
        location.last = automatics.next().filter(|_| !any_stays).map(|(at, _)| at);
        location
    }

    fn decide(&self, at: usize, backup: &Record) -> Decision {
        let by_rules = self.by_rules(at, backup);
        let kept = self.in_any_case(at, backup).map(str::to_owned).or(by_rules);
        let keep = kept.is_some();
        let what = match kept {
            Some(why) => format!("kept: {why}"),
            None => format!("deleted: {}", rules::dropped(&self.rules)),
        };
        Decision { backup_id: backup.backup_id.clone(), keep, reason: what + &doubt(backup) }
    }

    /// Why a backup stays regardless of the rules. For the newest good backup, only if no rule keeps it.
    fn in_any_case(&self, at: usize, backup: &Record) -> Option<&'static str> {
        match backup.origin {
            Origin::Kept => Some("marked as kept"),
            Origin::Manual => Some("made by hand"),
            Origin::Foreign => Some("made by another Home Assistant"),
            Origin::Automatic if self.rules.is_empty() => Some("no retention rule is set"),
            Origin::Automatic if backup.date > self.now => {
                Some("its date is in the future, so the clock was wrong")
            }
            Origin::Automatic if self.by_rules(at, backup).is_some() => None,
            Origin::Automatic if self.newest_good == Some(at) => {
                Some("the newest good backup of this location is never deleted")
            }
            Origin::Automatic if self.last == Some(at) => {
                Some("the last backup of this location is never deleted")
            }
            Origin::Automatic => None,
        }
    }

    /// The rules that keep a backup, as text; `None` if no rule does.
    fn by_rules(&self, at: usize, backup: &Record) -> Option<String> {
        let kept = if backup.state == State::Good { &self.good } else { &self.all };
        let reasons: Vec<&str> = kept.iter().filter_map(|kept| kept.get(&at)).map(String::as_str).collect();
        (!reasons.is_empty()).then(|| reasons.join(", "))
    }
}

/// Why an automatic backup does not count. Other backups never count, so they get no reason.
fn doubt(backup: &Record) -> String {
    match (&backup.state, backup.origin) {
        (State::Failed(why), Origin::Automatic) => format!("; it does not count because it failed: {why}"),
        (State::Unverified(why), Origin::Automatic) => {
            format!("; it does not count because it was not verified: {why}")
        }
        _ => String::new(),
    }
}
