//! What the clocks of a zone show, as `chrono` asks for it.

use std::fmt;

use chrono::{
    DateTime, Datelike, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta,
    TimeZone, Timelike, Utc,
};
use jiff::tz::AmbiguousOffset;

use crate::Zone;

/// How far the clocks of a zone are ahead of UTC at a moment, and what that is called there.
#[derive(Clone, Copy)]
pub struct LocalOffset {
    zone: Zone,
    ahead: FixedOffset,
    at: jiff::Timestamp,
}

/// A time that the clocks of a zone jump over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// What the clocks would have shown first of it.
    pub begin: NaiveDateTime,
    /// The moment of the jump, and what the clocks show then.
    pub end: DateTime<Zone>,
}

impl Zone {
    /// The gap in which this local time lies; none when it exists.
    pub fn gap(self, local: NaiveDateTime) -> Option<Gap> {
        let AmbiguousOffset::Gap { before, after } =
            self.0.table.to_ambiguous_timestamp(civil(local)).offset()
        else {
            return None;
        };
        // By the old offset, the local time lies behind the jump.
        let behind = utc(local, before.seconds());
        let instant = timestamp(&behind).saturating_add(jiff::SignedDuration::from_nanos(1)).ok()?;
        let jump = self.0.table.preceding(instant).find(|jump| jump.offset() == after)?.timestamp();
        let jump = DateTime::from_timestamp(jump.as_second(), 0)?;
        let begin = jump.naive_utc().checked_add_signed(TimeDelta::seconds(before.seconds().into()))?;
        Some(Gap { begin, end: jump.with_timezone(&self) })
    }
}

impl TimeZone for Zone {
    type Offset = LocalOffset;

    fn from_offset(offset: &LocalOffset) -> Self {
        offset.zone
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<LocalOffset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<LocalOffset> {
        let at = |offset: jiff::tz::Offset| self.offset_from_utc_datetime(&utc(*local, offset.seconds()));
        match self.0.table.to_ambiguous_timestamp(civil(*local)).offset() {
            AmbiguousOffset::Unambiguous { offset } => MappedLocalTime::Single(at(offset)),
            AmbiguousOffset::Gap { .. } => MappedLocalTime::None,
            AmbiguousOffset::Fold { before, after } => MappedLocalTime::Ambiguous(at(before), at(after)),
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> LocalOffset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> LocalOffset {
        let at = timestamp(utc);
        let seconds = self.0.table.to_offset(at).seconds();
        let ahead = FixedOffset::east_opt(seconds).unwrap_or_else(|| Utc.fix());
        LocalOffset { zone: *self, ahead, at }
    }
}

impl Offset for LocalOffset {
    fn fix(&self) -> FixedOffset {
        self.ahead
    }
}

impl fmt::Debug for LocalOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ahead.fmt(f)
    }
}

/// `CET`, as `%Z` shows it.
impl fmt::Display for LocalOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.zone.tzif() {
            [] => f.write_str(self.zone.name()),
            _ => f.write_str(self.zone.0.table.to_offset_info(self.at).abbreviation()),
        }
    }
}

/// The moment of a local time where clocks are so far ahead of UTC.
fn utc(local: NaiveDateTime, ahead: i32) -> NaiveDateTime {
    local.checked_sub_signed(TimeDelta::seconds(ahead.into())).unwrap_or(local)
}

/// Beyond what the rules are made for, the last moment before.
fn timestamp(utc: &NaiveDateTime) -> jiff::Timestamp {
    let utc = utc.and_utc();
    jiff::Timestamp::new(utc.timestamp(), 0).unwrap_or(match utc.year() < 0 {
        true => jiff::Timestamp::MIN,
        false => jiff::Timestamp::MAX,
    })
}

fn civil(local: NaiveDateTime) -> jiff::civil::DateTime {
    use jiff::civil::DateTime;
    let small = |number: u32| i8::try_from(number).unwrap_or_default();
    let made = i16::try_from(local.year()).ok().and_then(|year| {
        let (month, day) = (small(local.month()), small(local.day()));
        let (hour, minute, second) = (small(local.hour()), small(local.minute()), small(local.second()));
        DateTime::new(year, month, day, hour, minute, second, 0).ok()
    });
    made.unwrap_or(if local.year() < 0 { DateTime::MIN } else { DateTime::MAX })
}
