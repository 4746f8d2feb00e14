//! Which backups of one location go, and why: pure rules.
//!
//! Owns the decision with its reasons. Refuses to list, to delete, and to judge whether a backup is good: it is told.
//! What is decided is what is done: a dry run shows the same value.
//!
//! * Only automatic backups of this instance go; those made by hand or elsewhere, or kept by hand, are listed, and stay. They take
//!   no other's place.
//! * A backup stays if **any** rule keeps it, and all stay if there is no rule. Home Assistant carries out `copies` and
//!   `days` one after the other, each deleting what it does not keep; with only one of them, which is all that its page
//!   offers, both readings are the same. With both, Larder keeps more, so that another rule never deletes more.
//! * The newest good automatic backup stays, whatever the rules say; where none is good, the newest one does.
//! * Only good backups count for a rule: one that failed, or could not be verified, never takes the place of a good one. It
//!   stays itself only where it would if it counted; so newer backups of either kind push it out.
//! * One dated in the future (the clock was wrong) stays and does not count either, until its date has come.
//! * Decided again after it was done, nothing more goes: each rule keeps the newest of its kind, and those are still there.

mod policy;
mod rules;
#[cfg(test)]
mod tests;

use chrono::{DateTime, FixedOffset, Utc};
use larder_zone::Zone;
use serde::Serialize;

pub use policy::Policy;
use rules::{Kept, Rule};

/// A backup as a location lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub backup_id: String,
    pub date: DateTime<FixedOffset>,
    pub origin: Origin,
    pub state: State,
}

/// Whose backup it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Of this instance, with its automatic settings: the only kind that ever goes.
    Automatic,
    /// Of this instance, made by hand.
    Manual,
    /// Of another instance, or of one that is not said.
    Foreign,
    /// Whoever made it, a person keeps it.
    Kept,
}

/// Whether it can be relied on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing speaks against it. Also one that nobody tried to verify.
    Good,
    /// It is known to be broken or incomplete; why.
    Failed(String),
    /// To verify it was tried and did not work out; why.
    Unverified(String),
}

/// What becomes of one backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    pub backup_id: String,
    pub keep: bool,
    /// For people: `kept: …` or `deleted: …`.
    pub reason: String,
}

/// Decides on every backup of one location, oldest first, equally old ones by id; the order of `backups` does not
/// matter. `zone` is the home's: it says where days, weeks, months and years begin.
pub fn decide(backups: &[Record], policy: &Policy, now: DateTime<Utc>, zone: Zone) -> Vec<Decision> {
    let mut backups: Vec<&Record> = backups.iter().collect();
    backups.sort_by_key(|backup| (backup.date, &backup.backup_id, backup.origin, &backup.state));
    let location = Location::new(&backups, policy, now, zone);
    let decide = |(at, backup): (usize, &&Record)| location.decide(at, backup);
    backups.iter().enumerate().map(decide).collect()
}

/// All that one decision depends on. Backups are named by their place in the list, oldest first.
struct Location {
    now: DateTime<Utc>,
    rules: Vec<Rule>,
    /// What each rule keeps of the good ones.
    good: Vec<Kept>,
    /// What each rule would keep if all counted.
    all: Vec<Kept>,
    newest_good: Option<usize>,
    /// The newest one, where nothing else keeps any.
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
        let said = self.by_rules(at, backup);
        let kept = self.in_any_case(at, backup).map(str::to_owned).or(said);
        let keep = kept.is_some();
        let what = match kept {
            Some(why) => format!("kept: {why}"),
            None => format!("deleted: {}", rules::dropped(&self.rules)),
        };
        Decision { backup_id: backup.backup_id.clone(), keep, reason: what + &doubt(backup) }
    }

    /// Why it stays whatever the rules are; for the newest good one only where they do not keep it anyway.
    fn in_any_case(&self, at: usize, backup: &Record) -> Option<&'static str> {
        match backup.origin {
            Origin::Kept => Some("kept by hand"),
            Origin::Manual => Some("made by hand"),
            Origin::Foreign => Some("made by another Home Assistant"),
            Origin::Automatic if self.rules.is_empty() => Some("no rule is set, so none is ever deleted"),
            Origin::Automatic if backup.date > self.now => {
                Some("its date has not come yet; the clock was wrong")
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

    /// Which rules keep it, if any does.
    fn by_rules(&self, at: usize, backup: &Record) -> Option<String> {
        let kept = if backup.state == State::Good { &self.good } else { &self.all };
        let reasons: Vec<&str> = kept.iter().filter_map(|kept| kept.get(&at)).map(String::as_str).collect();
        (!reasons.is_empty()).then(|| reasons.join(", "))
    }
}

/// What speaks against it. Only said of automatic ones: nothing follows from it for others.
fn doubt(backup: &Record) -> String {
    match (&backup.state, backup.origin) {
        (State::Failed(why), Origin::Automatic) => format!("; it does not count, as it failed: {why}"),
        (State::Unverified(why), Origin::Automatic) => {
            format!("; it does not count, as it is not verified: {why}")
        }
        _ => String::new(),
    }
}
