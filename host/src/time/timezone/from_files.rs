//! The zone as the home's own files name it. As in Home Assistant 2026.11, packages are not considered.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::automation::files::{self, Disk};
use crate::automation::yaml::{Kind, Node};
use crate::disk::regular;
use crate::error::reason;
use crate::tunables::MAX_EVENT;

const CONFIGURATION: &str = "configuration.yaml";
const STORED: &str = ".storage/core.config";
/// The files that are always watched.
pub(super) const FILES: [&str; 2] = [CONFIGURATION, STORED];

/// What one source says about the zone.
pub(super) enum Named {
    /// The source names no zone.
    Nothing,
    /// Why the source cannot be used, with the place.
    Unusable(String),
    /// The source names a zone.
    Zone {
        name: String,
        /// The name for messages; a secret is not shown.
        shown: String,
        origin: String,
    },
}

/// `homeassistant: time_zone:` of `configuration.yaml`. The files that were read are added to `read`.
pub(super) fn written(config: &Path, read: &mut Vec<PathBuf>) -> Named {
    let path = config.join(CONFIGURATION);
    if !path.exists() {
        return Named::Nothing;
    }
    let looked = files::lookup(&Disk, config, &path, &["homeassistant", "time_zone"]);
    read.extend(looked.files);
    match looked.value {
        Ok(None) => Named::Nothing,
        Ok(Some(node)) => of_node(node, looked.is_secret),
        Err(problem) => Named::Unusable(problem.to_string()),
    }
}

fn of_node(node: Node, is_secret: bool) -> Named {
    let origin = node.place.to_string();
    match node.kind {
        Kind::Text(name) => {
            let shown = if is_secret { "the secret".to_owned() } else { format!("`{name}`") };
            Named::Zone { name, shown, origin }
        }
        _ => Named::Unusable(format!("{origin}: `time_zone` is {}, not the name of a zone", node.describe())),
    }
}

/// `.storage/core.config`, where Home Assistant stores the zone of a home that was set up in its user interface.
pub(super) fn stored(config: &Path, _: &mut Vec<PathBuf>) -> Named {
    let unusable = |why: String| Named::Unusable(format!("{STORED} {why}"));
    let text = match read(&config.join(STORED)) {
        Ok(None) => return Named::Nothing,
        Ok(Some(text)) => text,
        Err(error) => return unusable(format!("cannot be read: {}", reason(&error))),
    };
    let document: Value = match serde_json::from_str(&text) {
        Ok(document) => document,
        Err(error) => return unusable(format!("is not valid JSON: {error}")),
    };
    let Some(data) = document.get("data").and_then(Value::as_object) else {
        return unusable("has no object `data`".into());
    };
    match data.get("time_zone") {
        None | Some(Value::Null) => Named::Nothing,
        Some(Value::String(name)) => {
            Named::Zone { name: name.clone(), shown: format!("`{name}`"), origin: STORED.into() }
        }
        Some(other) => unusable(format!("has a `time_zone` that is not text: {other}")),
    }
}

fn read(path: &Path) -> std::io::Result<Option<String>> {
    match regular::read_text(path, MAX_EVENT as u64) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        text => text.map(Some),
    }
}
