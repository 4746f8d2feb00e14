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
    ended: VecDeque<Stretch>,
    /// What a clock that was set forward by a day or less passed over: it came once, afterwards.
    made_up: VecDeque<Stretch>,
    /// The clock was wrong before by more than a day: what it passed over is not made up.
    pub skips_gap: bool,
}

/// What a clock that is set forward by no more passes over is made up once, as after a sleep.
const MADE_UP: TimeDelta = TimeDelta::days(1);

impl ClockHistory {
    pub fn begin(&mut self, now: Timestamp) {
        self.began.get_or_insert(now);
    }

    /// The clock was set by `by`: it showed `before` and shows `now`.
    pub fn clock_set(&mut self, by: TimeDelta, before: Timestamp, now: Timestamp) {
        self.skips_gap = by > MADE_UP;
        if by > TimeDelta::zero() && !self.skips_gap {
            keep(&mut self.made_up, (before, now));
        }
        if let Some(began) = self.began.replace(now) {
            keep(&mut self.ended, (began, before));
        }
    }

    /// What `next` finds behind `now` and was not lived through.
    pub fn first_new(
        &self,
        now: Timestamp,
        next: impl Fn(Timestamp) -> Option<Timestamp>,
    ) -> Option<Timestamp> {
        first(now, next, &self.ended.iter().copied().collect::<Vec<_>>())
    }

    /// The same of what comes once a day at most, and was not made up either.
    pub fn first_new_of_day(
        &self,
        now: Timestamp,
        next: impl Fn(Timestamp) -> Option<Timestamp>,
    ) -> Option<Timestamp> {
        first(now, next, &self.ended.iter().chain(&self.made_up).copied().collect::<Vec<_>>())
    }
}

type Stretch = (Timestamp, Timestamp);

fn keep(stretches: &mut VecDeque<Stretch>, stretch: Stretch) {
    stretches.push_back(stretch);
    while stretches.len() > MAX_PAST {
        stretches.pop_front();
    }
}

fn first(
    now: Timestamp,
    next: impl Fn(Timestamp) -> Option<Timestamp>,
    stretches: &[Stretch],
) -> Option<Timestamp> {
    let mut found = next(now)?;
    // Each stretch can be in the way once.
    for _ in 0..=stretches.len() {
        match end_of(found, stretches) {
            None => return Some(found),
            Some(end) => found = next(end)?,
        }
    }
    Some(found)
}

/// When the stretch ended that holds a moment.
fn end_of(moment: Timestamp, stretches: &[Stretch]) -> Option<Timestamp> {
    let holds = |(began, ended): &&Stretch| *began < moment && moment <= *ended;
    stretches.iter().filter(holds).map(|(_, ended)| *ended).max()
}
