//! Numbers by a format specification.

use super::float;
use super::spec::{Grouping, Spec, aligned, unknown};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::Value;

/// A number by its parts, before they are aligned.
#[derive(Default)]
struct Parts {
    negative: bool,
    prefix: &'static str,
    digits: String,
    /// The digits after the point, if there is a point.
    fraction: Option<String>,
    /// An exponent, `%`, `inf`, or `nan`.
    rest: String,
}

/// A boolean, an integer, or a float.
pub fn format_number(value: &Value, spec: &Spec, context: &Context) -> Result<String> {
    let parts = match (value, spec.kind) {
        (Value::Float(number), _) => float_parts(*number, spec, context)?,
        (_, Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%')) => {
            float_parts(value.as_float().unwrap_or(f64::NAN), spec, context)?
        }
        (_, None | Some('b' | 'c' | 'd' | 'o' | 'x' | 'X' | 'n')) => {
            let number = value.as_int().unwrap_or(0);
            check_integer(spec)?;
            match spec.kind {
                Some('c') => return character(number, spec, context),
                _ => integer_parts(number, spec),
            }
        }
        (_, Some(kind)) => return Err(unknown(kind, value.type_name())),
    };
    layout(parts, spec, context)
}

fn check_integer(spec: &Spec) -> Result<()> {
    if spec.precision.is_some() {
        return Err(Error::value("Precision not allowed in integer format specifier"));
    }
    if spec.no_negative_zero {
        let what = "Negative zero coercion (z) not allowed in integer format specifier";
        return Err(Error::value(what));
    }
    if spec.kind == Some('c') {
        if spec.sign.is_some() {
            return Err(Error::value("Sign not allowed with integer format specifier 'c'"));
        }
        if spec.alternate {
            return Err(Error::value("Alternate form (#) not allowed with integer format specifier 'c'"));
        }
    }
    Ok(())
}

fn character(number: i128, spec: &Spec, context: &Context) -> Result<String> {
    let c = u32::try_from(number).ok().and_then(char::from_u32);
    let wrong = || match i64::try_from(number) {
        Ok(_) => Error::overflow("%c arg not in range(0x110000)"),
        Err(_) => Error::overflow("Python int too large to convert to C long"),
    };
    let c = c.ok_or_else(wrong)?;
    aligned("", c.encode_utf8(&mut [0; 4]), spec, context)
}

fn integer_parts(number: i128, spec: &Spec) -> Parts {
    let size = number.unsigned_abs();
    let (prefix, digits) = match spec.kind {
        Some('b') => ("0b", format!("{size:b}")),
        Some('o') => ("0o", format!("{size:o}")),
        Some('x') => ("0x", format!("{size:x}")),
        Some('X') => ("0X", format!("{size:X}")),
        _ => ("", size.to_string()),
    };
    let prefix = if spec.alternate { prefix } else { "" };
    Parts { negative: number < 0, prefix, digits, ..Parts::default() }
}

fn float_parts(number: f64, spec: &Spec, context: &Context) -> Result<Parts> {
    let precision = spec.precision;
    if precision.is_some_and(|precision| i32::try_from(precision).is_err()) {
        return Err(Error::value("precision too big"));
    }
    context.reserve(precision.unwrap_or(0))?;
    let point = spec.alternate;
    let text = match spec.kind {
        None => match precision {
            None => float::shortest(number, point),
            Some(precision) => float::general(number, precision, point, true),
        },
        Some('e' | 'E') => float::scientific(number, precision.unwrap_or(6), point),
        Some('f' | 'F') => float::fixed(number, precision.unwrap_or(6), point),
        Some('g' | 'G' | 'n') => float::general(number, precision.unwrap_or(6), point, false),
        Some('%') => float::fixed(number * 100.0, precision.unwrap_or(6), point) + "%",
        Some(kind) => return Err(unknown(kind, "float")),
    };
    let text = match spec.kind {
        Some('E' | 'F' | 'G') => text.to_ascii_uppercase(),
        _ => text,
    };
    let mut parts = float_text_parts(&text);
    if spec.no_negative_zero && parts.negative && is_zero(&parts) {
        parts.negative = false;
    }
    Ok(parts)
}

/// Cuts `-12.50e+05` into its parts.
fn float_text_parts(text: &str) -> Parts {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let cut = |text: &str| -> (String, String) {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        (digits.to_owned(), rest.to_owned())
    };
    let (digits, rest) = cut(text);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(after) => {
            let (fraction, rest) = cut(after);
            (Some(fraction), rest)
        }
        None => (None, rest),
    };
    Parts { negative, prefix: "", digits, fraction, rest }
}

fn is_zero(parts: &Parts) -> bool {
    let zeros = |text: &str| text.bytes().all(|digit| digit == b'0');
    !parts.digits.is_empty() && zeros(&parts.digits) && parts.fraction.as_deref().is_none_or(zeros)
}

fn layout(parts: Parts, spec: &Spec, context: &Context) -> Result<String> {
    let sign = match (parts.negative, spec.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    };
    let prefix = format!("{sign}{}", parts.prefix);
    let mut after = String::new();
    if let Some(fraction) = &parts.fraction {
        after.push('.');
        match spec.fraction_grouping.separator() {
            None => after.push_str(fraction),
            Some(separator) => {
                context.reserve(fraction.len() / 3 * 4)?;
                for (at, digit) in fraction.chars().enumerate() {
                    if at > 0 && at % 3 == 0 {
                        after.push(separator);
                    }
                    after.push(digit);
                }
            }
        }
    }
    after.push_str(&parts.rest);
    let zeros = spec.fill == '0' && spec.align == '=';
    let least = if zeros { spec.width.saturating_sub(prefix.len() + after.len()) } else { 0 };
    context.reserve(least)?;
    let grouped = match (parts.digits.is_empty(), spec.grouping) {
        (true, _) | (_, Grouping::None) => parts.digits,
        (false, grouping) => {
            let size = if matches!(spec.kind, Some('b' | 'o' | 'x' | 'X')) { 4 } else { 3 };
            group(&parts.digits, grouping.separator().unwrap_or(','), size, least)
        }
    };
    aligned(&prefix, &(grouped + &after), spec, context)
}

/// Puts separators between groups of digits, with zeros in front up to a width. A separator never comes first.
fn group(digits: &str, separator: char, size: usize, least: usize) -> String {
    let mut left = digits.chars().rev();
    let mut result = Vec::new();
    let mut in_group = 0;
    loop {
        let digit = left.next();
        let missing = result.len() < least;
        if digit.is_none() && !missing {
            break;
        }
        if in_group == size {
            result.push(separator);
            in_group = 0;
        }
        result.push(digit.unwrap_or('0'));
        in_group += 1;
    }
    result.into_iter().rev().collect()
}
