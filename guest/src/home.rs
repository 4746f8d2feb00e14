//! What the home says about itself: Home Assistant's version, its instance id; and its time zone, which the host finds.
//!
//! Reads a handful of Home Assistant's own files, never writes one.

use chrono::{DateTime, FixedOffset, Utc};
use larder_zone::Zone;
use serde_json::Value;

use crate::archive::Instant;
use crate::error::{Failure, Result};
use crate::ports::{Cause, HomeZone, Outcome, Outside, Snapshot};

/// The most that is read of one of these files; real ones have a few hundred bytes.
const MAX: u32 = 1024 * 1024;
/// Written where the home does not say its version: older than every real one, so that any Home Assistant restores it.
const UNKNOWN_VERSION: &str = "0.0.0";

pub struct Home {
    /// None where the home does not say it; a fault where it cannot be read.
    pub version: Outcome<Option<String>>,
    pub instance_id: Option<String>,
    /// What its owner calls it.
    pub name: Option<String>,
    pub time_zone: HomeZone,
}

impl Home {
    pub fn read(outside: &dyn Outside, snapshot: &dyn Snapshot) -> Self {
        let version = text(snapshot, ".HA_VERSION").map(|text| text.map(|text| text.trim().to_owned()));
        let core = document(snapshot, ".storage/core.config");
        let uuid = document(snapshot, ".storage/core.uuid");
        Self {
            version: version.map(|version| version.filter(|version| !version.is_empty())),
            instance_id: string(&uuid, "uuid"),
            name: string(&core, "location_name"),
            time_zone: outside.time_zone(),
        }
    }

    /// Refuses a directory that is no Home Assistant home: most likely a wrong path or a missing mount.
    pub fn must_be_one(&self, snapshot: &dyn Snapshot) -> Result<()> {
        let is_there = |version: &Option<String>| version.is_some();
        if self.version.as_ref().is_ok_and(is_there) || text(snapshot, "configuration.yaml")?.is_some() {
            return Ok(());
        }
        self.version.clone()?;
        let message = "this is no Home Assistant configuration directory: it has neither .HA_VERSION nor \
                       configuration.yaml; name the right one with --config";
        Err(Failure::new("home_assistant_error", message))
    }

    pub fn version_or_unknown(&self) -> &str {
        self.version.as_ref().ok().and_then(Option::as_deref).unwrap_or(UNKNOWN_VERSION)
    }

    pub fn zone(&self) -> Zone {
        self.time_zone.zone
    }

    /// `now` as the home's clocks show it.
    pub fn local(&self, now: Instant) -> DateTime<FixedOffset> {
        self.local_time(DateTime::from_timestamp(now.seconds, now.nanoseconds).unwrap_or_default())
    }

    /// The same of a time of `chrono`'s.
    pub fn local_time(&self, utc: DateTime<Utc>) -> DateTime<FixedOffset> {
        utc.with_timezone(&self.zone()).fixed_offset()
    }
}

/// Python's `datetime.isoformat()`: what Home Assistant writes and hashes.
pub fn iso(time: &DateTime<FixedOffset>) -> String {
    match time.timestamp_subsec_micros() {
        0 => time.format("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        _ => time.format("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string(),
    }
}

pub fn text(snapshot: &dyn Snapshot, path: &str) -> Outcome<Option<String>> {
    match snapshot.open(path.as_bytes()).and_then(|content| content.read(0, MAX)) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(fault) if fault.cause == Cause::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// A stored document; one that is damaged or cannot be read is as good as none here.
fn document(snapshot: &dyn Snapshot, path: &str) -> Value {
    let text = text(snapshot, path).ok().flatten().unwrap_or_default();
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

fn string(document: &Value, key: &str) -> Option<String> {
    document.pointer("/data")?.get(key)?.as_str().map(str::to_owned)
}

/// Whether version `a` is newer than `b`: number by number; `.dev…` is older than `b1`, and that than the release.
pub fn is_newer(a: &str, b: &str) -> bool {
    order(a) > order(b)
}

/// A version as something that compares: its numbers, its kind (development, beta, release), the kind's own number.
fn order(version: &str) -> (Vec<u64>, u8, u64) {
    let (mut numbers, mut kind, mut of_kind) = (Vec::new(), 3, 0);
    for run in runs(version) {
        match (run.parse(), kind) {
            (Ok(number), 3) => numbers.push(number),
            (Ok(number), _) => of_kind = number,
            (Err(_), _) if run.starts_with("dev") => kind = 0,
            (Err(_), _) if run.starts_with('b') => kind = 1,
            (Err(_), _) => kind = 2,
        }
    }
    (numbers, kind, of_kind)
}

/// Runs of digits and of letters, without what stands between them.
fn runs(version: &str) -> impl Iterator<Item = &str> {
    let parts = version.trim().split(|c: char| !c.is_ascii_alphanumeric());
    parts.flat_map(|part| {
        let runs = part.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
        runs.filter_map(|run| std::str::from_utf8(run).ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_version_is_told_from_an_older_one() {
        let ascending = [
            "2025.12.4",
            "2026.1.0",
            "2026.11.0.dev20261101",
            "2026.11.0b2",
            "2026.11.0b10",
            "2026.11.0",
            "2026.11.1",
        ];
        for (at, older) in ascending.iter().enumerate() {
            assert!(!is_newer(older, older));
            for newer in ascending.iter().skip(at + 1) {
                assert!(is_newer(newer, older) && !is_newer(older, newer), "{newer} is newer than {older}");
            }
        }
    }
}
