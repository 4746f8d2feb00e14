//! Functions, filters and tests that use neither states nor times.

use minijinja::value::Rest;
use minijinja::{Environment, Error, Value};

use super::convert;
use super::error::invalid;
use super::view::View;
use crate::automation::slug::slug;

/// Adds them to the engine.
pub fn add(environment: &mut Environment<'static>, _view: &View) {
    environment.add_function("float", float);
    environment.add_filter("float", float);
    environment.add_function("int", int);
    environment.add_filter("int", int);
    environment.add_function("bool", boolean);
    environment.add_filter("bool", boolean);
    environment.add_function("iif", iif);
    environment.add_filter("iif", iif);
    environment.add_function("is_number", is_number);
    environment.add_filter("is_number", is_number);
    environment.add_test("is_number", is_number);
    environment.add_filter("round", round);
    environment.add_filter("multiply", |value: Value, by: f64, default: Option<Value>| {
        calculated("multiply", &value, default, |number| number * by)
    });
    environment.add_filter("add", |value: Value, more: f64, default: Option<Value>| {
        calculated("add", &value, default, |number| number + more)
    });
    environment.add_filter("from_json", |text: String, default: Option<Value>| {
        match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(json) => Ok(convert::value(&json)),
            Err(error) => default.ok_or_else(|| invalid(format!("from_json: not valid JSON: {error}"))),
        }
    });
    environment.add_filter("to_json", |value: Value| {
        serde_json::to_string(&value).map_err(|error| invalid(format!("to_json: {error}")))
    });
    environment.add_filter("slugify", |text: String| slug(&text));
    environment.add_function("slugify", |text: String| slug(&text));
    let contains =
        |items: Value, item: Value| items.try_iter().is_ok_and(|mut items| items.any(|it| it == item));
    environment.add_filter("contains", contains);
    environment.add_test("contains", contains);
    environment.add_function("min", |values: Rest<Value>| extreme(&values, true));
    environment.add_function("max", |values: Rest<Value>| extreme(&values, false));
}

fn number(value: &Value) -> Option<f64> {
    let number = match value.as_str() {
        Some(text) => text.trim().replace('_', "").parse().ok(),
        None if value.is_number() => f64::try_from(value.clone()).ok(),
        None => bool::try_from(value.clone()).ok().map(|flag| f64::from(u8::from(flag))),
    };
    number.filter(|number: &f64| !number.is_nan())
}

fn float(value: Value, default: Option<Value>) -> Result<Value, Error> {
    match number(&value) {
        Some(number) => Ok(Value::from(number)),
        None => default.ok_or_else(|| missing("float", &value)),
    }
}

fn int(value: Value, default: Option<Value>) -> Result<Value, Error> {
    if let Some(whole) = value.as_i64() {
        return Ok(Value::from(whole));
    }
    #[allow(clippy::cast_possible_truncation, reason = "bounded in the same line")]
    let whole = number(&value).filter(|number| number.abs() < 9e18).map(|number| number.trunc() as i64);
    match whole {
        Some(whole) => Ok(Value::from(whole)),
        None => default.ok_or_else(|| missing("int", &value)),
    }
}

fn missing(name: &str, value: &Value) -> Error {
    invalid(format!("{name}: `{value}` is not a number; add a default: {name}(0)"))
}

fn boolean(value: Value, default: Option<Value>) -> Result<Value, Error> {
    let word = value.to_string().trim().to_lowercase();
    match word.as_str() {
        "true" | "yes" | "on" | "enable" | "1" | "1.0" => Ok(Value::from(true)),
        "false" | "no" | "off" | "disable" | "0" | "0.0" => Ok(Value::from(false)),
        _ => match number(&value) {
            Some(number) if value.is_number() => Ok(Value::from(number != 0.0)),
            _ => default.ok_or_else(|| invalid(format!("bool: `{value}` is neither true nor false"))),
        },
    }
}

fn iif(value: Value, yes: Option<Value>, no: Option<Value>, none: Option<Value>) -> Value {
    match (value.is_none() || value.is_undefined(), none) {
        (true, Some(none)) => none,
        _ if value.is_true() => yes.unwrap_or(Value::from(true)),
        _ => no.unwrap_or(Value::from(false)),
    }
}

fn is_number(value: Value) -> bool {
    let is_flag = matches!(value.kind(), minijinja::value::ValueKind::Bool);
    !is_flag && number(&value).is_some_and(f64::is_finite)
}

fn round(
    value: Value,
    precision: Option<i32>,
    method: Option<String>,
    default: Option<Value>,
) -> Result<Value, Error> {
    let Some(number) = number(&value) else {
        return default.ok_or_else(|| missing("round", &value));
    };
    let precision = precision.unwrap_or(0).clamp(-15, 15);
    let size = 10_f64.powi(precision);
    let rounded = match method.as_deref().unwrap_or("common") {
        "ceil" => (number * size).ceil() / size,
        "floor" => (number * size).floor() / size,
        "half" => (number * 2.0).round_ties_even() / 2.0,
        // Rounds the decimal representation, as Python does: 2.675 is slightly less than it looks.
        _ if precision > 0 => {
            format!("{number:.*}", usize::try_from(precision).unwrap_or(0)).parse().unwrap_or(number)
        }
        _ => (number * size).round_ties_even() / size,
    };
    match precision == 0 && rounded.abs() < 9e15 {
        #[allow(clippy::cast_possible_truncation, reason = "bounded a line above")]
        true => Ok(Value::from(rounded as i64)),
        false => Ok(Value::from(rounded)),
    }
}

fn calculated(
    name: &str,
    value: &Value,
    default: Option<Value>,
    with: impl Fn(f64) -> f64,
) -> Result<Value, Error> {
    match number(value) {
        Some(number) => Ok(Value::from(with(number))),
        None => default.ok_or_else(|| missing(name, value)),
    }
}

fn extreme(values: &[Value], is_least: bool) -> Result<Value, Error> {
    let listed: Vec<Value> = match values {
        [list] => list.try_iter()?.collect(),
        values => values.to_vec(),
    };
    let found = if is_least { listed.into_iter().min() } else { listed.into_iter().max() };
    found.ok_or_else(|| invalid("min and max need at least one value"))
}
