//! Jinja's filters for numbers: `abs`, `filesizeformat`, `sum`.

use std::cmp::Ordering;

use super::attribute::Getter;
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::repr;
use crate::operators::binary;
use crate::syntax::Binary;
use crate::value::Value;

pub const FILTERS: &[Builtin] = &[
    builtin("abs", "x, /", abs),
    builtin("filesizeformat", "value, binary=", filesizeformat),
    builtin("sum", "iterable, attribute=, start=", sum),
];

fn abs(args: &mut Args, _: &Context) -> Result<Value> {
    match args.value(0) {
        Value::Float(number) => Ok(number.abs().into()),
        Value::Span(span) => Ok(Value::Span(span.abs())),
        value => match value.as_int() {
            Some(number) => {
                number.checked_abs().map(Value::Int).ok_or_else(|| Error::overflow("an integer is too large"))
            }
            None => Err(Error::type_error(format!("bad operand type for abs(): '{}'", value.type_name()))),
        },
    }
}

/// Python's `float(value)`.
fn float(value: &Value) -> Result<f64> {
    match value {
        Value::Text(text) => parsed(text)
            .ok_or_else(|| Error::value(format!("could not convert string to float: {}", repr(value)))),
        Value::Undefined(message) => Err(Error::undefined(message.as_ref())),
        value => value.as_float().ok_or_else(|| {
            let name = value.type_name();
            Error::type_error(format!("float() argument must be a string or a real number, not '{name}'"))
        }),
    }
}

/// A number as Python writes it: single underscores between digits, `inf`, `nan`.
fn parsed(text: &str) -> Option<f64> {
    let text = text.trim_matches(super::text::is_space);
    let between = |at: usize| {
        let is_digit =
            |at: Option<usize>| at.and_then(|at| text.as_bytes().get(at)).is_some_and(u8::is_ascii_digit);
        is_digit(at.checked_sub(1)) && is_digit(at.checked_add(1))
    };
    match text.match_indices('_').all(|(at, _)| between(at)) {
        true => text.replace('_', "").parse().ok(),
        false => None,
    }
}

fn filesizeformat(args: &mut Args, _: &Context) -> Result<Value> {
    let bytes = float(args.value(0))?;
    let is_binary = args.flag(1, false);
    let base: i128 = if is_binary { 1024 } else { 1000 };
    let is_below = |limit: i128| Value::Float(bytes).order(&Value::Int(limit), "<");
    if bytes == 1.0 {
        return Ok("1 Byte".into());
    }
    if is_below(base)? == Some(Ordering::Less) {
        return match bytes.is_infinite() {
            true => Err(Error::overflow("cannot convert float infinity to integer")),
            false => Ok(format!("{:.0} Bytes", bytes.trunc() + 0.0).into()),
        };
    }
    let mut unit = base;
    let mut shown = 'k';
    for prefix in ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'] {
        (unit, shown) = (unit * base, prefix);
        if is_below(unit)? == Some(Ordering::Less) {
            break;
        }
    }
    let name = match is_binary {
        true => format!("{}iB", shown.to_ascii_uppercase()),
        false => format!("{shown}B"),
    };
    #[allow(clippy::cast_precision_loss, reason = "Python rounds too")]
    let size = base as f64 * bytes / unit as f64;
    let size = if size.is_nan() { "nan".into() } else { format!("{size:.1}") };
    Ok(format!("{size} {name}").into())
}

/// The sum of floats, with what each addition rounds off.
#[derive(Clone, Copy)]
struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    fn add(&mut self, number: f64) {
        let sum = self.high + number;
        self.low += match self.high.abs() >= number.abs() {
            true => (self.high - sum) + number,
            false => (number - sum) + self.high,
        };
        self.high = sum;
    }

    fn total(self) -> f64 {
        match self.low != 0.0 && self.low.is_finite() {
            true => self.high + self.low,
            false => self.high,
        }
    }
}

/// Python's `sum`: floats are added without losing digits.
fn sum(args: &mut Args, context: &Context) -> Result<Value> {
    let getter = Getter::new(args.get(1), false);
    let mut total = args.get(2).cloned().unwrap_or(Value::Int(0));
    let kind = match &total {
        Value::Text(_) => Some(("strings", "''")),
        Value::Bytes(_) => Some(("bytes", "b''")),
        _ => None,
    };
    if let Some((kind, empty)) = kind {
        return Err(Error::type_error(format!("sum() can't sum {kind} [use {empty}.join(seq) instead]")));
    }
    let started = |total: &Value| match total {
        Value::Float(number) => Some(Sum { high: *number, low: 0.0 }),
        _ => None,
    };
    let mut floats = started(&total);
    for item in context.items(args.value(0))? {
        let item = getter.get(&item, context)?;
        if let (Some(sum), Some(number)) = (&mut floats, item.as_float()) {
            sum.add(number);
            continue;
        }
        let so_far = floats.map_or(total, |sum| Value::Float(sum.total()));
        context.spend(1)?;
        total = binary(Binary::Add, &so_far, &item, context)?;
        floats = started(&total);
    }
    Ok(floats.map_or(total, |sum| Value::Float(sum.total())))
}
