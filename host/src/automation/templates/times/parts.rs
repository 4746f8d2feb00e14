//! Dates, times of day and time spans.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike};
use minijinja::value::{DynObject, Object, ObjectRepr, from_args};
use minijinja::{Error, ErrorKind, State, Value};

use super::text::{clock_text, formatted};

/// A date without a time, or a time of day.
#[derive(Debug, Clone, Copy)]
pub enum Part {
    Day(NaiveDate),
    Clock(NaiveTime),
}

impl Object for Part {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match (**self, key.as_str()?) {
            (Self::Day(day), "year") => Value::from(day.year()),
            (Self::Day(day), "month") => Value::from(day.month()),
            (Self::Day(day), "day") => Value::from(day.day()),
            (Self::Clock(time), "hour") => Value::from(time.hour()),
            (Self::Clock(time), "minute") => Value::from(time.minute()),
            (Self::Clock(time), "second") => Value::from(time.second()),
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let wall = match **self {
            Self::Day(day) => day.and_time(NaiveTime::MIN),
            Self::Clock(time) => NaiveDate::default().and_time(time),
        };
        match (method, **self) {
            ("isoformat", _) => Ok(Value::from(Value::from_dyn_object(self.clone()).to_string())),
            ("strftime", _) => {
                let (format,): (String,) = from_args(args)?;
                Ok(Value::from(formatted(wall.format(&format), &format)?))
            }
            ("weekday", Self::Day(day)) => Ok(Value::from(day.weekday().num_days_from_monday())),
            ("isoweekday", Self::Day(day)) => Ok(Value::from(day.weekday().number_from_monday())),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        Some(match (**self, *other.downcast_ref::<Self>()?) {
            (Self::Day(one), Self::Day(other)) => one.cmp(&other),
            (Self::Clock(one), Self::Clock(other)) => one.cmp(&other),
            (Self::Day(_), Self::Clock(_)) => Ordering::Less,
            (Self::Clock(_), Self::Day(_)) => Ordering::Greater,
        })
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match **self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Clock(time) => f.write_str(&clock_text(time)),
        }
    }
}

/// A time span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span(pub TimeDelta);

impl Span {
    /// The span in seconds, with microseconds as the fraction.
    pub fn total_seconds(self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "spans of a few centuries in milliseconds fit")]
        let millis = self.0.num_milliseconds() as f64;
        let micros = self.0.num_microseconds().map_or(0, |micros| micros % 1000);
        #[allow(clippy::cast_precision_loss, reason = "below a thousand")]
        let rest = micros as f64;
        millis / 1000.0 + rest / 1e6
    }
}

impl Object for Span {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        !self.0.is_zero()
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let seconds = self.0.num_seconds() - i64::from(self.0.subsec_nanos() < 0);
        Some(match key.as_str()? {
            "days" => Value::from(seconds.div_euclid(86400)),
            "seconds" => Value::from(seconds.rem_euclid(86400)),
            "microseconds" => Value::from(self.0.subsec_nanos().rem_euclid(1_000_000_000) / 1000),
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        _args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "total_seconds" => Ok(Value::from(self.total_seconds())),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        Some(self.0.cmp(&other.downcast_ref::<Self>()?.0))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&span_text(self.0))
    }
}

/// A span in Python's format: `1 day, 2:03:04`.
pub fn span_text(span: TimeDelta) -> String {
    let whole = span.num_seconds() - i64::from(span.subsec_nanos() < 0);
    let (days, rest) = (whole.div_euclid(86400), whole.rem_euclid(86400));
    let micros = span.subsec_nanos().rem_euclid(1_000_000_000) / 1000;
    let shown = match days {
        0 => String::new(),
        1 | -1 => format!("{days} day, "),
        days => format!("{days} days, "),
    };
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    format!("{shown}{}:{:02}:{:02}{fraction}", rest / 3600, rest / 60 % 60, rest % 60)
}
