//! Methods of points in time; `strftime` and `timetuple` also of dates and times of day.

use chrono::{Datelike, TimeDelta, Timelike};

use super::receiver::{not_a, precision, receiver};
use crate::call::Args;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::times::{
    self, Abbreviation, Moment, Record, Tz, TzInfo, check_date, check_time, fold_of, in_range, is_daylight,
    whole,
};
use crate::value::Value;

fn moment(args: &Args) -> Result<Moment> {
    match args.value(0) {
        Value::Moment(moment) => Ok(**moment),
        value => Err(not_a("datetime", value)),
    }
}

pub fn astimezone(args: &mut Args, context: &Context) -> Result<Value> {
    let (moment, system) = (moment(args)?, times::system(context));
    if let Some(tz) = args.get(1).map(TzInfo::argument).transpose()?.flatten() {
        return Ok(Value::from(moment.astimezone(tz, system)?));
    }
    // Python makes an offset with a name from the zone of the process.
    let local = moment.astimezone(Tz::UTC, system)?.astimezone(system, system)?;
    let name = system.name(local.wall, local.fold);
    let tz = Tz::Named(local.utcoffset().unwrap_or_default(), Abbreviation::new(&name));
    Ok(Value::from(Moment { tz: Some(tz), fold: false, ..local }))
}

pub fn date(args: &mut Args, _: &Context) -> Result<Value> {
    Ok(Value::Date(moment(args)?.wall.date()))
}

pub fn time(args: &mut Args, _: &Context) -> Result<Value> {
    Ok(Value::Time(moment(args)?.wall.time()))
}

/// A time of day has no offset here. That of a zone has none in Python either, because it depends on the date.
pub fn timetz(args: &mut Args, _: &Context) -> Result<Value> {
    let moment = moment(args)?;
    match moment.tz {
        None | Some(Tz::Zone(_)) => Ok(Value::Time(moment.wall.time())),
        Some(_) => Err(Error::runtime("timetz: times of day with an offset are not supported")),
    }
}

pub fn dst(args: &mut Args, _: &Context) -> Result<Value> {
    let moment = moment(args)?;
    let share = moment.tz.and_then(|tz| tz.daylight(moment.wall, moment.fold));
    Ok(share.map_or(Value::None, Value::Span))
}

pub fn utcoffset(args: &mut Args, _: &Context) -> Result<Value> {
    let seconds = moment(args)?.utcoffset();
    Ok(seconds.map_or(Value::None, |seconds| Value::Span(TimeDelta::seconds(i64::from(seconds)))))
}

pub fn tzname(args: &mut Args, _: &Context) -> Result<Value> {
    let moment = moment(args)?;
    Ok(moment.tz.map_or(Value::None, |tz| Value::from(tz.name(moment.wall, moment.fold))))
}

pub fn isoformat(args: &mut Args, _: &Context) -> Result<Value> {
    let moment = moment(args)?;
    let wrong = |what: String| {
        Error::type_error(format!("isoformat() argument 1 must be a unicode character, not {what}"))
    };
    let separator = match args.get(1) {
        None => 'T',
        Some(value) => {
            let text = value.as_str().ok_or_else(|| wrong(value.type_name().to_owned()))?;
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => c,
                _ => return Err(wrong(format!("a string of length {}", text.chars().count()))),
            }
        }
    };
    Ok(Value::from(moment.iso_with(separator, precision(args.get(2))?)))
}

pub fn replace(args: &mut Args, _: &Context) -> Result<Value> {
    let moment = moment(args)?;
    let (date, time) = (moment.wall.date(), moment.wall.time());
    let field = |at: usize, now: i64| args.get(at).map_or(Ok(now), whole);
    let (year, month, day) =
        (field(1, date.year().into())?, field(2, date.month().into())?, field(3, date.day().into())?);
    let (hour, minute) = (field(4, time.hour().into())?, field(5, time.minute().into())?);
    let (second, micros) =
        (field(6, time.second().into())?, field(7, i64::from(time.nanosecond() / 1000 % 1_000_000))?);
    let tz = args.get(8).map_or(Ok(moment.tz), TzInfo::argument)?;
    let fold = args.get(9).map_or(Ok(moment.fold), fold_of)?;
    let date = check_date(year, month, day)?;
    let wall = date.and_time(check_time(hour, minute, second, micros)?);
    Ok(Value::from(Moment { wall, tz, fold }))
}

pub fn strftime(args: &mut Args, context: &Context) -> Result<Value> {
    let moment = receiver(args.value(0))?;
    let format = args.value(1);
    let wrong =
        || Error::type_error(format!("strftime() argument 1 must be str, not {}", format.type_name()));
    let format = format.as_str().ok_or_else(wrong)?;
    times::strftime(&moment, format, times::system(context), context).map(Value::from)
}

pub fn timestamp(args: &mut Args, context: &Context) -> Result<Value> {
    Ok(Value::Float(moment(args)?.timestamp(times::system(context))))
}

pub fn timetuple(args: &mut Args, _: &Context) -> Result<Value> {
    let moment = receiver(args.value(0))?;
    Ok(Record::struct_time(moment.wall, is_daylight(&moment)))
}

pub fn utctimetuple(args: &mut Args, _: &Context) -> Result<Value> {
    let utc = moment(args)?.utc();
    match in_range(utc.date()) {
        true => Ok(Record::struct_time(utc, 0)),
        false => Err(Error::overflow("date value out of range")),
    }
}
