//! Resolves plain scalars as Home Assistant does (YAML 1.1: `on` is true, `010` is 8, `1:30` is 90).

use std::sync::OnceLock;

use chrono::{NaiveDate, NaiveTime};
use regex::{Captures, Regex};

use super::Kind;

/// The forms of YAML 1.1, as PyYAML has them.
struct Forms {
    integer: Regex,
    float: Regex,
    date: Regex,
}

fn forms() -> Option<&'static Forms> {
    static FORMS: OnceLock<Option<Forms>> = OnceLock::new();
    let compile = || {
        Some(Forms {
            integer: Regex::new(
                r"^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$",
            )
            .ok()?,
            float: Regex::new(
                r"^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$",
            )
            .ok()?,
            date: Regex::new(
                r"^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?(?:[ \t]*(Z|[-+]([0-9]{1,2})(?::([0-9]{2}))?))?)?$",
            )
            .ok()?,
        })
    };
    FORMS.get_or_init(compile).as_ref()
}

/// The value of a plain scalar in YAML 1.1. The error says what is wrong with it.
pub fn plain(text: &str) -> Result<Kind, &'static str> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Kind::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Kind::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Kind::Foreign("nan".into()),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Kind::Foreign("inf".into()),
        "-.inf" | "-.Inf" | "-.INF" => Kind::Foreign("-inf".into()),
        "=" => return Err("a single `=` is no value in YAML; put it in quotes"),
        text if text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) => {
            return number_or_date(text);
        }
        text => Kind::Text(text.into()),
    })
}

fn number_or_date(text: &str) -> Result<Kind, &'static str> {
    let Some(forms) = forms() else { return Ok(Kind::Text(text.into())) };
    if forms.integer.is_match(text) {
        return Ok(integer(text).map_or_else(|| Kind::Foreign(text.into()), Kind::Int));
    }
    if forms.float.is_match(text) {
        let number = float(text).filter(|number| number.is_finite());
        return Ok(number.map_or_else(|| Kind::Foreign("inf".into()), Kind::Float));
    }
    // A date alone has two digits for month and day.
    let Some(parts) = forms.date.captures(text).filter(|_| text.len() == 10 || text.contains(':')) else {
        return Ok(Kind::Text(text.into()));
    };
    moment(&parts)
        .map(Kind::Foreign)
        .ok_or("YAML reads this as a date or a time, which does not exist; put it in quotes")
}

/// A date or a time as Python writes it. `None` if it does not exist.
fn moment(parts: &Captures) -> Option<String> {
    let part = |at: usize| parts.get(at).map(|part| part.as_str());
    let number = |at: usize| part(at)?.parse::<u32>().ok();
    let year = i32::try_from(number(1)?).ok().filter(|year| *year > 0)?;
    let date = NaiveDate::from_ymd_opt(year, number(2)?, number(3)?)?.format("%Y-%m-%d");
    let Some(hour) = number(4) else { return Some(date.to_string()) };
    let time = NaiveTime::from_hms_opt(hour, number(5)?, number(6)?)?.format("%H:%M:%S");
    let fraction = match part(7).map(|digits| digits.chars().take(6).collect::<String>()) {
        Some(digits) if digits.contains(|c: char| c != '0') => format!(".{digits:0<6}"),
        _ => String::new(),
    };
    let zone = match (part(8), part(9), part(10).unwrap_or("00")) {
        (None, _, _) => String::new(),
        (Some("Z"), _, _) => "+00:00".to_owned(),
        (Some(sign), hours, minutes) => {
            format!("{}{:0>2}:{minutes}", sign.get(..1)?, hours?)
        }
    };
    Some(format!("{date} {time}{fraction}{zone}"))
}

/// `None` if the number has more than 64 bits.
fn integer(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.replace('_', "");
    let based = |digits: &str, base| i128::from_str_radix(digits, base).ok();
    let number = if let Some(hex) = digits.strip_prefix("0x") {
        based(hex, 16)
    } else if let Some(bits) = digits.strip_prefix("0b") {
        based(bits, 2)
    } else if digits.contains(':') {
        let mut parts = digits.split(':').map(|part| part.parse::<i128>().ok());
        parts.try_fold(0_i128, |sum, part| sum.checked_mul(60)?.checked_add(part?))
    } else if digits.len() > 1 && digits.starts_with('0') {
        based(&digits, 8)
    } else {
        digits.parse().ok()
    };
    i64::try_from(number?.checked_mul(sign)?).ok()
}

fn float(text: &str) -> Option<f64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.replace('_', "");
    let mut parts = digits.split(':').map(|part| part.parse::<f64>().ok());
    let number = parts.try_fold(0.0, |sum, part| Some(sum * 60.0 + part?))?;
    Some(sign * number)
}
