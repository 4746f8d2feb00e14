//! One conversion of `'%5.2f' % value`.

use super::float;
use super::show::{ascii, display, repr};
use crate::error::{Error, Result};
use crate::value::Value;

/// One conversion: `%(key)-+ #0width.precision…`.
#[derive(Default)]
pub struct Conversion {
    pub left: bool,
    pub plus: bool,
    pub blank: bool,
    pub alternate: bool,
    pub zero: bool,
    pub width: usize,
    pub precision: Option<usize>,
}

impl Conversion {
    /// The text of a value by the kind of its conversion. `at`: the place of the kind in the template, for errors.
    pub fn convert(&self, kind: char, value: &Value, at: usize) -> Result<String> {
        let text = match kind {
            's' => display(value),
            'r' => repr(value),
            'a' => ascii(value),
            'c' => return Ok(self.filled("", "", &character(value)?, false)),
            'd' | 'i' | 'u' | 'o' | 'x' | 'X' => return self.integer(kind, value),
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => return self.float(kind, value),
            _ => {
                let (shown, code) = (if (' '..'\x7f').contains(&kind) { kind } else { '?' }, u32::from(kind));
                let what = format!("unsupported format character '{shown}' (0x{code:x}) at index {at}");
                return Err(Error::value(what));
            }
        };
        let kept = match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text,
        };
        Ok(self.filled("", "", &kept, false))
    }

    fn integer(&self, kind: char, value: &Value) -> Result<String> {
        let (negative, prefix, digits) = match value {
            // A whole float is written in full, however large it is.
            Value::Float(number) if !matches!(kind, 'o' | 'x' | 'X') => {
                let number = finite(*number)?.trunc();
                (number < 0.0, "", format!("{:.0}", number.abs()))
            }
            _ => {
                let number = whole(kind, value)?;
                let size = number.unsigned_abs();
                let (prefix, digits) = match kind {
                    'o' => ("0o", format!("{size:o}")),
                    'x' => ("0x", format!("{size:x}")),
                    'X' => ("0X", format!("{size:X}")),
                    _ => ("", size.to_string()),
                };
                (number < 0, prefix, digits)
            }
        };
        let missing = self.precision.unwrap_or(0).saturating_sub(digits.len());
        let digits: String = std::iter::repeat_n('0', missing).chain(digits.chars()).collect();
        let prefix = if self.alternate { prefix } else { "" };
        Ok(self.filled(self.sign(negative), prefix, &digits, true))
    }

    fn float(&self, kind: char, value: &Value) -> Result<String> {
        let number = match value {
            Value::Undefined(message) => return Err(Error::undefined(message.as_ref())),
            value => value.as_float().ok_or_else(|| {
                Error::type_error(format!("must be real number, not {}", value.type_name()))
            })?,
        };
        let precision = self.precision.unwrap_or(6);
        let text = match kind.to_ascii_lowercase() {
            'e' => float::scientific(number, precision, self.alternate),
            'f' => float::fixed(number, precision, self.alternate),
            _ => float::general(number, precision, self.alternate, false),
        };
        let text = if kind.is_ascii_uppercase() { text.to_ascii_uppercase() } else { text };
        let (negative, digits) =
            text.strip_prefix('-').map_or((false, text.as_str()), |digits| (true, digits));
        Ok(self.filled(self.sign(negative), "", digits, true))
    }

    fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.blank) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            _ => "",
        }
    }

    fn filled(&self, sign: &str, prefix: &str, text: &str, is_number: bool) -> String {
        let missing = self.width.saturating_sub(sign.len() + prefix.len() + text.chars().count());
        let zeros = is_number && self.zero;
        let mut result = String::new();
        if !self.left && !zeros {
            result.extend(std::iter::repeat_n(' ', missing));
        }
        result.push_str(sign);
        result.push_str(prefix);
        if !self.left && zeros {
            result.extend(std::iter::repeat_n('0', missing));
        }
        result.push_str(text);
        if self.left {
            result.extend(std::iter::repeat_n(' ', missing));
        }
        result
    }
}

fn finite(number: f64) -> Result<f64> {
    match number {
        _ if number.is_nan() => Err(Error::value("cannot convert float NaN to integer")),
        _ if number.is_infinite() => Err(Error::overflow("cannot convert float infinity to integer")),
        _ => Ok(number),
    }
}

fn whole(kind: char, value: &Value) -> Result<i128> {
    let wrong = || {
        let wanted = if matches!(kind, 'o' | 'x' | 'X') { "an integer" } else { "a real number" };
        Error::type_error(format!("%{kind} format: {wanted} is required, not {}", value.type_name()))
    };
    match value {
        Value::Undefined(message) => Err(Error::undefined(message.as_ref())),
        _ => value.as_int().ok_or_else(wrong),
    }
}

fn character(value: &Value) -> Result<String> {
    if let Some(text) = value.as_str() {
        return match text.chars().count() {
            1 => Ok(text.to_owned()),
            length => Err(Error::type_error(format!(
                "%c requires an int or a unicode character, not a string of length {length}"
            ))),
        };
    }
    let Some(number) = value.as_int() else {
        let name = value.type_name();
        return Err(Error::type_error(format!("%c requires an int or a unicode character, not {name}")));
    };
    let c = u32::try_from(number).ok().and_then(char::from_u32);
    c.map(String::from).ok_or_else(|| Error::overflow("%c arg not in range(0x110000)"))
}
