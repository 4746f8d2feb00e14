//! Equality of values as in Python: `1`, `1.0` and `true` are equal, also within lists and mappings.

use serde_json::Value;

/// Whether two values are equal in Python.
pub fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let has = |(key, value): (&String, &Value)| other.get(key).is_some_and(|it| equal(value, it));
            one.len() == other.len() && one.iter().all(has)
        }
        (Value::Bool(_) | Value::Number(_), Value::Bool(_) | Value::Number(_)) => {
            one == other || number(one) == number(other)
        }
        _ => one == other,
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_bool().map(|flag| f64::from(u8::from(flag))).or_else(|| value.as_f64())
}
