//! The tables of methods.

use super::receiver::not_a;
use super::{classes, day, moment};
use crate::call::{Builtin, builtin};
use crate::times::{micros, total_seconds};
use crate::value::Value;

/// Methods of `datetime.datetime`.
pub const MOMENT: &[Builtin] = &[
    builtin("astimezone", "self, tz=", moment::astimezone),
    builtin("combine", "self, date, time, tzinfo=", classes::combine),
    builtin("ctime", "self, /", day::ctime),
    builtin("date", "self, /", moment::date),
    builtin("dst", "self, /", moment::dst),
    builtin("fromisocalendar", "self, year, week, day", classes::moment_from_iso_calendar),
    builtin("fromisoformat", "self, string, /", classes::moment_from_iso_format),
    builtin("fromordinal", "self, ordinal, /", classes::moment_from_ordinal),
    builtin("fromtimestamp", "self, timestamp, tz=", classes::moment_from_timestamp),
    builtin("isocalendar", "self, /", day::isocalendar),
    builtin("isoformat", "self, sep=, timespec=", moment::isoformat),
    builtin("isoweekday", "self, /", day::isoweekday),
    builtin("now", "self, tz=", classes::now),
    builtin(
        "replace",
        "self, year=, month=, day=, hour=, minute=, second=, microsecond=, tzinfo=, *, fold=",
        moment::replace,
    ),
    builtin("strftime", "self, format", moment::strftime),
    builtin("strptime", "self, string, format, /", classes::moment_strptime),
    builtin("time", "self, /", moment::time),
    builtin("timestamp", "self, /", moment::timestamp),
    builtin("timetuple", "self, /", moment::timetuple),
    builtin("timetz", "self, /", moment::timetz),
    builtin("today", "self, /", classes::moment_today),
    builtin("toordinal", "self, /", day::toordinal),
    builtin("tzname", "self, /", moment::tzname),
    builtin("utcfromtimestamp", "self, timestamp, /", classes::utc_from_timestamp),
    builtin("utcnow", "self, /", classes::utcnow),
    builtin("utcoffset", "self, /", moment::utcoffset),
    builtin("utctimetuple", "self, /", moment::utctimetuple),
    builtin("weekday", "self, /", day::weekday),
];

/// Methods of `datetime.date`.
pub const DATE: &[Builtin] = &[
    builtin("ctime", "self, /", day::ctime),
    builtin("fromisocalendar", "self, year, week, day", classes::date_from_iso_calendar),
    builtin("fromisoformat", "self, string, /", classes::date_from_iso_format),
    builtin("fromordinal", "self, ordinal, /", classes::date_from_ordinal),
    builtin("fromtimestamp", "self, timestamp, /", classes::date_from_timestamp),
    builtin("isocalendar", "self, /", day::isocalendar),
    builtin("isoformat", "self, /", day::date_isoformat),
    builtin("isoweekday", "self, /", day::isoweekday),
    builtin("replace", "self, year=, month=, day=", day::replace_date),
    builtin("strftime", "self, format", moment::strftime),
    builtin("strptime", "self, string, format, /", classes::date_strptime),
    builtin("timetuple", "self, /", moment::timetuple),
    builtin("today", "self, /", classes::date_today),
    builtin("toordinal", "self, /", day::toordinal),
    builtin("weekday", "self, /", day::weekday),
];

/// Methods of `datetime.time`.
pub const TIME: &[Builtin] = &[
    builtin("dst", "self, /", day::none),
    builtin("fromisoformat", "self, string, /", classes::time_from_iso_format),
    builtin("isoformat", "self, timespec=", day::time_isoformat),
    builtin("replace", "self, hour=, minute=, second=, microsecond=, tzinfo=, *, fold=", day::replace_time),
    builtin("strftime", "self, format", moment::strftime),
    builtin("strptime", "self, string, format, /", classes::time_strptime),
    builtin("tzname", "self, /", day::none),
    builtin("utcoffset", "self, /", day::none),
];

/// Methods of `datetime.timedelta`.
pub const SPAN: &[Builtin] = &[builtin("total_seconds", "self, /", |args, _| match args.value(0) {
    Value::Span(span) => Ok(Value::Float(total_seconds(micros(*span)))),
    value => Err(not_a("timedelta", value)),
})];
