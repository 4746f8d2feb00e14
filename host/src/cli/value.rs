//! Reading and changing the JSON of requests and answers. A missing field reads as `–`, zero, false or empty.

use chrono::{DateTime, FixedOffset};
use serde_json::Value;

use crate::process::terminal::printable;

/// A text field, on one line. It may come from an archive that was crafted to control a terminal.
pub(crate) fn string(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).map_or_else(|| "–".to_owned(), |text| printable(text, ""))
}

pub(crate) fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

pub(crate) fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A field with a time in RFC 3339.
pub(crate) fn time(value: &Value, key: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(value.get(key)?.as_str()?).ok()
}

/// The same in seconds since 1970.
pub(crate) fn instant(value: &Value, key: &str) -> Option<i64> {
    time(value, key).map(|time| time.timestamp())
}

/// Adds fields to an object. Fields that exist are replaced.
pub(super) fn merge(data: &mut Value, more: impl Into<Value>) {
    if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more.into()) {
        data.extend(more);
    }
}

/// Masks the password in an answer of `backup.config.info`.
pub(crate) fn mask_password(info: &mut Value) {
    if let Some(password) =
        info.pointer_mut("/config/create_backup/password").filter(|password| !password.is_null())
    {
        *password = "***".into();
    }
}
