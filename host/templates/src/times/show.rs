//! Python's texts of dates, times of day, and spans.

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike};

/// `07:30:00`, with six digits of a second if it has a fraction.
pub fn time_text(time: NaiveTime) -> String {
    let micros = time.nanosecond() / 1000 % 1_000_000;
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    format!("{:02}:{:02}:{:02}{fraction}", time.hour(), time.minute(), time.second())
}

/// `datetime.time(7, 30)`.
pub fn time_repr(time: NaiveTime) -> String {
    format!("datetime.time({}, {})", time.hour(), time.minute())
}

/// `datetime.date(2026, 6, 1)`.
pub fn date_repr(date: NaiveDate) -> String {
    format!("datetime.date({}, {}, {})", date.year(), date.month(), date.day())
}

/// `1 day, 2:03:04`.
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

/// `datetime.timedelta(days=1, seconds=7384)`.
pub fn span_repr(span: TimeDelta) -> String {
    format!("datetime.timedelta(seconds={})", span.num_seconds())
}
