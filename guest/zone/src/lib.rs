//! A time zone: its name, and the rules that say what its clocks show.
//!
//! The host and the component share this type, so that both reckon with the same rules. It knows neither files nor tables:
//! whoever has the rules (the contents of a TZif file, RFC 9636) makes a zone of them. Pure.

mod local;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Mutex, PoisonError};

pub use local::{Gap, LocalOffset};

/// UTC as a TZif file of version 2 (RFC 9636): one type of local time, no transition, the footer `UTC0`.
const UTC_RULES: &[u8] =
    b"TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x04\
    \0\0\0\0\0\0UTC\0\
    TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x04\
    \0\0\0\0\0\0UTC\0\nUTC0\n";

static UTC: Rules =
    Rules { name: Cow::Borrowed("UTC"), tzif: Cow::Borrowed(UTC_RULES), table: jiff::tz::TimeZone::UTC };

/// All zones that were made. They are never freed, so that a zone can be copied like a number; a process meets only a few.
static KNOWN: Mutex<Vec<Zone>> = Mutex::new(Vec::new());

/// A time zone. Two are equal when they have the same name and the same rules.
#[derive(Clone, Copy)]
pub struct Zone(&'static Rules);

struct Rules {
    name: Cow<'static, str>,
    tzif: Cow<'static, [u8]>,
    table: jiff::tz::TimeZone,
}

impl Zone {
    pub const UTC: Self = Self(&UTC);

    /// A zone by its name and the contents of its TZif file; the error says why these are no rules.
    pub fn new(name: &str, tzif: &[u8]) -> Result<Self, String> {
        if name == Self::UTC.name() {
            return Ok(Self::UTC);
        }
        Self::known(name, tzif, || jiff::tz::TimeZone::tzif(name, tzif).map_err(|error| error.to_string()))
    }

    /// A zone whose clocks are always so many seconds ahead of UTC, named as Python names it: `UTC+05:30`.
    pub fn fixed(seconds: i32) -> Result<Self, String> {
        if seconds == 0 {
            return Ok(Self::UTC);
        }
        let offset = jiff::tz::Offset::from_seconds(seconds).map_err(|error| error.to_string())?;
        let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs() / 60);
        let name = format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60);
        Self::known(&name, &[], || Ok(jiff::tz::TimeZone::fixed(offset)))
    }

    /// The one that was made before, or a new one.
    fn known(
        name: &str,
        tzif: &[u8],
        table: impl FnOnce() -> Result<jiff::tz::TimeZone, String>,
    ) -> Result<Self, String> {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(zone) = known.iter().find(|zone| zone.name() == name && zone.tzif() == tzif) {
            return Ok(*zone);
        }
        let (name, tzif) = (Cow::Owned(name.to_owned()), Cow::Owned(tzif.to_owned()));
        let zone = Self(Box::leak(Box::new(Rules { name, tzif, table: table()? })));
        known.push(zone);
        Ok(zone)
    }

    /// `Europe/Berlin`.
    pub fn name(self) -> &'static str {
        &self.0.name
    }

    /// Its rules as a TZif file; empty for a fixed offset.
    pub fn tzif(self) -> &'static [u8] {
        &self.0.tzif
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
