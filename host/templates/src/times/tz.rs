//! The `tzinfo` of a point in time: a zone or a fixed offset.

use chrono::{MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};
use larder_zone::{LocalOffset, Zone};

use super::show::{clock_offset, span_repr};
use super::span::micros;

/// Where an offset comes from. Python shows them differently.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tz {
    /// `zoneinfo.ZoneInfo`.
    Zone(Zone),
    /// `datetime.timezone`: seconds ahead of UTC, as in `+05:30`.
    Fixed(i32),
    /// `datetime.timezone` with a name.
    Named(i32, Abbreviation),
    /// The offset of a text that `ciso8601` parsed: it has a representation of its own. Never 0.
    Parsed(i32),
}

/// The name of an offset, such as `CEST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abbreviation([u8; 8]);

impl Abbreviation {
    /// The first 8 bytes of a name, if they are ASCII.
    pub fn new(name: &str) -> Self {
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from & 0x7f);
        Self(bytes)
    }
}

impl std::fmt::Display for Abbreviation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().take_while(|byte| **byte != 0).try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

impl Tz {
    pub const UTC: Self = Self::Fixed(0);

    /// What it is ahead of UTC at a wall clock, in seconds. In a gap, the first reading is the offset before it.
    pub fn offset(self, wall: NaiveDateTime, fold: bool) -> i32 {
        match self {
            Self::Fixed(seconds) | Self::Named(seconds, _) | Self::Parsed(seconds) => seconds,
            Self::Zone(zone) => zone_offset(zone, wall, fold),
        }
    }

    /// The wall clock of a time in UTC, with its fold.
    pub fn wall(self, utc: NaiveDateTime) -> (NaiveDateTime, bool) {
        let Self::Zone(zone) = self else {
            return (moved(utc, self.offset(utc, false)), false);
        };
        let offset = zone.offset_from_utc_datetime(&utc).fix().local_minus_utc();
        let wall = moved(utc, offset);
        let is_second = match zone.offset_from_local_datetime(&wall) {
            MappedLocalTime::Ambiguous(_, second) => second.fix().local_minus_utc() == offset,
            _ => false,
        };
        (wall, is_second)
    }

    /// Its name at a wall clock: `CEST`, `UTC+05:30`.
    pub fn name(self, wall: NaiveDateTime, fold: bool) -> String {
        match self {
            Self::Zone(zone) => local_offset(zone, wall, fold).to_string(),
            Self::Fixed(0) => "UTC".to_owned(),
            Self::Named(_, name) => name.to_string(),
            Self::Fixed(seconds) | Self::Parsed(seconds) => format!("UTC{}", clock_offset(seconds, true)),
        }
    }

    /// The name of standard time or of daylight saving time this decade: `CET`, `CEST`. Without daylight saving, both are the same.
    pub fn seasonal_name(self, daylight: bool) -> String {
        let days = [NaiveDate::from_ymd_opt(2026, 1, 1), NaiveDate::from_ymd_opt(2026, 7, 1)];
        let days = days.into_iter().flatten().map(|day| day.and_time(NaiveTime::MIN));
        let is_wanted =
            |day: &NaiveDateTime| self.daylight(*day, false).is_some_and(|share| share.is_zero() != daylight);
        self.name(days.clone().find(is_wanted).or_else(|| days.clone().next()).unwrap_or_default(), false)
    }

    /// The share of daylight saving in the offset. `None` for a fixed offset.
    pub fn daylight(self, wall: NaiveDateTime, fold: bool) -> Option<TimeDelta> {
        match self {
            Self::Zone(zone) => {
                Some(TimeDelta::seconds(i64::from(local_offset(zone, wall, fold).daylight_saving())))
            }
            _ => None,
        }
    }

    /// Python's name of its type.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Zone(_) => "ZoneInfo",
            Self::Fixed(_) | Self::Named(..) => "timezone",
            Self::Parsed(_) => "FixedOffset",
        }
    }

    /// Python's `str`.
    pub fn display(self) -> String {
        match self {
            Self::Zone(zone) => zone.name().to_owned(),
            _ => self.name(NaiveDateTime::default(), false),
        }
    }

    /// Python's `repr`.
    pub fn repr(self) -> String {
        let delta = |seconds: i32| span_repr(TimeDelta::seconds(i64::from(seconds)));
        match self {
            Self::Zone(zone) => format!("zoneinfo.ZoneInfo(key='{}')", zone.name()),
            Self::Fixed(0) => "datetime.timezone.utc".to_owned(),
            Self::Fixed(seconds) => format!("datetime.timezone({})", delta(seconds)),
            Self::Named(seconds, name) => format!("datetime.timezone({}, '{name}')", delta(seconds)),
            Self::Parsed(_) => self.display(),
        }
    }

    /// Python's `==` of two `tzinfo`. Offsets of different types are different.
    pub fn equals(self, other: Self) -> bool {
        match (self, other) {
            (Self::Zone(one), Self::Zone(other)) => one == other,
            (Self::Parsed(one), Self::Parsed(other)) => one == other,
            (Self::Fixed(one) | Self::Named(one, _), Self::Fixed(other) | Self::Named(other, _)) => {
                one == other
            }
            _ => false,
        }
    }
}

fn moved(time: NaiveDateTime, seconds: i32) -> NaiveDateTime {
    time.checked_add_signed(TimeDelta::seconds(i64::from(seconds))).unwrap_or(time)
}

fn zone_offset(zone: Zone, wall: NaiveDateTime, fold: bool) -> i32 {
    match zone.offset_from_local_datetime(&wall) {
        MappedLocalTime::Single(offset) => offset.fix().local_minus_utc(),
        MappedLocalTime::Ambiguous(first, second) => {
            if fold { second } else { first }.fix().local_minus_utc()
        }
        MappedLocalTime::None => zone.gap(wall).map_or(0, |gap| match fold {
            true => gap.end.offset().fix().local_minus_utc(),
            false => {
                let before = gap.begin.signed_duration_since(gap.end.naive_utc());
                i32::try_from(micros(before) / 1_000_000).unwrap_or_default()
            }
        }),
    }
}

/// The offset with its name. In a gap it is that of the time before or after the change.
fn local_offset(zone: Zone, wall: NaiveDateTime, fold: bool) -> LocalOffset {
    if let Some(gap) = zone.gap(wall) {
        let before = gap.end.naive_utc().checked_sub_signed(TimeDelta::seconds(1));
        let at = if fold { gap.end.naive_utc() } else { before.unwrap_or_default() };
        return zone.offset_from_utc_datetime(&at);
    }
    let offset = zone_offset(zone, wall, fold);
    zone.offset_from_utc_datetime(&moved(wall, -offset))
}
