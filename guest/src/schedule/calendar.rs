//! The next run, and whether one is due.
//!
//! Owns the decision. Refuses to start anything, and to look at the settings or the clock by itself.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use larder_zone::Zone;

use super::slots::{Slot, Slots};
use super::{GRACE, History, Schedule, reason};

/// A schedule in its place.
#[derive(Debug, Clone, Copy)]
pub struct Calendar<'a> {
    pub schedule: &'a Schedule,
    pub zone: Zone,
    /// A random number from 0 to [`super::MAX_JITTER_SECONDS`], drawn once. It counts only where no time is set, and not for a
    /// run that is already planned.
    pub jitter_seconds: u32,
}

/// The next run, and why then.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Next {
    /// None when nothing is scheduled; never before the `now` that it was asked for.
    pub at: Option<DateTime<Utc>>,
    /// Whether it makes up for a missed run on a day that is none of the schedule's own.
    pub additional: bool,
    /// For people.
    pub reason: String,
}

/// What to do at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wake {
    /// Why to start a backup now; none when it is not the time.
    pub run: Option<String>,
    /// The next run: where one is to start now, the one after it.
    pub next: Next,
}

/// What is known at an instant.
struct Outlook<'a> {
    slots: Slots<'a>,
    now: DateTime<Utc>,
    /// The last day that had its attempt, and those to come that had theirs before the clock was set back.
    done: BTreeSet<NaiveDate>,
    /// The first run that is still to be done.
    first: Option<Slot>,
    /// The day whose run was cut off and is to be made up.
    cut_off: Option<NaiveDate>,
    /// Whether a run is to be made up though no day before `now` lacks one: it was cut off, or only the plan knows of it,
    /// since the home never had an attempt.
    owed: bool,
}

impl Calendar<'_> {
    /// The next run after all that is known. A run that is due now and was not started counts as missed here: ask
    /// [`Self::wake`] first where it could still be started.
    pub fn next(&self, history: &History, now: DateTime<Utc>) -> Next {
        self.outlook(history, now).next()
    }

    /// Whether to start a backup now, and when to be woken next. Changes nothing: asked again, it says the same, until
    /// the result of [`Self::start`] is what is asked about.
    pub fn wake(&self, history: &History, now: DateTime<Utc>) -> Wake {
        let outlook = self.outlook(history, now);
        match outlook.due() {
            Some(run) => Wake { run: Some(run), next: self.start(history, now).1 },
            None => Wake { run: None, next: outlook.next() },
        }
    }

    /// What is known once an automatic backup starts now, by the schedule or by hand: to be stored before it does
    /// anything. The next run is already planned in it.
    pub fn start(&self, history: &History, now: DateTime<Utc>) -> (History, Next) {
        let mut history = history.with_attempt(now);
        let next = self.next(&history, now);
        history.planned = next.at;
        (history, next)
    }

    /// The next runs, if all goes well and nothing is changed; fewer than `count` when there are no more.
    pub fn upcoming(&self, history: &History, now: DateTime<Utc>, count: usize) -> Vec<Next> {
        let mut next = self.next(history, now);
        let mut history = history.clone();
        let mut all = Vec::new();
        while let (Some(at), true) = (next.at, all.len() < count) {
            all.push(next);
            (history, next) = self.start(&history, at);
        }
        all
    }

    fn outlook(&self, history: &History, now: DateTime<Utc>) -> Outlook<'_> {
        let slots = Slots::new(self.schedule, self.zone, self.jitter_seconds, history.planned);
        let (past, ahead): (Vec<_>, Vec<_>) = history.attempts().partition(|at| *at <= now);
        let latest = past.into_iter().max().map(|at| slots.day(at));
        let cut_off = latest.filter(|date| history.interrupted && is_cut_off(&slots, history, *date));
        let unmet = slots.planned.is_some_and(|(date, _)| !slots.is_regular(date)) && latest.is_none();
        let over = latest.unwrap_or_else(|| before_any(&slots, now));
        let done: BTreeSet<NaiveDate> = ahead.into_iter().map(|at| slots.day(at)).chain(latest).collect();
        let wanted = |slot: &Slot| slots.is_regular(slot.date) && !done.contains(&slot.date);
        let first = slots.behind(over).find(wanted);
        Outlook { slots, now, done, first, cut_off, owed: unmet || cut_off.is_some() }
    }
}

/// Whether the last day's only attempt was cut off and is to be made up. One that made up for another is not: it might
/// never end.
fn is_cut_off(slots: &Slots<'_>, history: &History, latest: NaiveDate) -> bool {
    let is_latest = |at: DateTime<Utc>| slots.day(at) == latest;
    let only = history.last_attempted.is_some_and(is_latest) && !history.others().any(is_latest);
    only && slots.is_regular(latest)
}

/// The last day that is over in a home that had no attempt yet: what was planned is not.
fn before_any(slots: &Slots<'_>, now: DateTime<Utc>) -> NaiveDate {
    let today = slots.day(now);
    let planned = slots.planned.filter(|(date, _)| *date <= today);
    planned.and_then(|(date, _)| date.pred_opt()).unwrap_or(today)
}

impl Outlook<'_> {
    /// Why the plan is to be carried out now, if it is.
    fn due(&self) -> Option<String> {
        let (date, at) = self.slots.planned?;
        let late = self.now.signed_duration_since(at);
        let open = !self.done.contains(&date);
        let wanted = self.slots.is_regular(date) || self.missed_before(date);
        let in_time = self.now >= at && late <= GRACE;
        let slot = self.slots.of(date).filter(|_| open && wanted && in_time)?;
        Some(reason::late(self.say(&slot), late))
    }

    fn missed_before(&self, date: NaiveDate) -> bool {
        self.owed || self.first.is_some_and(|first| first.date < date)
    }

    fn next(&self) -> Next {
        let missed = self.owed || self.first.is_some_and(|first| first.at < self.now);
        let slot = if missed { self.next_daily() } else { self.first };
        match slot {
            Some(slot) => Next {
                at: Some(slot.at),
                additional: !self.slots.is_regular(slot.date),
                reason: self.say(&slot),
            },
            None => Next { at: None, additional: false, reason: reason::none(self.slots.schedule) },
        }
    }

    /// The next daily time: today's, if that is still to come.
    fn next_daily(&self) -> Option<Slot> {
        let today = self.slots.day(self.now);
        let mut days = self.slots.behind(today.pred_opt()?);
        days.find(|slot| slot.at >= self.now && !self.done.contains(&slot.date))
    }

    fn say(&self, slot: &Slot) -> String {
        let schedule = self.slots.schedule;
        let missed = self.first.map(|first| first.date).filter(|first| *first < slot.date);
        let missed = match self.cut_off {
            Some(date) => Some(reason::cut_off(date)),
            None => missed.map(reason::missed),
        };
        if self.slots.is_regular(slot.date) {
            reason::regular(schedule, slot, missed)
        } else {
            reason::made_up(schedule, slot, missed)
        }
    }
}
