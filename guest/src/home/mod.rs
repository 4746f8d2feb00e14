//! Facts about the home: Home Assistant's version, the instance id, the name, and the time zone, which the host finds.
//!
//! Reads a few of Home Assistant's own files and never writes one.

pub mod links;
pub mod recorder;
pub mod version;

use chrono::{DateTime, FixedOffset, Utc};
use larder_zone::Zone;
use serde_json::Value;

use crate::archive::{Instant, shown};
use crate::error::{Failure, Result};
use crate::ports::{Cause, HomeZone, Host, Outcome, Snapshot};

/// The most bytes to read from one of these files. Real ones have a few hundred.
const MAX: u32 = 1024 * 1024;
/// The recorded version if the home's is unknown. It is older than every real one, so every Home Assistant restores the backup.
const UNKNOWN_VERSION: &str = "0.0.0";

/// A home as its files describe it.
pub struct Home {
    /// `None` if there is no version, or an invalid one. A fault if the file cannot be read.
    pub version: Outcome<Option<String>>,
    /// Why the version is unknown, as a sentence.
    pub version_note: Option<String>,
    pub instance_id: Option<String>,
    /// The name that the user gave it.
    pub name: Option<String>,
    pub time_zone: HomeZone,
}

impl Home {
    /// Reads the home's files.
    pub fn read(host: &dyn Host, snapshot: &dyn Snapshot) -> Self {
        let (version, version_note) = version_of(text(snapshot, ".HA_VERSION"));
        let core = document(snapshot, ".storage/core.config");
        let uuid = document(snapshot, ".storage/core.uuid");
        Self {
            version,
            version_note,
            instance_id: string(&uuid, "uuid"),
            name: string(&core, "location_name"),
            time_zone: host.time_zone(),
        }
    }

    /// Refuses a directory that is not a Home Assistant home: most likely the path is wrong or a disk is not mounted.
    pub fn must_be_one(&self, snapshot: &dyn Snapshot) -> Result<()> {
        let is_known = self.version.as_ref().is_ok_and(Option::is_some);
        // A dangling link counts too: the disk that it leads to may be missing, and the rest of the home is still worth a backup.
        let is_link = |path: &str| snapshot.leads(path.as_bytes()).is_ok();
        if is_known || is_link("configuration.yaml") || text(snapshot, "configuration.yaml")?.is_some() {
            return Ok(());
        }
        let version = text(snapshot, ".HA_VERSION")?;
        if version.is_some_and(|text| !text.trim().is_empty()) || is_link(".HA_VERSION") {
            return Ok(());
        }
        let message = "not a Home Assistant configuration directory: it has neither .HA_VERSION nor configuration.yaml; \
                       give the right one with --config";
        Err(Failure::new("home_assistant_error", message))
    }

    /// The version to record in a backup.
    pub fn version_or_unknown(&self) -> &str {
        self.version.as_ref().ok().and_then(Option::as_deref).unwrap_or(UNKNOWN_VERSION)
    }

    pub fn zone(&self) -> Zone {
        self.time_zone.zone
    }

    /// `now` in the home's time zone.
    pub fn local(&self, now: Instant) -> DateTime<FixedOffset> {
        self.local_time(DateTime::from_timestamp(now.seconds, now.nanoseconds).unwrap_or_default())
    }

    /// A time of `chrono` in the home's time zone.
    pub fn local_time(&self, utc: DateTime<Utc>) -> DateTime<FixedOffset> {
        utc.with_timezone(&self.zone()).fixed_offset()
    }
}

/// The format of Python's `datetime.isoformat()`, which Home Assistant writes and hashes.
pub fn iso(time: &DateTime<FixedOffset>) -> String {
    match time.timestamp_subsec_micros() {
        0 => time.format("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        _ => time.format("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string(),
    }
}

/// The version in the text of `.HA_VERSION`, or a sentence that says why there is none.
fn version_of(text: Outcome<Option<String>>) -> (Outcome<Option<String>>, Option<String>) {
    let why = match &text {
        Ok(Some(text)) => match version::accepted(text) {
            Some(version) => return (Ok(Some(version.to_owned())), None),
            None => format!(
                ".HA_VERSION contains no version (`{}`)",
                shown(text.lines().next().unwrap_or_default().as_bytes())
            ),
        },
        Ok(None) => ".HA_VERSION is missing".to_owned(),
        Err(fault) => fault.message.clone(),
    };
    let note =
        format!("{why}: the backup records version {UNKNOWN_VERSION}, which every Home Assistant restores");
    let version = match text {
        Err(fault) if fault.cause != Cause::Invalid => Err(fault),
        // A directory or FIFO with this name is treated like an invalid version.
        _ => Ok(None),
    };
    (version, Some(note))
}

/// The text of one of Home Assistant's own files, read through symbolic links, as Home Assistant reads it. `None` if it is missing.
pub fn text(snapshot: &dyn Snapshot, path: &str) -> Outcome<Option<String>> {
    match snapshot.follow(path.as_bytes()).and_then(|content| content.read(0, MAX)) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(fault) if fault.cause == Cause::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// A stored document. A damaged or unreadable one counts as absent here.
fn document(snapshot: &dyn Snapshot, path: &str) -> Value {
    let text = text(snapshot, path).ok().flatten().unwrap_or_default();
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

fn string(document: &Value, key: &str) -> Option<String> {
    document.pointer("/data")?.get(key)?.as_str().map(str::to_owned)
}
