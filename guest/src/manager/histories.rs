//! The history of each schedule in the stored document: Home Assistant's own, and those of `larder.toml`.
//!
//! Owns where each fact is stored. Saves nothing itself. A schedule is given by its name; `None` is Home Assistant's own.

use chrono::{DateTime, Utc};

use crate::manager::document::ScheduleState;
use crate::manager::store::Store;
use crate::ports::Host;
use crate::schedule::{History, MAX_JITTER_SECONDS, Schedule, ScheduleName};
use crate::settings::Moment;

/// A schedule: one of `larder.toml`, or Home Assistant's own.
pub type Which = Option<ScheduleName>;

impl Store {
    /// What the rules need to know of the past.
    pub fn history(&self, which: Which) -> History {
        let utc = |moment: Moment| moment.time().to_utc();
        let earlier = |all: &[Moment]| all.iter().copied().map(utc).collect();
        let extra = &self.document.extra;
        match which {
            None => History {
                last_attempted: self.document.config.last_attempted_automatic_backup.map(utc),
                last_completed: self.document.config.last_completed_automatic_backup.map(utc),
                planned: extra.planned.map(utc),
                earlier: earlier(&extra.earlier),
                interrupted: extra.interrupted,
            },
            Some(name) => extra.schedules.get(name.as_str()).map_or_else(History::default, |state| History {
                last_attempted: state.last_attempted.map(utc),
                last_completed: state.last_completed.map(utc),
                planned: state.planned.map(utc),
                earlier: earlier(&state.earlier),
                interrupted: state.interrupted,
            }),
        }
    }

    /// Bytes of the last successful backup of a schedule of `larder.toml`.
    pub fn last_size(&self, name: ScheduleName) -> Option<u64> {
        self.document.extra.schedules.get(name.as_str())?.last_completed_size
    }

    fn state_of(&mut self, name: ScheduleName) -> &mut ScheduleState {
        self.document.extra.schedules.entry(name.into()).or_default()
    }

    pub fn set_planned(&mut self, which: Which, at: Option<DateTime<Utc>>) {
        let at = at.map(|at| Moment::new(at.fixed_offset()));
        match which {
            None => self.document.extra.planned = at,
            Some(name) => self.state_of(name).planned = at,
        }
    }

    /// Drops the plan of a schedule of `larder.toml` whose days or time are no longer the ones that it was planned with.
    pub fn set_schedule(&mut self, name: ScheduleName, schedule: &Schedule) {
        let state = self.state_of(name);
        if state.schedule.as_ref() != Some(schedule) {
            state.planned = None;
            state.schedule = Some(schedule.clone());
        }
    }

    pub fn set_interrupted(&mut self, which: Which, interrupted: bool) {
        match which {
            None => self.document.extra.interrupted = interrupted,
            Some(name) => self.state_of(name).interrupted = interrupted,
        }
    }

    /// A backup of the schedule begins at `now`; `history` is the schedule's, with this attempt in it.
    pub fn set_attempted(&mut self, which: Which, now: Moment, history: &History) {
        let earlier = history.earlier.iter().map(|at| Moment::new(at.fixed_offset())).collect();
        match which {
            None => {
                self.document.config.last_attempted_automatic_backup = Some(now);
                self.document.extra.earlier = earlier;
            }
            Some(name) => {
                let state = self.state_of(name);
                state.last_attempted = Some(now);
                state.earlier = earlier;
            }
        }
        self.set_planned(which, history.planned);
        self.set_interrupted(which, false);
    }

    /// A backup of the schedule, of `size` bytes, was made.
    pub fn set_completed(&mut self, which: Which, now: Moment, size: u64) {
        match which {
            None => {
                self.document.config.last_completed_automatic_backup = Some(now);
                self.document.config.last_completed_automatic_backup_size = Some(size);
            }
            Some(name) => {
                let state = self.state_of(name);
                state.last_completed = Some(now);
                state.last_completed_size = Some(size);
            }
        }
    }

    /// The random delay in seconds of runs whose time is not set; generated once.
    pub fn jitter(&mut self, host: &dyn Host, which: Which) -> u32 {
        let jitter = match which {
            None => &mut self.document.extra.jitter,
            Some(name) => &mut self.state_of(name).jitter,
        };
        *jitter.get_or_insert_with(|| {
            let mut bytes = [0; 4];
            host.random(&mut bytes);
            u32::from_le_bytes(bytes) % (MAX_JITTER_SECONDS + 1)
        })
    }
}
