//! Averages, medians, modes, and the smallest and largest values.

use std::cmp::Ordering;

use indexmap::IndexMap;

use super::math::no_default_of;
use super::number::too_large;
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Key, Value};

const SHARED: [Builtin; 3] = [
    builtin("average", "*args, default=", average),
    builtin("median", "*args, default=", median),
    builtin("statistical_mode", "*args, default=", statistical_mode),
];

pub const GLOBALS: &[Builtin] = &{
    let [average, median, mode] = SHARED;
    let min = builtin("min", "*args, case_sensitive=, attribute=", min);
    let max = builtin("max", "*args, case_sensitive=, attribute=", max);
    [average, median, mode, min, max]
};

pub const FILTERS: &[Builtin] = &SHARED;

fn average(args: &mut Args, context: &Context) -> Result<Value> {
    over_items("average", args, context, |items, _| {
        #[allow(clippy::cast_precision_loss, reason = "the length of a list")]
        let count = items.len() as f64;
        let sum = exact_sum(&items)?;
        if items.is_empty() { Err(no_data()) } else { Ok(Value::Float(sum / count)) }
    })
}

fn median(args: &mut Args, context: &Context) -> Result<Value> {
    over_items("median", args, context, |items, context| {
        let mut sorted = sorted(items, context)?;
        let middle = sorted.len() / 2;
        let is_odd = sorted.len() % 2 == 1;
        let at = |index: usize| sorted.get(index).ok_or_else(no_data);
        if is_odd {
            at(middle)?;
            return Ok(sorted.swap_remove(middle));
        }
        half_of_sum(at(middle.wrapping_sub(1))?, at(middle)?)
    })
}

/// The mean of two values as Python calculates it: `(one + other) / 2`.
fn half_of_sum(one: &Value, other: &Value) -> Result<Value> {
    match (one, other) {
        (Value::Span(one), Value::Span(other)) => {
            let sum = one.checked_add(other).ok_or_else(|| Error::overflow("the span is too long"))?;
            Ok(Value::Span(sum / 2))
        }
        (Value::Undefined(message), _) | (_, Value::Undefined(message)) => {
            Err(Error::undefined(message.as_ref()))
        }
        _ => match (one.as_int().zip(other.as_int()), one.as_float().zip(other.as_float())) {
            #[allow(clippy::cast_precision_loss, reason = "Python rounds too")]
            (Some((one, other)), _) => {
                Ok(Value::Float(one.checked_add(other).ok_or_else(too_large)? as f64 / 2.0))
            }
            (None, Some((one, other))) => Ok(Value::Float((one + other) / 2.0)),
            (None, None) => Err(Error::type_error(format!(
                "unsupported operand type(s) for /: '{}' and 'int'",
                one.type_name()
            ))),
        },
    }
}

fn statistical_mode(args: &mut Args, context: &Context) -> Result<Value> {
    let (default, all) = (args.get(0), args.rest.as_slice());
    let (items, default) = match all {
        [] => return Err(Error::type_error("statistical_mode expected at least 1 argument, got 0")),
        [only] => (iterated(only, context)?.ok_or_else(|| not_iterable(only))?, default),
        [Value::List(items) | Value::Tuple(items), second, ..] => {
            (items.items.clone(), default.or(Some(second)))
        }
        _ => (all.to_vec(), default),
    };
    context.spend(items.len() as u64)?;
    or_default("statistical_mode", all, mode(items), default)
}

fn mode(items: Vec<Value>) -> Result<Value> {
    let mut counts: IndexMap<Key, usize> = IndexMap::new();
    for item in items {
        *counts.entry(Key::new(item)?).or_default() += 1;
    }
    let mut most: Option<(&Key, usize)> = None;
    for (key, count) in &counts {
        if most.is_none_or(|(_, most)| *count > most) {
            most = Some((key, *count));
        }
    }
    most.map(|(key, _)| key.value().clone()).ok_or_else(no_data)
}

fn min(args: &mut Args, context: &Context) -> Result<Value> {
    extreme("min", args, context)
}

fn max(args: &mut Args, context: &Context) -> Result<Value> {
    extreme("max", args, context)
}

/// The filter of that name, over the arguments or the only argument.
fn extreme(name: &str, args: &mut Args, context: &Context) -> Result<Value> {
    let mut keywords = Vec::new();
    for (at, keyword) in ["case_sensitive", "attribute"].into_iter().enumerate() {
        if let Some(value) = args.get(at) {
            keywords.push((keyword.into(), value.clone()));
        }
    }
    let items = match args.rest.as_slice() {
        [] => return Err(Error::type_error(format!("{name} expected at least 1 argument, got 0"))),
        [only] => Value::list(iterated(only, context)?.ok_or_else(|| not_iterable(only))?),
        all => Value::tuple(all.to_vec()),
    };
    let filter = context.interpreter.filter(name)?;
    context.interpreter.call(&filter, vec![items], keywords, context)
}

/// Calls `function` with the items of the first argument, whose default is the second one, or else with the arguments.
fn over_items(
    name: &str,
    args: &Args,
    context: &Context,
    function: impl Fn(Vec<Value>, &Context) -> Result<Value>,
) -> Result<Value> {
    let (default, all) = (args.get(0), args.rest.as_slice());
    let Some((first, others)) = all.split_first() else {
        return Err(Error::type_error(format!("{name} expected at least 1 argument, got 0")));
    };
    let (items, default) = match iterated(first, context)? {
        Some(items) => (items, default.or(others.first())),
        None if others.is_empty() => return Err(not_iterable(first)),
        None => (all.to_vec(), default),
    };
    context.spend(items.len() as u64)?;
    or_default(name, all, function(items, context), default)
}

/// Python catches a `TypeError` and its error for too few data.
fn or_default(name: &str, all: &[Value], result: Result<Value>, default: Option<&Value>) -> Result<Value> {
    match (result, default) {
        (Err(error), default) if error.kind == ErrorKind::Type || error == no_data() => {
            default.cloned().ok_or_else(|| no_default_of(name, all))
        }
        (result, _) => result,
    }
}

fn no_data() -> Error {
    Error::value("there are no data points")
}

/// The items of a value that is a Python `Iterable`.
fn iterated(value: &Value, context: &Context) -> Result<Option<Vec<Value>>> {
    match value {
        Value::State(_) => Ok(None),
        Value::Object(object) => match object.items() {
            Some(items) => context.spend(items.len() as u64 / 4).map(|()| Some(items)),
            None => Ok(None),
        },
        _ => match context.items(value) {
            Ok(items) => Ok(Some(items)),
            Err(error) if error.kind == ErrorKind::Type => Ok(None),
            Err(error) => Err(error),
        },
    }
}

fn not_iterable(value: &Value) -> Error {
    Error::type_error(format!("'{}' object is not iterable", value.type_name()))
}

/// Python's `math.fsum`: the sum without loss of precision (Shewchuk's partial sums).
fn exact_sum(items: &[Value]) -> Result<f64> {
    let (mut partials, mut special): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    for item in items {
        let mut x = real(item)?;
        if !x.is_finite() {
            special.push(x);
            continue;
        }
        let mut kept = Vec::with_capacity(partials.len() + 1);
        for mut y in partials {
            if x.abs() < y.abs() {
                std::mem::swap(&mut x, &mut y);
            }
            let high = x + y;
            let low = y - (high - x);
            if low != 0.0 {
                kept.push(low);
            }
            x = high;
        }
        if !x.is_finite() {
            return Err(Error::overflow("intermediate overflow in fsum"));
        }
        kept.push(x);
        partials = kept;
    }
    if !special.is_empty() {
        let sum: f64 = special.iter().sum();
        return match sum.is_nan() && special.iter().all(|one| one.is_infinite()) {
            true => Err(Error::value("-inf + inf in fsum")),
            false => Ok(sum),
        };
    }
    Ok(total(partials))
}

/// Adds partial sums from the largest, rounding half to even once.
fn total(mut partials: Vec<f64>) -> f64 {
    let Some(mut high) = partials.pop() else { return 0.0 };
    let mut low = 0.0;
    while let Some(y) = partials.pop() {
        let x = high;
        high = x + y;
        low = y - (high - x);
        if low != 0.0 {
            break;
        }
    }
    let next = partials.last().copied().unwrap_or(0.0);
    if (low < 0.0 && next < 0.0) || (low > 0.0 && next > 0.0) {
        let doubled = low * 2.0;
        let sum = high + doubled;
        if doubled == sum - high {
            high = sum;
        }
    }
    high
}

fn real(value: &Value) -> Result<f64> {
    match value {
        Value::Undefined(message) => Err(Error::undefined(message.as_ref())),
        _ => value
            .as_float()
            .ok_or_else(|| Error::type_error(format!("must be real number, not {}", value.type_name()))),
    }
}

/// Sorts by Python's `<`; a merge sort, because values need not have a total order.
fn sorted(mut items: Vec<Value>, context: &Context) -> Result<Vec<Value>> {
    if items.len() < 2 {
        return Ok(items);
    }
    context.spend(items.len() as u64)?;
    let right = sorted(items.split_off(items.len() / 2), context)?;
    let left = sorted(items, context)?;
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
        let takes_right = other.order(one, "<")? == Some(Ordering::Less);
        merged.extend(if takes_right { right.next() } else { left.next() });
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}
