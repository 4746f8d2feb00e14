//! Arguments that several methods share.

use crate::error::{Error, Result};
use crate::times::{Moment, Precision, as_moment};
use crate::value::Value;

/// The error of a method that was called on another type.
pub fn not_a(wanted: &str, value: &Value) -> Error {
    Error::type_error(format!("expected a {wanted}, not {}", value.type_name()))
}

/// The receiver as a point in time: a date at midnight, a time of day on January 1, 1900.
pub fn receiver(value: &Value) -> Result<Moment> {
    as_moment(value).ok_or_else(|| not_a("datetime", value))
}

/// The argument `timespec`.
pub fn precision(value: Option<&Value>) -> Result<Precision> {
    let Some(value) = value else { return Ok(Precision::Auto) };
    let wrong =
        || Error::type_error(format!("isoformat() argument 1 must be str, not {}", value.type_name()));
    Ok(match value.as_str().ok_or_else(wrong)? {
        "auto" => Precision::Auto,
        "hours" => Precision::Hours,
        "minutes" => Precision::Minutes,
        "seconds" => Precision::Seconds,
        "milliseconds" => Precision::Milliseconds,
        "microseconds" => Precision::Microseconds,
        _ => return Err(Error::value("Unknown timespec value")),
    })
}
