//! Attributes that are not methods.

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike};

use crate::times::{MAX_SPAN, MIN_SPAN, Moment, TzInfo, span, split};
use crate::value::Value;

/// An attribute of a point in time, date, time of day, or span that is not a method.
pub fn attribute(value: &Value, name: &str) -> Option<Value> {
    match value {
        Value::Moment(moment) => match name {
            "tzinfo" => Some(TzInfo::value(moment.tz)),
            "fold" => Some(Value::from(i64::from(moment.fold))),
            "min" => Some(extreme(NaiveDate::from_ymd_opt(1, 1, 1)?, NaiveTime::MIN)),
            "max" => Some(extreme(NaiveDate::from_ymd_opt(9999, 12, 31)?, last_time())),
            "resolution" => Some(Value::Span(TimeDelta::microseconds(1))),
            _ => date_field(moment.wall.date(), name).or_else(|| time_field(moment.wall.time(), name)),
        },
        Value::Date(date) => match name {
            "min" => NaiveDate::from_ymd_opt(1, 1, 1).map(Value::Date),
            "max" => NaiveDate::from_ymd_opt(9999, 12, 31).map(Value::Date),
            "resolution" => Some(Value::Span(TimeDelta::days(1))),
            _ => date_field(*date, name),
        },
        Value::Time(time) => match name {
            "tzinfo" => Some(Value::None),
            "fold" => Some(Value::Int(0)),
            "min" => Some(Value::Time(NaiveTime::MIN)),
            "max" => Some(Value::Time(last_time())),
            "resolution" => Some(Value::Span(TimeDelta::microseconds(1))),
            _ => time_field(*time, name),
        },
        Value::Span(span) => {
            let (days, seconds, micros) = split(*span);
            match name {
                "days" => Some(Value::Int(days)),
                "seconds" => Some(Value::Int(seconds)),
                "microseconds" => Some(Value::Int(micros)),
                _ => span_class_attribute(name),
            }
        }
        _ => None,
    }
}

/// An attribute of the class `timedelta`, which the function of this name is: `timedelta.max`.
pub fn span_class_attribute(name: &str) -> Option<Value> {
    match name {
        "min" => span(MIN_SPAN).ok().map(Value::Span),
        "max" => span(MAX_SPAN).ok().map(Value::Span),
        "resolution" => Some(Value::Span(TimeDelta::microseconds(1))),
        _ => None,
    }
}

fn extreme(date: NaiveDate, time: NaiveTime) -> Value {
    Value::from(Moment::naive(date.and_time(time)))
}

fn last_time() -> NaiveTime {
    NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).unwrap_or_default()
}

fn date_field(date: NaiveDate, name: &str) -> Option<Value> {
    match name {
        "year" => Some(Value::from(date.year())),
        "month" => Some(Value::from(date.month())),
        "day" => Some(Value::from(date.day())),
        _ => None,
    }
}

fn time_field(time: NaiveTime, name: &str) -> Option<Value> {
    match name {
        "hour" => Some(Value::from(time.hour())),
        "minute" => Some(Value::from(time.minute())),
        "second" => Some(Value::from(time.second())),
        "microsecond" => Some(Value::from(time.nanosecond() / 1000 % 1_000_000)),
        _ => None,
    }
}
