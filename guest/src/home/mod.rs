//! What the home says about itself: Home Assistant's version, its instance id; and its time zone, which the host finds.
//!
//! Reads a handful of Home Assistant's own files, never writes one.

pub mod links;
pub mod recorder;
pub mod version;

use chrono::{DateTime, FixedOffset, Utc};
use larder_zone::Zone;
use serde_json::Value;

use crate::archive::{Instant, shown};
use crate::error::{Failure, Result};
use crate::ports::{Cause, HomeZone, Outcome, Outside, Snapshot};

/// The most that is read of one of these files; real ones have a few hundred bytes.
const MAX: u32 = 1024 * 1024;
/// Written where the home does not say its version: older than every real one, so that any Home Assistant restores it.
const UNKNOWN_VERSION: &str = "0.0.0";

pub struct Home {
    /// None where the home does not say it, or says what is no version; a fault where it cannot be read.
    pub version: Outcome<Option<String>>,
    /// Why the version is not known.
    pub version_note: Option<String>,
    pub instance_id: Option<String>,
    /// What its owner calls it.
    pub name: Option<String>,
    pub time_zone: HomeZone,
}

impl Home {
    pub fn read(outside: &dyn Outside, snapshot: &dyn Snapshot) -> Self {
        let (version, version_note) = version_of(text(snapshot, ".HA_VERSION"));
        let core = document(snapshot, ".storage/core.config");
        let uuid = document(snapshot, ".storage/core.uuid");
        Self {
            version,
            version_note,
            instance_id: string(&uuid, "uuid"),
            name: string(&core, "location_name"),
            time_zone: outside.time_zone(),
        }
    }

    /// Refuses a directory that is no Home Assistant home: most likely a wrong path or a missing mount.
    pub fn must_be_one(&self, snapshot: &dyn Snapshot) -> Result<()> {
        let is_known = self.version.as_ref().is_ok_and(Option::is_some);
        // Also a link that leads nowhere now: the disk that it leads to may be missing, and the rest is as good as ever.
        let is_link = |path: &str| snapshot.leads(path.as_bytes()).is_ok();
        if is_known || is_link("configuration.yaml") || text(snapshot, "configuration.yaml")?.is_some() {
            return Ok(());
        }
        let version = text(snapshot, ".HA_VERSION")?;
        if version.is_some_and(|text| !text.trim().is_empty()) || is_link(".HA_VERSION") {
            return Ok(());
        }
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

/// The version in the text of `.HA_VERSION`, or why there is none.
fn version_of(text: Outcome<Option<String>>) -> (Outcome<Option<String>>, Option<String>) {
    let why = match &text {
        Ok(Some(text)) => match version::accepted(text) {
            Some(version) => return (Ok(Some(version.to_owned())), None),
            None => format!(
                ".HA_VERSION holds no version (`{}`)",
                shown(text.lines().next().unwrap_or_default().as_bytes())
            ),
        },
        Ok(None) => ".HA_VERSION is not there".to_owned(),
        Err(fault) => fault.message.clone(),
    };
    let note = format!("{why}: the backup says {UNKNOWN_VERSION}, which every Home Assistant restores");
    let version = match text {
        Err(fault) if fault.cause != Cause::Invalid => Err(fault),
        // A directory or a FIFO in its place says as little as a text that is no version.
        _ => Ok(None),
    };
    (version, Some(note))
}

/// The text of one of Home Assistant's own files, read through symbolic links as Home Assistant reads it.
pub fn text(snapshot: &dyn Snapshot, path: &str) -> Outcome<Option<String>> {
    match snapshot.follow(path.as_bytes()).and_then(|content| content.read(0, MAX)) {
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
