//! The slots: local days, and the instants at which their runs start.
//!
//! Owns daylight saving, days that do not exist, and the jitter. Knows nothing of attempts.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use larder_zone::Zone;

use super::{MAX_JITTER_SECONDS, Schedule};

/// How many days ahead to look for a matching day: more than a week for each remembered attempt.
const HORIZON: usize = 500;

/// The run of one local day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub date: NaiveDate,
    /// An attempt from here on belongs to this day.
    pub begins: DateTime<Utc>,
    /// When the run starts, jitter included.
    pub at: DateTime<Utc>,
    pub occurrence: Occurrence,
}

/// How often the wall time occurs that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occurrence {
    Once,
    /// The clocks skip it.
    Skipped,
    Twice,
}

/// All days of one schedule in one zone.
pub(super) struct Slots<'a> {
    pub schedule: &'a Schedule,
    zone: Zone,
    jitter: TimeDelta,
    /// The planned run with its day. It keeps its own jitter.
    pub planned: Option<(NaiveDate, DateTime<Utc>)>,
}

impl<'a> Slots<'a> {
    pub fn new(schedule: &'a Schedule, zone: Zone, jitter: u32, planned: Option<DateTime<Utc>>) -> Self {
        let most = if schedule.time.is_none() { MAX_JITTER_SECONDS } else { 0 };
        let jitter = TimeDelta::seconds(jitter.min(most).into());
        let mut slots = Self { schedule, zone, jitter, planned: None };
        slots.planned = planned.and_then(|at| {
            let slot = slots.of(slots.day(at))?;
            let late = at.signed_duration_since(slot.begins);
            (late <= TimeDelta::seconds(most.into())).then_some((slot.date, at))
        });
        slots
    }

    /// Whether the schedule has a run on that day; runs that are made up do not count.
    pub fn is_regular(&self, date: NaiveDate) -> bool {
        self.schedule.runs_on(date.weekday())
    }

    /// The day whose slot contains the instant: the last one that has begun.
    pub fn day(&self, instant: DateTime<Utc>) -> NaiveDate {
        let local = instant.with_timezone(&self.zone).date_naive();
        let first = local.succ_opt().unwrap_or(local);
        let mut back = std::iter::successors(Some(first), NaiveDate::pred_opt).take(4);
        back.find(|date| self.of(*date).is_some_and(|slot| slot.begins <= instant)).unwrap_or(local)
    }

    /// The slots after a day, in order, without days that do not exist in this time zone.
    pub fn after(&self, date: NaiveDate) -> impl Iterator<Item = Slot> {
        date.iter_days().skip(1).take(HORIZON).filter_map(|date| self.of(date))
    }

    /// The slot of a day; `None` for a day that does not exist. (Samoa had no 30 December 2011.)
    pub fn of(&self, date: NaiveDate) -> Option<Slot> {
        let local = date.and_time(self.schedule.wall_time());
        let mapped = self.zone.from_local_datetime(&local);
        let (begins, occurrence) = match mapped.earliest() {
            Some(begins) if mapped.latest() == Some(begins) => (begins, Occurrence::Once),
            Some(begins) => (begins, Occurrence::Twice),
            None => (self.after_gap(local)?, Occurrence::Skipped),
        };
        let begins = begins.with_timezone(&Utc);
        let planned = self.planned.filter(|(day, _)| *day == date).map(|(_, at)| at);
        let at = planned.or_else(|| begins.checked_add_signed(self.jitter)).unwrap_or(begins);
        Some(Slot { date, begins, at, occurrence })
    }

    /// The first instant after the gap that contains a local time; `None` if the whole day does not exist.
    fn after_gap(&self, local: NaiveDateTime) -> Option<DateTime<Zone>> {
        let gap = self.zone.gap(local)?;
        let midnight = local.date().and_time(chrono::NaiveTime::MIN);
        (gap.begin > midnight || gap.end.date_naive() == local.date()).then_some(gap.end)
    }
}
