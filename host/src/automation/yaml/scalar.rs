//! Resolves plain scalars as Home Assistant does (YAML 1.1: `on` is true, `010` is 8, `1:30` is 90).

use super::Kind;

/// The value of a plain scalar in YAML 1.1.
pub fn plain(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Kind::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Kind::Bool(false),
        _ => {}
    }
    integer(text)
        .map(Kind::Int)
        .or_else(|| float(text).map(Kind::Float))
        .unwrap_or_else(|| Kind::Text(text.into()))
}

fn integer(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits = digits.replace('_', "");
    let based = |digits: &str, base| i64::from_str_radix(digits, base).ok();
    let number = if let Some(hex) = digits.strip_prefix("0x") {
        based(hex, 16)
    } else if let Some(bits) = digits.strip_prefix("0b") {
        based(bits, 2)
    } else if digits.contains(':') {
        sixties(&digits)
    } else if digits.len() > 1 && digits.starts_with('0') {
        based(&digits, 8)
    } else {
        digits.parse().ok()
    };
    number?.checked_mul(sign)
}

/// A base-60 number: `1:30` is 90. With a leading zero it stays text.
fn sixties(text: &str) -> Option<i64> {
    if text.starts_with('0') {
        return None;
    }
    let mut total: i64 = 0;
    for (place, part) in text.split(':').enumerate() {
        let number: i64 = part.parse().ok()?;
        if place > 0 && (part.len() > 2 || !(0..60).contains(&number)) {
            return None;
        }
        total = total.checked_mul(60)?.checked_add(number)?;
    }
    Some(total)
}

fn float(text: &str) -> Option<f64> {
    let body = text.trim_start_matches(['+', '-']);
    let is_number = body.contains('.')
        && body.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && body.chars().any(|c| c.is_ascii_digit())
        && body.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '_' | 'e' | 'E' | '+' | '-'));
    is_number.then(|| text.replace('_', "").parse().ok()).flatten().filter(|number: &f64| number.is_finite())
}
