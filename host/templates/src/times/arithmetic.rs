//! Operators between points in time, dates, and spans.

use chrono::{NaiveDate, TimeDelta};

use super::moment::{Moment, in_range, out_of_range};
use super::span::{DAY, divide, micros, ratio, scale, shrink, span};
use crate::error::{Error, ErrorKind, Result};
use crate::value::Value;

/// An operator that spans know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
}

impl Operator {
    fn of_sign(sign: &str) -> Option<Self> {
        Some(match sign {
            "+" => Self::Add,
            "-" => Self::Subtract,
            "*" => Self::Multiply,
            "/" => Self::Divide,
            "//" => Self::FloorDivide,
            "%" => Self::Remainder,
            _ => return None,
        })
    }
}

/// The result of an operator of which one side is a point in time, date, time of day, or span. `None` if neither is, or if another
/// type decides: text, lists, and objects of their own.
pub fn binary(sign: &str, one: &Value, other: &Value) -> Option<Result<Value>> {
    if !is_time(one) && !is_time(other) {
        return None;
    }
    let operator = Operator::of_sign(sign)?;
    let result = match (operator, one, other) {
        (Operator::Add, Value::Moment(moment), Value::Span(added))
        | (Operator::Add, Value::Span(added), Value::Moment(moment)) => {
            Some(moment.plus(*added).map(Value::from))
        }
        (Operator::Subtract, Value::Moment(moment), Value::Span(taken)) => {
            Some(moment.plus(-*taken).map(Value::from))
        }
        (Operator::Subtract, Value::Moment(one), Value::Moment(other)) => {
            Some(one.minus(other).map(Value::Span))
        }
        (Operator::Add, Value::Date(date), Value::Span(added))
        | (Operator::Add, Value::Span(added), Value::Date(date)) => {
            Some(plus_days(*date, whole_days(*added)))
        }
        (Operator::Subtract, Value::Date(date), Value::Span(taken)) => {
            Some(plus_days(*date, whole_days(*taken).saturating_neg()))
        }
        (Operator::Subtract, Value::Date(one), Value::Date(other)) => {
            Some(Ok(Value::Span(one.signed_duration_since(*other))))
        }
        (_, Value::Span(one), Value::Span(other)) => of_spans(operator, micros(*one), micros(*other)),
        (Operator::Multiply, Value::Span(span), number) | (Operator::Multiply, number, Value::Span(span)) => {
            multiplied(micros(*span), number)
        }
        (Operator::Divide, Value::Span(span), number) => divided(micros(*span), number),
        (Operator::FloorDivide, Value::Span(one), number) => {
            number.as_int().map(|number| floor(*one, number))
        }
        _ => None,
    };
    result.or_else(|| unsupported(operator, sign, one, other).map(Err))
}

fn is_time(value: &Value) -> bool {
    matches!(value, Value::Moment(_) | Value::Date(_) | Value::Time(_) | Value::Span(_))
}

/// Python subtracts the days of a span, not the span.
fn whole_days(span: TimeDelta) -> i64 {
    i64::try_from(micros(span).div_euclid(DAY)).unwrap_or(i64::MAX)
}

fn plus_days(date: NaiveDate, days: i64) -> Result<Value> {
    let days = TimeDelta::try_days(days).ok_or_else(out_of_range)?;
    let date = date.checked_add_signed(days).filter(|date| in_range(*date));
    date.map(Value::Date).ok_or_else(out_of_range)
}

fn of_spans(operator: Operator, one: i128, other: i128) -> Option<Result<Value>> {
    let result = match operator {
        Operator::Add => span(one + other).map(Value::Span),
        Operator::Subtract => span(one - other).map(Value::Span),
        Operator::Divide => ratio(one, other).map(Value::Float),
        Operator::FloorDivide => floor_quotient(one, other).map(Value::Int),
        Operator::Remainder => {
            floor_quotient(one, other).and_then(|whole| span(one - whole * other)).map(Value::Span)
        }
        Operator::Multiply => return None,
    };
    Some(result)
}

fn multiplied(one: i128, number: &Value) -> Option<Result<Value>> {
    let too_large = || Error::overflow("Python int too large to convert to C int");
    match number {
        Value::Float(number) => Some(scale(one, *number).map(Value::Span)),
        _ => {
            let product = one.checked_mul(number.as_int()?).ok_or_else(too_large);
            Some(product.and_then(span).map(Value::Span))
        }
    }
}

fn divided(one: i128, number: &Value) -> Option<Result<Value>> {
    match number {
        Value::Float(number) => Some(shrink(one, *number).map(Value::Span)),
        _ => number.as_int().map(|number| divide(one, number).and_then(span).map(Value::Span)),
    }
}

fn floor(one: TimeDelta, number: i128) -> Result<Value> {
    floor_quotient(micros(one), number).and_then(span).map(Value::Span)
}

fn floor_quotient(one: i128, other: i128) -> Result<i128> {
    if other == 0 {
        return Err(Error::new(ErrorKind::ZeroDivision, "division by zero"));
    }
    let whole = one.checked_div(other).unwrap_or_default();
    Ok(whole - i128::from(one % other != 0 && (one < 0) != (other < 0)))
}

/// Python's error, unless another type has a say.
fn unsupported(operator: Operator, sign: &str, one: &Value, other: &Value) -> Option<Error> {
    let decides = |value: &Value| {
        matches!(
            value,
            Value::Undefined(_)
                | Value::Text(_)
                | Value::Bytes(_)
                | Value::List(_)
                | Value::Tuple(_)
                | Value::Object(_)
        )
    };
    if decides(one) || operator == Operator::Multiply && decides(other) || other.is_undefined() {
        return None;
    }
    let (one, other) = (python_name(one), python_name(other));
    Some(Error::type_error(format!("unsupported operand type(s) for {sign}: '{one}' and '{other}'")))
}

/// The name of a type in Python's errors: `datetime.timedelta`.
fn python_name(value: &Value) -> String {
    let module = if is_time(value) { "datetime." } else { "" };
    format!("{module}{}", value.type_name())
}

/// `-value` of a span.
pub fn negate(value: &Value) -> Result<Value> {
    match value {
        Value::Span(one) => span(-micros(*one)).map(Value::Span),
        _ => Err(Error::type_error(format!("bad operand type for unary -: '{}'", python_name(value)))),
    }
}

impl From<Moment> for Value {
    fn from(moment: Moment) -> Self {
        Self::Moment(std::sync::Arc::new(moment))
    }
}
