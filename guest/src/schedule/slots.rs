//! Local days and the instants at which they run.
//!
//! Owns daylight saving, days that do not exist, and the jitter. Refuses to know what ran: it only names days.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use larder_zone::Zone;

use super::{MAX_JITTER_SECONDS, Schedule};

/// How far ahead a matching day is looked for: more than a week for each attempt that is remembered.
const HORIZON: usize = 500;

/// One local day's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub date: NaiveDate,
    /// From here on an attempt belongs to this day.
    pub begins: DateTime<Utc>,
    /// When the run starts: with the jitter.
    pub at: DateTime<Utc>,
    pub wall: Wall,
}

/// What the clocks did to the wall time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wall {
    Once,
    /// It does not exist that day.
    Skipped,
    Twice,
}

/// All days of one schedule in one zone.
pub(super) struct Slots<'a> {
    pub schedule: &'a Schedule,
    zone: Zone,
    jitter: TimeDelta,
    /// The plan that was announced, with its day: its jitter holds for that day, whatever is drawn now.
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

    /// Whether the schedule has a run on that day, apart from those that are made up.
    pub fn is_regular(&self, date: NaiveDate) -> bool {
        self.schedule.runs_on(date.weekday())
    }

    /// The day to which an instant belongs: the last one that has begun.
    pub fn day(&self, instant: DateTime<Utc>) -> NaiveDate {
        let local = instant.with_timezone(&self.zone).date_naive();
        let first = local.succ_opt().unwrap_or(local);
        let mut back = std::iter::successors(Some(first), NaiveDate::pred_opt).take(4);
        back.find(|date| self.of(*date).is_some_and(|slot| slot.begins <= instant)).unwrap_or(local)
    }

    /// The days behind one, in order; those that do not exist in this zone are left out.
    pub fn behind(&self, date: NaiveDate) -> impl Iterator<Item = Slot> {
        date.iter_days().skip(1).take(HORIZON).filter_map(|date| self.of(date))
    }

    /// None for a day that does not exist: Samoa had no 30 December 2011.
    pub fn of(&self, date: NaiveDate) -> Option<Slot> {
        let local = date.and_time(self.schedule.wall_time());
        let mapped = self.zone.from_local_datetime(&local);
        let (begins, wall) = match mapped.earliest() {
            Some(begins) if mapped.latest() == Some(begins) => (begins, Wall::Once),
            Some(begins) => (begins, Wall::Twice),
            None => (self.behind_gap(local)?, Wall::Skipped),
        };
        let begins = begins.with_timezone(&Utc);
        let planned = self.planned.filter(|(day, _)| *day == date).map(|(_, at)| at);
        let at = planned.or_else(|| begins.checked_add_signed(self.jitter)).unwrap_or(begins);
        Some(Slot { date, begins, at, wall })
    }

    /// The first instant behind a time that does not exist; none where its whole day does not.
    fn behind_gap(&self, local: NaiveDateTime) -> Option<DateTime<Zone>> {
        let gap = self.zone.gap(local)?;
        let midnight = local.date().and_time(chrono::NaiveTime::MIN);
        (gap.begin > midnight || gap.end.date_naive() == local.date()).then_some(gap.end)
    }
}
