//! Python's arithmetic.

use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::format::percent;
use crate::syntax::Binary;
use crate::times;
use crate::value::{DictView, Set, Value};

/// The result of a binary operator.
pub fn binary(operator: Binary, one: &Value, other: &Value, context: &Context) -> Result<Value> {
    if let (Value::Undefined(message), _) | (_, Value::Undefined(message)) = (one, other)
        && (operator != Binary::Remainder || !matches!(one, Value::Text(_)))
    {
        return Err(Error::undefined(message.as_ref()));
    }
    if let (Some(left), Some(right)) = (one.as_int(), other.as_int()) {
        return integers(operator, left, right);
    }
    if let (Some(left), Some(right)) = (one.as_float(), other.as_float()) {
        return floats(operator, left, right);
    }
    if let Some(tuple) = one.named_tuple() {
        return binary(operator, &tuple, other, context);
    }
    if let Some(tuple) = other.named_tuple().filter(|_| !matches!(one, Value::Text(_))) {
        return binary(operator, one, &tuple, context);
    }
    if let Some(result) = times::binary(operator.sign(), one, other) {
        return result;
    }
    match (operator, one, other) {
        (Binary::Add, Value::Text(left), Value::Text(right)) => {
            context.reserve(left.len() + right.len())?;
            Ok(Value::from(format!("{left}{right}")))
        }
        (Binary::Add, Value::Bytes(left), Value::Bytes(right)) => {
            context.reserve(left.len() + right.len())?;
            Ok(Value::Bytes([left.as_ref(), right.as_ref()].concat().into()))
        }
        (Binary::Add, Value::List(left), Value::List(right)) => {
            context.reserve(left.items.len() + right.items.len())?;
            Ok(Value::list([left.items.as_slice(), &right.items].concat()))
        }
        (Binary::Add, Value::Tuple(left), Value::Tuple(right)) => {
            context.reserve(left.items.len() + right.items.len())?;
            Ok(Value::tuple([left.items.as_slice(), &right.items].concat()))
        }
        (Binary::Subtract, Value::Set(left), Value::Set(right)) => {
            let kept = left.keys().filter(|key| !right.contains(key));
            Set::new(kept.map(|key| key.value().clone())).map(Value::set)
        }
        (Binary::Subtract, left, right) if DictView::is_set(left) || DictView::is_set(right) => {
            let right = Set::new(context.items(right)?)?;
            let kept = Set::new(context.items(left)?)?;
            let kept = kept.keys().filter(|key| !right.contains(key)).map(|key| key.value().clone());
            Set::new(kept).map(Value::set)
        }
        (Binary::Multiply, Value::Text(_) | Value::Bytes(_) | Value::List(_) | Value::Tuple(_), times) => {
            let count = times.as_int().ok_or_else(|| not_repeated(times))?;
            repeated(one, count, context)
        }
        (Binary::Multiply, times, Value::Text(_) | Value::Bytes(_) | Value::List(_) | Value::Tuple(_)) => {
            let count = times.as_int().ok_or_else(|| not_repeated(times))?;
            repeated(other, count, context)
        }
        (Binary::Remainder, Value::Text(template), argument) => {
            percent(template, argument, context).map(Value::from)
        }
        _ => Err(unsupported(operator, one, other)),
    }
}

fn unsupported(operator: Binary, one: &Value, other: &Value) -> Error {
    let sign = if operator == Binary::Power { "** or pow()" } else { operator.sign() };
    let (one, other) = (one.type_name(), other.type_name());
    Error::type_error(format!("unsupported operand type(s) for {sign}: '{one}' and '{other}'"))
}

fn not_repeated(times: &Value) -> Error {
    Error::type_error(format!("can't multiply sequence by non-int of type '{}'", times.type_name()))
}

fn repeated(value: &Value, count: i128, context: &Context) -> Result<Value> {
    let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
    let length = match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        value => value.as_sequence().map_or(0, <[Value]>::len),
    };
    context.reserve(length.saturating_mul(count))?;
    let count = if length == 0 { 0 } else { count };
    Ok(match value {
        Value::Text(text) => Value::from(text.repeat(count)),
        Value::Bytes(bytes) => Value::Bytes(bytes.repeat(count).into()),
        Value::Tuple(items) => Value::tuple(copies(&items.items, count)),
        value => Value::list(copies(value.as_sequence().unwrap_or_default(), count)),
    })
}

fn copies(items: &[Value], count: usize) -> Vec<Value> {
    std::iter::repeat_n(items, count).flatten().cloned().collect()
}

fn too_large() -> Error {
    Error::overflow("an integer is too large")
}

fn by_zero(text: &str) -> Error {
    Error::new(ErrorKind::ZeroDivision, text)
}

fn integers(operator: Binary, one: i128, other: i128) -> Result<Value> {
    let int = |result: Option<i128>| result.map(Value::Int).ok_or_else(too_large);
    match operator {
        Binary::Add => int(one.checked_add(other)),
        Binary::Subtract => int(one.checked_sub(other)),
        Binary::Multiply => int(one.checked_mul(other)),
        Binary::Divide if other == 0 => Err(by_zero("division by zero")),
        #[allow(clippy::cast_precision_loss, reason = "Python rounds too")]
        Binary::Divide => Ok(Value::Float(one as f64 / other as f64)),
        Binary::FloorDivide | Binary::Remainder if other == 0 => {
            Err(by_zero("integer division or modulo by zero"))
        }
        Binary::FloorDivide => {
            let quotient = one.checked_div(other).ok_or_else(too_large)?;
            let is_inexact = one.checked_rem(other).is_some_and(|rest| rest != 0);
            Ok(Value::Int(quotient - i128::from(is_inexact && (one < 0) != (other < 0))))
        }
        Binary::Remainder => {
            let rest = one.checked_rem(other).unwrap_or(0);
            let has_other_sign = rest != 0 && (rest < 0) != (other < 0);
            Ok(Value::Int(if has_other_sign { rest + other } else { rest }))
        }
        Binary::Power => match u32::try_from(other) {
            Ok(power) => int(one.checked_pow(power)),
            Err(_) if other > 0 => match one {
                0 | 1 => Ok(Value::Int(one)),
                -1 => Ok(Value::Int(if other % 2 == 0 { 1 } else { -1 })),
                _ => Err(too_large()),
            },
            #[allow(clippy::cast_precision_loss, reason = "Python rounds too")]
            Err(_) => floats(operator, one as f64, other as f64),
        },
    }
}

fn floats(operator: Binary, one: f64, other: f64) -> Result<Value> {
    let result = match operator {
        Binary::Add => one + other,
        Binary::Subtract => one - other,
        Binary::Multiply => one * other,
        Binary::Divide if other == 0.0 => return Err(by_zero("division by zero")),
        Binary::Divide => one / other,
        Binary::FloorDivide | Binary::Remainder if other == 0.0 => return Err(by_zero("division by zero")),
        Binary::FloorDivide => quotient_and_rest(one, other).0,
        Binary::Remainder => quotient_and_rest(one, other).1,
        Binary::Power if one == 0.0 && other < 0.0 => return Err(by_zero("zero to a negative power")),
        Binary::Power if one < 0.0 && one.is_finite() && other.is_finite() && other.fract() != 0.0 => {
            return Err(Error::type_error("the result is a complex number, which is not supported"));
        }
        Binary::Power => {
            let result = one.powf(other);
            if result.is_infinite() && one.is_finite() && other.is_finite() {
                return Err(Error::overflow("(34, 'Numerical result out of range')"));
            }
            result
        }
    };
    Ok(Value::Float(result))
}

/// Python's `divmod` of floats.
fn quotient_and_rest(one: f64, other: f64) -> (f64, f64) {
    let mut rest = one % other;
    let mut quotient = (one - rest) / other;
    if rest == 0.0 {
        rest = 0.0_f64.copysign(other);
    } else if (other < 0.0) != (rest < 0.0) {
        rest += other;
        quotient -= 1.0;
    }
    let floor = match quotient == 0.0 {
        true => 0.0_f64.copysign(one / other),
        false => {
            let floor = quotient.floor();
            if quotient - floor > 0.5 { floor + 1.0 } else { floor }
        }
    };
    (floor, rest)
}

/// `-value`.
pub fn negate(value: &Value) -> Result<Value> {
    match value {
        Value::Float(number) => Ok(Value::Float(-number)),
        Value::Undefined(message) => Err(Error::undefined(message.as_ref())),
        Value::Span(_) => times::negate(value),
        value => match value.as_int() {
            Some(number) => number.checked_neg().map(Value::Int).ok_or_else(too_large),
            None => Err(bad_operand("-", value)),
        },
    }
}

/// `+value`.
pub fn plus(value: &Value) -> Result<Value> {
    match value {
        Value::Float(_) | Value::Span(_) => Ok(value.clone()),
        Value::Undefined(message) => Err(Error::undefined(message.as_ref())),
        value => value.as_int().map(Value::Int).ok_or_else(|| bad_operand("+", value)),
    }
}

fn bad_operand(sign: &str, value: &Value) -> Error {
    Error::type_error(format!("bad operand type for unary {sign}: '{}'", value.type_name()))
}
