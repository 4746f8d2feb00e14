//! Python's `format(value, spec)`, by the type of the value.

use chrono::{NaiveDate, NaiveTime};

use super::number::format_number;
use super::show::display;
use super::spec::{Spec, aligned, unknown};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::times::{self, Moment};
use crate::value::Value;

/// Python's `format(value, spec)`.
pub fn format_spec(value: &Value, spec: &str, context: &Context) -> Result<String> {
    if spec.is_empty() {
        return Ok(display(value));
    }
    match value {
        Value::Text(text) => format_text(text, spec, context),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
            let parsed = Spec::parse(spec, '>', value.type_name())?;
            format_number(value, &parsed, context)
        }
        Value::Moment(_) | Value::Date(_) | Value::Time(_) => strftime(value, spec, context),
        _ => {
            let module = if matches!(value, Value::Span(_)) { "datetime." } else { "" };
            let name = value.type_name();
            Err(Error::type_error(format!("unsupported format string passed to {module}{name}.__format__")))
        }
    }
}

/// A date has midnight, and a time of day the first day of 1900, as in Python.
fn strftime(value: &Value, spec: &str, context: &Context) -> Result<String> {
    let moment = match value {
        Value::Moment(moment) => **moment,
        Value::Date(date) => Moment::naive(date.and_time(NaiveTime::MIN)),
        Value::Time(time) => {
            Moment::naive(NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or_default().and_time(*time))
        }
        other => return Ok(display(other)),
    };
    times::strftime(&moment, spec, times::system(context), context)
}

fn format_text(text: &str, spec: &str, context: &Context) -> Result<String> {
    let spec = Spec::parse(spec, '<', "str")?;
    let refuse = |what: &str| Err(Error::value(format!("{what} not allowed in string format specifier")));
    match spec.kind {
        None | Some('s') => {}
        Some(kind) => return Err(unknown(kind, "str")),
    }
    match spec.sign {
        Some(' ') => return refuse("Space"),
        Some(_) => return refuse("Sign"),
        None => {}
    }
    if spec.no_negative_zero {
        return refuse("Negative zero coercion (z)");
    }
    if spec.alternate {
        return refuse("Alternate form (#)");
    }
    if spec.align == '=' {
        return refuse("'=' alignment");
    }
    let kept: String = match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    };
    aligned("", &kept, &spec, context)
}
