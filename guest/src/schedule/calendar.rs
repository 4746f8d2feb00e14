//! Decides when the next run is, and whether one is due.
//!
//! Starts nothing. Gets the settings, the history and the time as arguments.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use larder_zone::Zone;

use super::slots::{Slot, Slots};
use super::{GRACE, History, Schedule, reason};

/// A schedule in a time zone.
#[derive(Debug, Clone, Copy)]
pub struct Calendar<'a> {
    pub schedule: &'a Schedule,
    pub zone: Zone,
    /// A random number from 0 to [`super::MAX_JITTER_SECONDS`], drawn once. Used only if no time is set, and not for a run that is
    /// already planned.
    pub jitter_seconds: u32,
}

/// The next run, with the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Next {
    /// `None` if nothing is scheduled. Never before the `now` of the call.
    pub at: Option<DateTime<Utc>>,
    /// Whether it makes up for a missed run, on a day that is not one of the schedule's.
    pub additional: bool,
    /// A sentence for display.
    pub reason: String,
}

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wake {
    /// Why a backup must start now; `None` if no run is due.
    pub run: Option<String>,
    /// The next run; if one is due now, the one after it.
    pub next: Next,
}

/// What follows from the history at an instant.
struct Outlook<'a> {
    slots: Slots<'a>,
    now: DateTime<Utc>,
    /// The last day with an attempt, and future days whose attempt was made before the clock was set back.
    done: BTreeSet<NaiveDate>,
    /// The first run that has not been attempted.
    first: Option<Slot>,
    /// The day whose run was interrupted and must be made up.
    interrupted: Option<NaiveDate>,
    /// Whether a run must be made up although every day before `now` has an attempt: it was interrupted, or the home has had no
    /// attempt at all and only the plan records the run.
    must_make_up: bool,
}

impl Calendar<'_> {
    /// The next run. A run that is due now but not started counts as missed; call [`Self::wake`] first if it can still be started.
    pub fn next(&self, history: &History, now: DateTime<Utc>) -> Next {
        self.outlook(history, now).next()
    }

    /// Whether to start a backup now, and when to wake next. Changes nothing: the answer stays the same until the caller stores
    /// the result of [`Self::start`].
    pub fn wake(&self, history: &History, now: DateTime<Utc>) -> Wake {
        self.woken(history, now, GRACE)
    }

    /// The same for a run that was due before and could not start yet: it is not missed, however late it is.
    pub fn wake_after_waiting(&self, history: &History, now: DateTime<Utc>) -> Wake {
        self.woken(history, now, TimeDelta::MAX)
    }

    fn woken(&self, history: &History, now: DateTime<Utc>, grace: TimeDelta) -> Wake {
        let outlook = self.outlook(history, now);
        match outlook.due(grace) {
            Some(run) => Wake { run: Some(run), next: self.start(history, now).1 },
            None => Wake { run: None, next: outlook.next() },
        }
    }

    /// The history after an automatic backup starts now, by the schedule or by hand, and the next run, which is already planned in
    /// it. Save the history before the backup does anything.
    pub fn start(&self, history: &History, now: DateTime<Utc>) -> (History, Next) {
        let mut history = history.with_attempt(now);
        let next = self.next(&history, now);
        history.planned = next.at;
        (history, next)
    }

    /// The next runs, assuming that each succeeds and no setting changes. Fewer than `count` if there are no more.
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
        let interrupted =
            latest.filter(|date| history.interrupted && is_to_be_repeated(&slots, history, *date));
        let unmet = slots.planned.is_some_and(|(date, _)| !slots.is_regular(date)) && latest.is_none();
        let over = latest.unwrap_or_else(|| day_before_first(&slots, now));
        let done: BTreeSet<NaiveDate> = ahead.into_iter().map(|at| slots.day(at)).chain(latest).collect();
        let wanted = |slot: &Slot| slots.is_regular(slot.date) && !done.contains(&slot.date);
        let first = slots.after(over).find(wanted);
        Outlook { slots, now, done, first, interrupted, must_make_up: unmet || interrupted.is_some() }
    }
}

/// Whether the interrupted attempt of the last day must be repeated. Only a regular first attempt is: repeating an attempt that
/// made up for another could go on forever.
fn is_to_be_repeated(slots: &Slots<'_>, history: &History, latest: NaiveDate) -> bool {
    let is_latest = |at: DateTime<Utc>| slots.day(at) == latest;
    let only = history.last_attempted.is_some_and(is_latest) && !history.others().any(is_latest);
    only && slots.is_regular(latest)
}

/// The day after which a home without any attempt looks for its first run: the day before the planned one, or today.
fn day_before_first(slots: &Slots<'_>, now: DateTime<Utc>) -> NaiveDate {
    let today = slots.day(now);
    let planned = slots.planned.filter(|(date, _)| *date <= today);
    planned.and_then(|(date, _)| date.pred_opt()).unwrap_or(today)
}

impl Outlook<'_> {
    /// Why the planned run is due now; `None` if it is not, or is later than `grace`.
    fn due(&self, grace: TimeDelta) -> Option<String> {
        let (date, at) = self.slots.planned?;
        let late = self.now.signed_duration_since(at);
        let open = !self.done.contains(&date);
        let wanted = self.slots.is_regular(date) || self.missed_before(date);
        let in_time = self.now >= at && late <= grace;
        let slot = self.slots.of(date).filter(|_| open && wanted && in_time)?;
        Some(reason::late(self.reason(&slot), late))
    }

    fn missed_before(&self, date: NaiveDate) -> bool {
        self.must_make_up || self.first.is_some_and(|first| first.date < date)
    }

    fn next(&self) -> Next {
        let missed = self.must_make_up || self.first.is_some_and(|first| first.at < self.now);
        let slot = if missed { self.next_daily() } else { self.first };
        match slot {
            Some(slot) => Next {
                at: Some(slot.at),
                additional: !self.slots.is_regular(slot.date),
                reason: self.reason(&slot),
            },
            None => Next { at: None, additional: false, reason: reason::none(self.slots.schedule) },
        }
    }

    /// The next daily time: today's if it has not passed, else tomorrow's.
    fn next_daily(&self) -> Option<Slot> {
        let today = self.slots.day(self.now);
        let mut days = self.slots.after(today.pred_opt()?);
        days.find(|slot| slot.at >= self.now && !self.done.contains(&slot.date))
    }

    fn reason(&self, slot: &Slot) -> String {
        let schedule = self.slots.schedule;
        let missed = self.first.map(|first| first.date).filter(|first| *first < slot.date);
        let missed = match self.interrupted {
            Some(date) => Some(reason::interrupted(date)),
            None => missed.map(reason::missed),
        };
        if self.slots.is_regular(slot.date) {
            reason::regular(schedule, slot, missed)
        } else {
            reason::made_up(schedule, slot, missed)
        }
    }
}
