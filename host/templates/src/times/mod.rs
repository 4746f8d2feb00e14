//! Python's `datetime`: points in time, dates, times of day, and spans.

mod moment;
mod show;

pub use moment::{Moment, Tz};
pub use show::{date_repr, span_repr, span_text, time_repr, time_text};

use crate::error::{Error, Result};
use crate::value::Value;

pub fn binary(_sign: &str, _one: &Value, _other: &Value) -> Option<Result<Value>> {
    None
}

pub fn negate(_value: &Value) -> Result<Value> {
    Err(Error::type_error("stub"))
}
