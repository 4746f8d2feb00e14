//! The time that the home's clocks showed before somebody set them: what comes once a day came there already, and does not come again.

use std::collections::VecDeque;

use crate::model::Timestamp;
use crate::options::automations::MAX_PAST;

/// Stretches of wall time that were lived through.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// When the present one began.
    began: Option<Timestamp>,
    ended: VecDeque<(Timestamp, Timestamp)>,
}

impl Past {
    pub fn begin(&mut self, now: Timestamp) {
        self.began.get_or_insert(now);
    }

    /// The clock showed `before` and shows `now`.
    pub fn turn(&mut self, before: Timestamp, now: Timestamp) {
        if let Some(began) = self.began.replace(now) {
            self.ended.push_back((began, before));
        }
        while self.ended.len() > MAX_PAST {
            self.ended.pop_front();
        }
    }

    /// What `next` finds behind `now` and was not lived through.
    pub fn first_new(
        &self,
        now: Timestamp,
        next: impl Fn(Timestamp) -> Option<Timestamp>,
    ) -> Option<Timestamp> {
        let mut found = next(now)?;
        // Each stretch can be in the way once.
        for _ in 0..=self.ended.len() {
            match self.end_of(found) {
                None => return Some(found),
                Some(end) => found = next(end)?,
            }
        }
        Some(found)
    }

    /// When the stretch ended that holds a moment.
    fn end_of(&self, moment: Timestamp) -> Option<Timestamp> {
        let holds = |(began, ended): &&(Timestamp, Timestamp)| *began < moment && moment <= *ended;
        self.ended.iter().filter(holds).map(|(_, ended)| *ended).max()
    }
}
