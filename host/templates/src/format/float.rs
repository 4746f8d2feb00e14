//! Python's texts of floats: the shortest one, and those with a precision.

/// Digits of an `f64` beyond these are all zeros.
const MOST_DIGITS: usize = 1100;

/// The shortest text that reads as the same number: `1.0`, `1e+16`, `nan`.
pub fn repr(number: f64) -> String {
    shortest(number, false)
}

/// The same; `point` keeps the decimal point of `1.e+16`.
pub fn shortest(number: f64, point: bool) -> String {
    if let Some(text) = not_finite(number) {
        return text.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    if !(-4..16).contains(&power) {
        return with_exponent(digits, power, point);
    }
    let text = format!("{number}");
    if text.contains('.') { text } else { text + ".0" }
}

/// With `precision` digits after the point: `1.50`. `point` keeps the point of a whole number.
pub fn fixed(number: f64, precision: usize, point: bool) -> String {
    if let Some(text) = not_finite(number) {
        return text.to_owned();
    }
    let mut text = format!("{number:.*}", precision.min(MOST_DIGITS));
    pad(&mut text, precision);
    if precision == 0 && point {
        text.push('.');
    }
    text
}

/// With one digit before the point and an exponent: `1.50e+00`.
pub fn scientific(number: f64, precision: usize, point: bool) -> String {
    if let Some(text) = not_finite(number) {
        return text.to_owned();
    }
    let (mut digits, power) = significant(number, precision);
    pad(&mut digits, precision);
    with_exponent(&digits, power, point)
}

/// With `precision` significant digits, and an exponent if it is small or large. `zeros` keeps zeros at the end and the point;
/// `fraction` writes at least one digit after the point, as `str` does.
pub fn general(number: f64, precision: usize, zeros: bool, fraction: bool) -> String {
    if let Some(text) = not_finite(number) {
        return text.to_owned();
    }
    let precision = precision.max(1);
    let (mut digits, power) = significant(number, precision - 1);
    let whole = i64::try_from(precision).unwrap_or(i64::MAX) - i64::from(fraction);
    if power < -4 || i64::from(power) >= whole {
        if zeros {
            pad(&mut digits, precision - 1);
        } else {
            strip_zeros(&mut digits);
        }
        return with_exponent(&digits, power, zeros);
    }
    let after = i64::try_from(precision).unwrap_or(i64::MAX) - 1 - i64::from(power);
    let after = usize::try_from(after).unwrap_or(0);
    let mut text = fixed(number, if zeros { after } else { after.min(MOST_DIGITS) }, zeros);
    if !zeros {
        strip_zeros(&mut text);
        if fraction && !text.contains('.') {
            text.push_str(".0");
        }
    } else if fraction && text.ends_with('.') {
        text.push('0');
    }
    text
}

fn not_finite(number: f64) -> Option<&'static str> {
    match number {
        _ if number.is_nan() => Some("nan"),
        _ if number.is_finite() => None,
        _ if number > 0.0 => Some("inf"),
        _ => Some("-inf"),
    }
}

/// The digits with a point after the first one, and the power of ten.
fn significant(number: f64, after: usize) -> (String, i32) {
    let text = format!("{number:.*e}", after.min(MOST_DIGITS));
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (digits.to_owned(), exponent.parse().unwrap_or(0))
}

fn with_exponent(digits: &str, power: i32, point: bool) -> String {
    let sign = if power < 0 { '-' } else { '+' };
    let point = if point && !digits.contains('.') { "." } else { "" };
    format!("{digits}{point}e{sign}{:02}", power.unsigned_abs())
}

fn pad(text: &mut String, precision: usize) {
    text.extend(std::iter::repeat_n('0', precision.saturating_sub(MOST_DIGITS)));
}

fn strip_zeros(text: &mut String) {
    if text.contains('.') {
        let kept = text.trim_end_matches('0').trim_end_matches('.').len();
        text.truncate(kept);
    }
}
