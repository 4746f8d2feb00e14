//! The history of the home's clock: which wall times it has already shown.
//!
//! After the clock is set back, a trigger that fires once a day must not fire again for a time that has already
//! passed. This module only answers that question.

use std::collections::VecDeque;

use chrono::TimeDelta;

use crate::model::Timestamp;
use crate::tunables::automations::MAX_PAST;

/// Intervals of wall time that have already passed.
#[derive(Debug, Clone, Default)]
pub struct ClockHistory {
    /// Start of the current interval.
    began: Option<Timestamp>,
    ended: VecDeque<Interval>,
    /// Intervals that a clock set forward by a day or less skipped. Their daily triggers fired once, afterwards.
    caught_up: VecDeque<Interval>,
    /// The clock was set forward by more than a day, so it was wrong before: triggers in the gap are skipped.
    pub skips_gap: bool,
}

/// Triggers in a gap up to this length fire once, as after a sleep.
const LONGEST_CATCH_UP: TimeDelta = TimeDelta::days(1);

impl ClockHistory {
    /// Starts the first interval, unless there is one.
    pub fn begin(&mut self, now: Timestamp) {
        self.began.get_or_insert(now);
    }

    /// The clock was set by `by`: it showed `before` and shows `now`.
    pub fn clock_set(&mut self, by: TimeDelta, before: Timestamp, now: Timestamp) {
        self.skips_gap = by > LONGEST_CATCH_UP;
        if by > TimeDelta::zero() && !self.skips_gap {
            push_bounded(&mut self.caught_up, (before, now));
        }
        if let Some(began) = self.began.replace(now) {
            push_bounded(&mut self.ended, (began, before));
        }
    }

    /// The first result of `next` after `now` outside the intervals that have already passed.
    pub fn next_unseen(
        &self,
        now: Timestamp,
        next: impl Fn(Timestamp) -> Option<Timestamp>,
    ) -> Option<Timestamp> {
        first_outside(now, next, &self.ended.iter().copied().collect::<Vec<_>>())
    }

    /// Like `next_unseen`, for triggers that fire at most once a day: also excludes intervals that were caught up.
    pub fn next_unseen_daily(
        &self,
        now: Timestamp,
        next: impl Fn(Timestamp) -> Option<Timestamp>,
    ) -> Option<Timestamp> {
        first_outside(now, next, &self.ended.iter().chain(&self.caught_up).copied().collect::<Vec<_>>())
    }
}

type Interval = (Timestamp, Timestamp);

fn push_bounded(intervals: &mut VecDeque<Interval>, interval: Interval) {
    intervals.push_back(interval);
    while intervals.len() > MAX_PAST {
        intervals.pop_front();
    }
}

fn first_outside(
    now: Timestamp,
    next: impl Fn(Timestamp) -> Option<Timestamp>,
    intervals: &[Interval],
) -> Option<Timestamp> {
    let mut found = next(now)?;
    // Each interval can be skipped at most once.
    for _ in 0..=intervals.len() {
        match end_of(found, intervals) {
            None => return Some(found),
            Some(end) => found = next(end)?,
        }
    }
    Some(found)
}

/// The end of the interval that contains `moment`.
fn end_of(moment: Timestamp, intervals: &[Interval]) -> Option<Timestamp> {
    let holds = |(began, ended): &&Interval| *began < moment && moment <= *ended;
    intervals.iter().filter(holds).map(|(_, ended)| *ended).max()
}
