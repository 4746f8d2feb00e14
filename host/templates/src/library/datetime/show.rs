//! Filters that show timestamps.

use super::default::or_default;
use crate::call::Args;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::times::{self, Moment, Tz};
use crate::value::Value;

fn of(value: &Value, is_local: bool, context: &Context) -> Result<Moment> {
    let utc = times::moment_of_timestamp(value, Tz::UTC)?;
    if is_local { super::read::local(utc, context) } else { Ok(utc) }
}

pub fn timestamp_custom(args: &mut Args, context: &Context) -> Result<Value> {
    let value = args.value(0);
    let result = of(value, args.flag(2, true), context).and_then(|moment| {
        let format = match args.get(1) {
            None => "%Y-%m-%d %H:%M:%S",
            Some(format) => format.as_str().ok_or_else(|| {
                let name = format.type_name();
                Error::type_error(format!("strftime() argument 1 must be str, not {name}"))
            })?,
        };
        times::strftime(&moment, format, times::system(context), context).map(Value::from)
    });
    or_default(result, args.get(3), "timestamp_custom", value)
}

pub fn timestamp_local(args: &mut Args, context: &Context) -> Result<Value> {
    let result = of(args.value(0), true, context).map(|moment| Value::from(moment.iso('T')));
    or_default(result, args.get(1), "timestamp_local", args.value(0))
}

pub fn timestamp_utc(args: &mut Args, context: &Context) -> Result<Value> {
    let result = of(args.value(0), false, context).map(|moment| Value::from(moment.iso('T')));
    or_default(result, args.get(1), "timestamp_utc", args.value(0))
}
