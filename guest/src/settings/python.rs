//! Places and values as Home Assistant's messages show them: in Python's notation.
//!
//! Hides the value of a key whose name sounds secret, and truncates long values.

use serde_json::Value;

use super::nearest::is_similar;

/// Home Assistant truncates a value, or a key in a path, to this many characters.
const MAX_LENGTH: usize = 500;
/// Shown instead of a secret.
const HIDDEN: &str = "'**REDACTED**'";
/// A key is secret if its name contains one of these, or if it looks like a misspelled `password`.
const SECRET: &[&str] = &["pass", "pw", "secret", "token", "key"];

/// The place of a value, such as `agents['backup.local'].retention`, and whether the value must be hidden.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    text: String,
    is_secret: bool,
}

impl Place {
    pub(super) fn at(text: &str) -> Self {
        Self { text: text.to_owned(), is_secret: sounds_secret(text) }
    }

    pub(super) fn key(&self, name: &str) -> Self {
        let text = match is_plain(name) {
            true if self.text.is_empty() => name.to_owned(),
            true => format!("{}.{name}", self.text),
            false => format!("{}[{}]", self.text, truncated(quoted(name))),
        };
        Self { text, is_secret: self.is_secret || sounds_secret(name) }
    }

    pub(super) fn index(&self, at: usize) -> Self {
        Self { text: format!("{}[{at}]", self.text), ..*self }
    }

    pub(super) fn hidden(self) -> Self {
        Self { is_secret: true, ..self }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The value at this place, for a message.
    pub(super) fn shown(&self, value: &Value) -> String {
        if self.is_secret { hidden(value) } else { truncated(repr(value)) }
    }
}

/// Python's `repr`, with secrets hidden.
pub(super) fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => float_repr(float),
            None => number.to_string(),
        },
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(repr).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                let shown = if sounds_secret(name) { hidden(value) } else { repr(value) };
                format!("{}: {shown}", quoted(name))
            };
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Empty values are shown even where secrets are hidden.
fn hidden(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::String(text) if text.is_empty() => "''".into(),
        _ => HIDDEN.into(),
    }
}

fn sounds_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRET.iter().any(|word| name.contains(word)) || is_similar(&name, "password")
}

/// Whether a key needs no brackets in a path.
fn is_plain(name: &str) -> bool {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let name = name.strip_prefix('<').and_then(|name| name.strip_suffix('>')).unwrap_or(name);
    name.len() <= MAX_LENGTH
        && name.starts_with(is_first)
        && name.chars().all(|c| is_first(c) || c.is_ascii_digit() || c == '-')
}

pub(super) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let inner: String = text.chars().map(|c| escaped(c, quote)).collect();
    format!("{quote}{inner}{quote}")
}

/// The text with everything escaped that a terminal would interpret.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if is_printable(c) { c.into() } else { escaped(c, '\'') }).collect()
}

fn escaped(c: char, quote: char) -> String {
    match c {
        '\\' => r"\\".into(),
        '\n' => r"\n".into(),
        '\r' => r"\r".into(),
        '\t' => r"\t".into(),
        c if c == quote => format!("\\{c}"),
        c if is_printable(c) => c.into(),
        c => match u32::from(c) {
            code @ ..=0xff => format!("\\x{code:02x}"),
            code @ ..=0xffff => format!("\\u{code:04x}"),
            code => format!("\\U{code:08x}"),
        },
    }
}

/// Nearly Python's definition: a character that a terminal would interpret or not show is not printable.
fn is_printable(c: char) -> bool {
    let has_no_shape = matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}');
    c == ' ' || !(larder_text::is_format(c) || has_no_shape || c.is_control() || c.is_whitespace())
}

/// As Python writes a float: with an exponent below -4 and from 16 on, which has a sign and at least two digits.
fn float_repr(float: f64) -> String {
    let text = format!("{float:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent @ (..-4 | 16..)) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => format!("{float:?}"),
    }
}

pub(super) fn truncated(text: String) -> String {
    if text.chars().count() <= MAX_LENGTH {
        return text;
    }
    text.chars().take(MAX_LENGTH - 3).chain("...".chars()).collect()
}
