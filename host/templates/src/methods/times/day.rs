//! Methods of dates, which points in time share, and of times of day.

use chrono::{Datelike, Timelike};

use super::receiver::{not_a, precision, receiver};
use crate::call::Args;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::times::{self, Record, TzInfo, check_date, check_time, fold_of, iso_time, ordinal, whole};
use crate::value::Value;

pub fn ctime(args: &mut Args, context: &Context) -> Result<Value> {
    let moment = receiver(args.value(0))?;
    times::strftime(&moment, "%a %b %e %H:%M:%S %Y", times::system(context), context).map(Value::from)
}

pub fn isocalendar(args: &mut Args, _: &Context) -> Result<Value> {
    Ok(Record::iso_calendar(receiver(args.value(0))?.wall.date()))
}

pub fn weekday(args: &mut Args, _: &Context) -> Result<Value> {
    Ok(Value::from(receiver(args.value(0))?.wall.weekday().num_days_from_monday()))
}

pub fn isoweekday(args: &mut Args, _: &Context) -> Result<Value> {
    Ok(Value::from(receiver(args.value(0))?.wall.weekday().number_from_monday()))
}

pub fn toordinal(args: &mut Args, _: &Context) -> Result<Value> {
    Ok(Value::from(ordinal(receiver(args.value(0))?.wall.date())))
}

pub fn date_isoformat(args: &mut Args, _: &Context) -> Result<Value> {
    Ok(Value::from(crate::format::display(args.value(0))))
}

pub fn replace_date(args: &mut Args, _: &Context) -> Result<Value> {
    let Value::Date(date) = args.value(0) else { return Err(not_a("date", args.value(0))) };
    let field = |at: usize, now: i64| args.get(at).map_or(Ok(now), whole);
    let (year, month, day) =
        (field(1, date.year().into())?, field(2, date.month().into())?, field(3, date.day().into())?);
    check_date(year, month, day).map(Value::Date)
}

pub fn time_isoformat(args: &mut Args, _: &Context) -> Result<Value> {
    let Value::Time(time) = args.value(0) else { return Err(not_a("time", args.value(0))) };
    Ok(Value::from(iso_time(*time, precision(args.get(1))?)))
}

pub fn replace_time(args: &mut Args, _: &Context) -> Result<Value> {
    let Value::Time(time) = args.value(0) else { return Err(not_a("time", args.value(0))) };
    let field = |at: usize, now: i64| args.get(at).map_or(Ok(now), whole);
    let (hour, minute) = (field(1, time.hour().into())?, field(2, time.minute().into())?);
    let (second, micros) =
        (field(3, time.second().into())?, field(4, i64::from(time.nanosecond() / 1000 % 1_000_000))?);
    if args.get(5).map(TzInfo::argument).transpose()?.flatten().is_some() {
        return Err(Error::runtime("replace: times of day with a zone are not supported"));
    }
    args.get(6).map(fold_of).transpose()?;
    check_time(hour, minute, second, micros).map(Value::Time)
}

/// A time of day has neither an offset nor a zone.
pub fn none(_: &mut Args, _: &Context) -> Result<Value> {
    Ok(Value::None)
}
