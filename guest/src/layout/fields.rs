//! Reads the keys of a record, as leniently as Home Assistant's agents: further keys are ignored.
//!
//! Refuses what could not be listed or stored: ids with control characters, texts that are too long, sizes that are no number of bytes.

use serde_json::{Map, Value};

use super::record::{Addon, Record};

/// Bytes of a text. The same as in a manifest.
const TEXT_LIMIT: usize = 1024;

/// Reads R. `size` is used when the record need not have one. The error says what is wrong with the record.
pub(super) fn read(value: &Value, default_size: Option<u64>) -> Result<Record, String> {
    let all = value.as_object().ok_or("it is not a JSON object")?;
    let size = match (all.get("size"), default_size) {
        (None, Some(size)) => size,
        _ => size(get(all, "size")?)?,
    };
    let mut extra_metadata =
        get(all, "extra_metadata")?.as_object().ok_or_else(|| wrong("extra_metadata"))?.clone();
    extra_metadata.sort_keys();
    let record = Record {
        addons: list(all, "addons")?.iter().map(addon).collect::<Result<_, _>>()?,
        backup_id: text(all, "backup_id")?,
        date: text(all, "date")?,
        database_included: truth(all, "database_included")?,
        extra_metadata,
        folders: list(all, "folders")?.iter().map(folder).collect::<Result<_, _>>()?,
        homeassistant_included: truth(all, "homeassistant_included")?,
        homeassistant_version: optional(get(all, "homeassistant_version")?)
            .ok_or_else(|| wrong("homeassistant_version"))?,
        name: text(all, "name")?,
        protected: truth(all, "protected")?,
        size,
        larder: all.get("larder").and_then(Value::as_object).cloned().unwrap_or_default(),
    };
    if record.backup_id.is_empty() || record.backup_id.contains(char::is_control) {
        return Err("its `backup_id` is empty or has control characters".to_owned());
    }
    Ok(record)
}

fn get<'a>(all: &'a Map<String, Value>, key: &str) -> Result<&'a Value, String> {
    all.get(key).ok_or_else(|| format!("the key `{key}` is missing"))
}

fn wrong(key: &str) -> String {
    format!("its `{key}` has a wrong type")
}

fn text(all: &Map<String, Value>, key: &str) -> Result<String, String> {
    match get(all, key)?.as_str() {
        Some(text) if text.len() <= TEXT_LIMIT => Ok(text.to_owned()),
        Some(_) => Err(format!("its `{key}` has more than {TEXT_LIMIT} bytes")),
        None => Err(wrong(key)),
    }
}

fn truth(all: &Map<String, Value>, key: &str) -> Result<bool, String> {
    get(all, key)?.as_bool().ok_or_else(|| wrong(key))
}

fn list<'a>(all: &'a Map<String, Value>, key: &str) -> Result<&'a [Value], String> {
    get(all, key)?.as_array().map(Vec::as_slice).ok_or_else(|| wrong(key))
}

/// A text or null. `None` for anything else.
fn optional(value: &Value) -> Option<Option<String>> {
    match value {
        Value::Null => Some(None),
        Value::String(text) => Some(Some(text.clone())),
        _ => None,
    }
}

fn addon(value: &Value) -> Result<Addon, String> {
    let read = |key: &str| value.get(key).and_then(optional);
    match (read("name"), read("slug").flatten(), read("version")) {
        (Some(name), Some(slug), Some(version)) => Ok(Addon { name, slug, version }),
        _ => Err(wrong("addons")),
    }
}

fn folder(value: &Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| wrong("folders"))
}

/// Bytes. Other programs write whole numbers with a fraction of zero.
fn size(value: &Value) -> Result<u64, String> {
    let whole = |number: f64| number >= 0.0 && number.fract() == 0.0 && number < 9_007_199_254_740_992.0;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`whole` has checked the range"
    )]
    let fraction = || value.as_f64().filter(|number| whole(*number)).map(|number| number as u64);
    value.as_u64().or_else(fraction).ok_or_else(|| "its `size` is not a number of bytes".to_owned())
}
