//! Jinja's filters for numbers: `abs`, `filesizeformat`, `sum`.

use super::attribute::Getter;
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::eval::binary;
use crate::format::repr;
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
    let base: f64 = if is_binary { 1024.0 } else { 1000.0 };
    if bytes == 1.0 {
        return Ok("1 Byte".into());
    }
    if bytes < base {
        return match bytes.is_infinite() {
            true => Err(Error::overflow("cannot convert float infinity to integer")),
            false => Ok(format!("{:.0} Bytes", bytes.trunc() + 0.0).into()),
        };
    }
    let prefixes = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
    let mut unit = base;
    let mut shown = 'k';
    for prefix in prefixes {
        unit *= base;
        shown = prefix;
        if bytes < unit {
            break;
        }
    }
    let name = match is_binary {
        true => format!("{}iB", shown.to_ascii_uppercase()),
        false => format!("{shown}B"),
    };
    Ok(format!("{:.1} {name}", base * bytes / unit).into())
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
    let mut floats: Option<Sum> = None;
    for item in context.items(args.value(0))? {
        let item = getter.get(&item, context)?;
        match (&mut floats, item.as_float()) {
            (Some(sum), Some(number)) => {
                sum.add(number);
                continue;
            }
            (Some(sum), None) => {
                total = Value::Float(sum.total());
                floats = None;
            }
            (None, _) => {}
        }
        context.spend(1)?;
        total = binary(Binary::Add, &total, &item, context)?;
        if let Value::Float(number) = &total {
            floats = Some(Sum { high: *number, low: 0.0 });
        }
    }
    Ok(floats.map_or(total, |sum| Value::Float(sum.total())))
}
