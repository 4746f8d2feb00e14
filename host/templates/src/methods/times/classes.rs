//! Python's class methods of dates and times, which can be called on their instances: `now().fromisoformat(…)`.

use chrono::NaiveDate;

use crate::call::Args;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::times::{self, Moment, Parsed, Tz, TzInfo, check_date, date_of_ordinal, of_iso_week, whole};
use crate::value::Value;

/// The text of an argument.
fn text<'a>(args: &'a Args, at: usize, method: &str) -> Result<&'a str> {
    let value = args.value(at);
    let wrong = || Error::type_error(format!("{method}: argument must be str, not {}", value.type_name()));
    value.as_str().ok_or_else(wrong)
}

fn midnight(date: NaiveDate) -> Value {
    Value::from(Moment::naive(date.and_time(Default::default())))
}

pub fn combine(args: &mut Args, _: &Context) -> Result<Value> {
    let date = match args.value(1) {
        Value::Date(date) => *date,
        Value::Moment(moment) => moment.wall.date(),
        value => {
            let name = value.type_name();
            return Err(Error::type_error(format!("combine() argument 1 must be datetime.date, not {name}")));
        }
    };
    let Value::Time(time) = args.value(2) else {
        let name = args.value(2).type_name();
        return Err(Error::type_error(format!("combine() argument 2 must be datetime.time, not {name}")));
    };
    let tz = args.get(3).map(TzInfo::argument).transpose()?.flatten();
    Ok(Value::from(Moment::at(date.and_time(*time), tz)))
}

pub fn now(args: &mut Args, context: &Context) -> Result<Value> {
    let tz = args.get(1).map(TzInfo::argument).transpose()?.flatten();
    let local = times::now(context, tz.unwrap_or(times::system(context)))?;
    Ok(Value::from(if tz.is_some() { local } else { Moment { tz: None, ..local } }))
}

pub fn moment_today(_: &mut Args, context: &Context) -> Result<Value> {
    Ok(Value::from(Moment { tz: None, ..times::now(context, times::system(context))? }))
}

pub fn date_today(_: &mut Args, context: &Context) -> Result<Value> {
    Ok(Value::Date(times::now(context, times::system(context))?.wall.date()))
}

pub fn utcnow(_: &mut Args, context: &Context) -> Result<Value> {
    Ok(Value::from(Moment { tz: None, ..times::now(context, Tz::UTC)? }))
}

pub fn moment_from_timestamp(args: &mut Args, context: &Context) -> Result<Value> {
    let tz = args.get(2).map(TzInfo::argument).transpose()?.flatten();
    let local = times::moment_of_timestamp(args.value(1), tz.unwrap_or(times::system(context)))?;
    Ok(Value::from(if tz.is_some() { local } else { Moment { tz: None, ..local } }))
}

pub fn utc_from_timestamp(args: &mut Args, _: &Context) -> Result<Value> {
    Ok(Value::from(Moment::naive(times::of_timestamp(args.value(1))?)))
}

pub fn date_from_timestamp(args: &mut Args, context: &Context) -> Result<Value> {
    let local = times::moment_of_timestamp(args.value(1), times::system(context))?;
    Ok(Value::Date(local.wall.date()))
}

fn of_ordinal(args: &Args) -> Result<NaiveDate> {
    let number = whole(args.value(1))?;
    if number < 1 {
        return Err(Error::value("ordinal must be >= 1"));
    }
    date_of_ordinal(number).ok_or_else(|| Error::value("year must be in 1..9999"))
}

pub fn moment_from_ordinal(args: &mut Args, _: &Context) -> Result<Value> {
    of_ordinal(args).map(midnight)
}

pub fn date_from_ordinal(args: &mut Args, _: &Context) -> Result<Value> {
    of_ordinal(args).map(Value::Date)
}

fn of_iso_calendar(args: &Args) -> Result<NaiveDate> {
    let (year, week, day) = (whole(args.value(1))?, whole(args.value(2))?, whole(args.value(3))?);
    check_date(year, 1, 1)?;
    of_iso_week(year, week, day)
}

pub fn moment_from_iso_calendar(args: &mut Args, _: &Context) -> Result<Value> {
    of_iso_calendar(args).map(midnight)
}

pub fn date_from_iso_calendar(args: &mut Args, _: &Context) -> Result<Value> {
    of_iso_calendar(args).map(Value::Date)
}

pub fn moment_from_iso_format(args: &mut Args, _: &Context) -> Result<Value> {
    times::moment_from_iso(text(args, 1, "fromisoformat")?).map(Value::from)
}

pub fn date_from_iso_format(args: &mut Args, _: &Context) -> Result<Value> {
    times::date_from_iso(text(args, 1, "fromisoformat")?).map(Value::Date)
}

pub fn time_from_iso_format(args: &mut Args, _: &Context) -> Result<Value> {
    match times::time_from_iso(text(args, 1, "fromisoformat")?)? {
        (time, None) => Ok(Value::Time(time)),
        (_, Some(_)) => Err(with_offset("fromisoformat")),
    }
}

fn with_offset(method: &str) -> Error {
    Error::runtime(format!("{method}: times of day with an offset are not supported"))
}

fn parsed(args: &Args, context: &Context) -> Result<Parsed> {
    let (text, format) = (text(args, 1, "strptime()")?, text(args, 2, "strptime()")?);
    times::strptime(text, format, &times::zone_names(context), context)
}

pub fn moment_strptime(args: &mut Args, context: &Context) -> Result<Value> {
    parsed(args, context)?.moment().map(Value::from)
}

pub fn date_strptime(args: &mut Args, context: &Context) -> Result<Value> {
    parsed(args, context)?.date().map(Value::Date)
}

pub fn time_strptime(args: &mut Args, context: &Context) -> Result<Value> {
    let parsed = parsed(args, context)?;
    match parsed.tz {
        None => parsed.time().map(Value::Time),
        Some(_) => Err(with_offset("strptime()")),
    }
}
