//! The time that the home's clocks showed before somebody set them: what comes once a day came there already, and does not come again.

use std::collections::VecDeque;

use chrono::TimeDelta;

use crate::model::Timestamp;
use crate::options::automations::MAX_PAST;

/// Stretches of wall time that were lived through.
#[derive(Debug, Clone, Default)]
pub struct ClockHistory {
    /// When the present one began.
    began: Option<Timestamp>,
    ended: VecDeque<Interval>,
    /// What a clock that was set forward by a day or less passed over: it came once, afterwards.
    caught_up: VecDeque<Interval>,
    /// The clock was wrong before by more than a day: what it passed over is not made up.
    pub skips_gap: bool,
}

/// What a clock that is set forward by no more passes over is made up once, as after a sleep.
const CAUGHT_UP: TimeDelta = TimeDelta::days(1);

impl ClockHistory {
    pub fn begin(&mut self, now: Timestamp) {
        self.began.get_or_insert(now);
    }

    /// The clock was set by `by`: it showed `before` and shows `now`.
    pub fn clock_set(&mut self, by: TimeDelta, before: Timestamp, now: Timestamp) {
        self.skips_gap = by > CAUGHT_UP;
        if by > TimeDelta::zero() && !self.skips_gap {
            push_bounded(&mut self.caught_up, (before, now));
        }
        if let Some(began) = self.began.replace(now) {
            push_bounded(&mut self.ended, (began, before));
        }
    }

    /// What `next` finds behind `now` and was not lived through.
    pub fn next_unseen(
        &self,
        now: Timestamp,
        next: impl Fn(Timestamp) -> Option<Timestamp>,
    ) -> Option<Timestamp> {
        first_outside(now, next, &self.ended.iter().copied().collect::<Vec<_>>())
    }

    /// The same of what comes once a day at most, and was not made up either.
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
    // Each interval can be in the way once.
    for _ in 0..=intervals.len() {
        match end_of(found, intervals) {
            None => return Some(found),
            Some(end) => found = next(end)?,
        }
    }
    Some(found)
}

/// When the interval ended that holds a moment.
fn end_of(moment: Timestamp, intervals: &[Interval]) -> Option<Timestamp> {
    let holds = |(began, ended): &&Interval| *began < moment && moment <= *ended;
    intervals.iter().filter(holds).map(|(_, ended)| *ended).max()
}
