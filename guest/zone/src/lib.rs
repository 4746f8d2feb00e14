//! A time zone: its name and its rules.
//!
//! The host and the component share this type, so both calculate with the same rules. It reads no file and contains no tables: the
//! caller supplies the rules, which are the contents of a TZif file (RFC 9636). Pure, except for a cache of the zones in use.

mod local;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Mutex, PoisonError};

pub use local::{Gap, LocalOffset};

/// UTC as a TZif file of version 2 (RFC 9636): one local time type, no transitions, the footer `UTC0`.
const UTC_RULES: &[u8] =
    b"TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x04\
    \0\0\0\0\0\0UTC\0\
    TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x04\
    \0\0\0\0\0\0UTC\0\nUTC0\n";

static UTC: Rules =
    Rules { name: Cow::Borrowed("UTC"), tzif: Cow::Borrowed(UTC_RULES), table: jiff::tz::TimeZone::UTC };

/// Every zone in use. Zones are never freed, so that a `Zone` can be `Copy`; a process uses only a few.
static INTERNED: Mutex<Vec<Zone>> = Mutex::new(Vec::new());

/// A time zone. Two zones are equal if they have the same name and the same rules.
#[derive(Clone, Copy)]
pub struct Zone(&'static Rules);

struct Rules {
    name: Cow<'static, str>,
    tzif: Cow<'static, [u8]>,
    table: jiff::tz::TimeZone,
}

impl Zone {
    pub const UTC: Self = Self(&UTC);

    /// A zone with this name and the contents of its TZif file. The error says why they are not valid.
    pub fn new(name: &str, tzif: &[u8]) -> Result<Self, String> {
        if name == Self::UTC.name() {
            return Ok(Self::UTC);
        }
        Self::interned(name, tzif, || jiff::tz::TimeZone::tzif(name, tzif).map_err(|error| error.to_string()))
    }

    /// A zone that is always that many seconds ahead of UTC. Its name is Python's: `UTC+05:30`.
    pub fn fixed(seconds: i32) -> Result<Self, String> {
        if seconds == 0 {
            return Ok(Self::UTC);
        }
        let offset = jiff::tz::Offset::from_seconds(seconds).map_err(|error| error.to_string())?;
        let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs() / 60);
        let name = format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60);
        Self::interned(&name, &[], || Ok(jiff::tz::TimeZone::fixed(offset)))
    }

    /// The zone with this name and these rules, made now if it does not exist.
    fn interned(
        name: &str,
        tzif: &[u8],
        table: impl FnOnce() -> Result<jiff::tz::TimeZone, String>,
    ) -> Result<Self, String> {
        let mut interned = INTERNED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(zone) = interned.iter().find(|zone| zone.name() == name && zone.tzif() == tzif) {
            return Ok(*zone);
        }
        let (name, tzif) = (Cow::Owned(name.to_owned()), Cow::Owned(tzif.to_owned()));
        let zone = Self(Box::leak(Box::new(Rules { name, tzif, table: table()? })));
        interned.push(zone);
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
