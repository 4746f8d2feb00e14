//! Python's `float()` and `int()`, and its arithmetic where Rust's differs.

use std::sync::LazyLock;

use regex::Regex;

use crate::error::{Error, ErrorKind, Result};
use crate::format::display;
use crate::value::Value;

/// Python's `float(value)`.
pub fn float(value: &Value) -> Result<f64> {
    match value {
        Value::Undefined(message) => Err(Error::undefined(message.as_ref())),
        Value::Text(text) => float_text(text),
        Value::Bytes(bytes) => float_text(&String::from_utf8_lossy(bytes)),
        _ => value.as_float().ok_or_else(|| {
            let name = value.type_name();
            Error::type_error(format!("float() argument must be a string or a real number, not '{name}'"))
        }),
    }
}

/// The number of a text as `float()` reads it: spaces around it, underscores between digits, digits of any script.
fn float_text(text: &str) -> Result<f64> {
    let wrong = || Error::value(format!("could not convert string to float: '{}'", shortened(text)));
    plain(text).and_then(|plain| plain.parse().ok()).ok_or_else(wrong)
}

/// Python's `int(value)`, with a base for texts.
pub fn int(value: &Value, base: Option<i128>) -> Result<i128> {
    match (value, value.as_int()) {
        (_, Some(number)) => Ok(number),
        (Value::Undefined(message), _) => Err(Error::undefined(message.as_ref())),
        (Value::Float(number), _) => int_of(*number),
        (Value::Text(text), _) => int_text(text, base.unwrap_or(10)),
        (Value::Bytes(bytes), _) => int_text(&String::from_utf8_lossy(bytes), 10),
        _ => Err(Error::type_error(format!(
            "int() argument must be a string, a bytes-like object or a real number, not '{}'",
            value.type_name()
        ))),
    }
}

/// The integer part of a float.
pub fn int_of(number: f64) -> Result<i128> {
    if number.is_nan() {
        return Err(Error::value("cannot convert float NaN to integer"));
    }
    if number.is_infinite() {
        return Err(Error::overflow("cannot convert float infinity to integer"));
    }
    if number.abs() >= 1.7e38 {
        return Err(too_large());
    }
    #[allow(clippy::cast_possible_truncation, reason = "bounded above")]
    Ok(number.trunc() as i128)
}

/// The error of an integer that this engine cannot hold.
pub fn too_large() -> Error {
    Error::limit("the number is too large: integers have at most 127 bits here")
}

fn int_text(text: &str, base: i128) -> Result<i128> {
    let wrong = || {
        let text = shortened(text);
        Error::value(format!("invalid literal for int() with base {base}: '{text}'"))
    };
    let plain = plain_digits(text);
    let (sign, digits) = match plain.strip_prefix(['+', '-']) {
        Some(rest) => (if plain.starts_with('-') { -1 } else { 1 }, rest),
        None => (1, plain.as_str()),
    };
    let marked = |mark: char| {
        let rest = digits.strip_prefix('0')?.strip_prefix([mark, mark.to_ascii_uppercase()])?;
        Some(rest.strip_prefix('_').unwrap_or(rest))
    };
    let (base, digits) = match (base, marked('x'), marked('o'), marked('b')) {
        (0 | 16, Some(rest), _, _) => (16, rest),
        (0 | 8, _, Some(rest), _) => (8, rest),
        (0 | 2, _, _, Some(rest)) => (2, rest),
        // A leading zero is no decimal number in base 0.
        (0, ..) if digits.starts_with('0') && digits.chars().any(|c| !matches!(c, '0' | '_')) => {
            return Err(wrong());
        }
        (0, ..) => (10, digits),
        (2..=36, ..) => (u32::try_from(base).unwrap_or(10), digits),
        _ => return Err(Error::value("int() base must be >= 2 and <= 36, or 0")),
    };
    let between = |c: char| c.is_digit(base);
    let digits = without_underscores(digits, between).ok_or_else(wrong)?;
    if digits.is_empty() || !digits.chars().all(between) {
        return Err(wrong());
    }
    let number = i128::from_str_radix(&digits, base).map_err(|_| too_large())?;
    Ok(sign * number)
}

/// A text of a float that Rust reads. `None` if an underscore stands at a place where Python does not allow one.
fn plain(text: &str) -> Option<String> {
    without_underscores(&plain_digits(text), |c| c.is_ascii_digit())
}

/// Without spaces around it, with ASCII digits.
fn plain_digits(text: &str) -> String {
    let text = text.trim();
    text.chars().map(|c| digit(c).and_then(|value| char::from_digit(value, 10)).unwrap_or(c)).collect()
}

/// Removes underscores between two digits. `None` if there are others.
fn without_underscores(text: &str, is_digit: impl Fn(char) -> bool) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let (mut before, mut chars) = (false, text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '_' if before && chars.peek().is_some_and(|next| is_digit(*next)) => before = false,
            '_' => return None,
            c => {
                before = is_digit(c);
                plain.push(c);
            }
        }
    }
    Some(plain)
}

/// The value of a decimal digit of any script. Unicode has them in runs of ten.
pub fn digit(c: char) -> Option<u32> {
    static DIGIT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\d$").ok());
    if c.is_ascii() {
        return c.to_digit(10);
    }
    let is_digit = |code: u32| {
        let pattern = DIGIT.as_ref();
        let c = char::from_u32(code).filter(|c| c.is_numeric())?;
        pattern.filter(|pattern| pattern.is_match(c.encode_utf8(&mut [0; 4])))
    };
    is_digit(c as u32)?;
    let before = (1..50).take_while(|back| is_digit((c as u32).saturating_sub(*back)).is_some()).count();
    u32::try_from(before % 10).ok()
}

/// Python's `%` of floats: the sign is that of the divisor.
pub fn modulo(value: f64, by: f64) -> Result<f64> {
    if by == 0.0 {
        return Err(division_by_zero());
    }
    let rest = value % by;
    Ok(match rest == 0.0 {
        true => 0.0_f64.copysign(by),
        false if (by < 0.0) != (rest < 0.0) => rest + by,
        false => rest,
    })
}

pub fn division_by_zero() -> Error {
    Error::new(ErrorKind::ZeroDivision, "division by zero")
}

/// The error of a function that got a value that it cannot use, and no default.
pub fn no_default(function: &str, value: &Value) -> Error {
    let value = display(value);
    let value = shortened(&value);
    Error::value(format!("{function} got invalid input '{value}' and there is no default; add one"))
}

/// The result of a calculation, or the default if it failed as Home Assistant expects.
pub fn or_default(
    function: &str,
    value: &Value,
    result: Result<Value>,
    default: Option<&Value>,
    caught: &[ErrorKind],
) -> Result<Value> {
    match (result, default) {
        (Err(error), Some(default)) if caught.contains(&error.kind) => Ok(default.clone()),
        (Err(error), None) if caught.contains(&error.kind) => Err(no_default(function, value)),
        (result, _) => result,
    }
}

/// What most of them catch.
pub const CAUGHT: &[ErrorKind] = &[ErrorKind::Value, ErrorKind::Type, ErrorKind::Overflow];

/// A text for a message.
pub fn shortened(text: &str) -> &str {
    text.char_indices().nth(200).and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}
