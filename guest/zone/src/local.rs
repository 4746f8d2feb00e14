//! The local time of a zone: `chrono`'s `TimeZone`, and the gaps of clock changes.

use std::fmt;

use chrono::{
    DateTime, Datelike, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta,
    TimeZone, Timelike, Utc,
};
use jiff::tz::{AmbiguousOffset, Dst};

use crate::Zone;

/// The offset of a zone from UTC at an instant, with its abbreviation.
#[derive(Clone, Copy)]
pub struct LocalOffset {
    zone: Zone,
    ahead: FixedOffset,
    at: jiff::Timestamp,
}

/// Local times that the clocks of a zone skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The first local time that is skipped.
    pub begin: NaiveDateTime,
    /// The instant of the change, with the local time after it.
    pub end: DateTime<Zone>,
}

impl Zone {
    /// The gap that contains this local time; `None` if the local time exists.
    pub fn gap(self, local: NaiveDateTime) -> Option<Gap> {
        let AmbiguousOffset::Gap { before, after } =
            self.0.table.to_ambiguous_timestamp(civil(local)).offset()
        else {
            return None;
        };
        // With the old offset, the local time is after the change.
        let after_change = utc(local, before.seconds());
        let instant = timestamp(&after_change).saturating_add(jiff::SignedDuration::from_nanos(1)).ok()?;
        let change = self.0.table.preceding(instant).find(|change| change.offset() == after)?.timestamp();
        let change = DateTime::from_timestamp(change.as_second(), 0)?;
        let begin = change.naive_utc().checked_add_signed(TimeDelta::seconds(before.seconds().into()))?;
        Some(Gap { begin, end: change.with_timezone(&self) })
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

impl LocalOffset {
    /// The share of daylight saving in the offset, in seconds: the difference from the standard time before it, or else after it. It is
    /// negative where the winter is the exception, as in Ireland.
    pub fn daylight_saving(&self) -> i32 {
        let table = &self.zone.0.table;
        if table.to_offset_info(self.at).dst() == Dst::No {
            return 0;
        }
        let ahead = self.ahead.local_minus_utc();
        let after = self.at.saturating_add(jiff::SignedDuration::from_nanos(1)).unwrap_or(self.at);
        let before = table.preceding(after).nth(1);
        let standard = |change: Option<jiff::tz::TimeZoneTransition<'_>>| {
            change.filter(|change| change.dst() == Dst::No).map(|change| ahead - change.offset().seconds())
        };
        let share = standard(before).filter(|share| *share != 0);
        share
            .or_else(|| standard(table.following(self.at).next()))
            .filter(|share| *share != 0)
            .unwrap_or(3600)
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

/// The abbreviation, such as `CET`, that `%Z` shows.
impl fmt::Display for LocalOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.zone.tzif() {
            [] => f.write_str(self.zone.name()),
            _ => f.write_str(self.zone.0.table.to_offset_info(self.at).abbreviation()),
        }
    }
}

/// The UTC time of a local time, at an offset in seconds.
fn utc(local: NaiveDateTime, ahead: i32) -> NaiveDateTime {
    local.checked_sub_signed(TimeDelta::seconds(ahead.into())).unwrap_or(local)
}

/// Clamped to the range that the rules cover.
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
