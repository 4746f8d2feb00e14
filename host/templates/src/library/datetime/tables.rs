//! The tables of functions, filters, and tests.

use super::{age, read, show};
use crate::call::{Builtin, builtin};
use crate::value::Value;

pub const GLOBALS: &[Builtin] = &[
    builtin("as_datetime", "value, default=", read::as_datetime),
    builtin("as_local", "value", read::as_local),
    builtin("as_timedelta", "value", read::as_timedelta),
    builtin("as_timestamp", "value, default=", read::as_timestamp),
    builtin("now", "", read::now),
    builtin("relative_time", "value", age::relative_time),
    builtin("strptime", "string, fmt, default=", read::strptime),
    builtin("time_since", "value, precision=", age::time_since),
    builtin("time_until", "value, precision=", age::time_until),
    builtin(
        "timedelta",
        "days=, seconds=, microseconds=, milliseconds=, minutes=, hours=, weeks=",
        read::timedelta,
    ),
    builtin("timedelta_string", "value, precision=", age::timedelta_string),
    builtin("today_at", "time_str=", read::today_at),
    builtin("utcnow", "", read::utcnow),
];

pub const FILTERS: &[Builtin] = &[
    builtin("as_datetime", "value, default=", read::as_datetime),
    builtin("as_local", "value", read::as_local),
    builtin("as_timedelta", "value", read::as_timedelta),
    builtin("as_timestamp", "value, default=", read::as_timestamp),
    builtin("relative_time", "value", age::relative_time),
    builtin("time_since", "value, precision=", age::time_since),
    builtin("time_until", "value, precision=", age::time_until),
    builtin("timedelta_string", "value, precision=", age::timedelta_string),
    builtin("timestamp_custom", "value, date_format=, local=, default=", show::timestamp_custom),
    builtin("timestamp_local", "value, default=", show::timestamp_local),
    builtin("timestamp_utc", "value, default=", show::timestamp_utc),
    builtin("today_at", "time_str=", read::today_at),
];

pub const TESTS: &[Builtin] =
    &[builtin("datetime", "value", |args, _| Ok(Value::Bool(matches!(args.value(0), Value::Moment(_)))))];
