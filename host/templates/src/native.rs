//! Native types: a rendered text that is a Python literal as a whole becomes that value; any other stays text.
//!
//! As in Home Assistant, a quoted text stays as it is, with its quotes, and only plain decimal numbers count: `1e5` and `0123` stay
//! text. A list, tuple, set, or mapping keeps the text.

use std::any::Any;

use crate::syntax::unescaped;
use crate::value::{Dict, Key, Object, Set, Value};

/// How deep a literal may nest. Deeper ones stay text, as where Python's parser gives up.
const MAX_LEVELS: usize = 98;

/// The value of a rendered text, which has been trimmed.
pub fn native(text: &str) -> Value {
    if is_plain_number(text)
        && let Some(number) = plain_number(text)
    {
        return number;
    }
    let mut reader = Reader { rest: text, levels: 0 };
    let Some(value) = reader.whole() else { return Value::from(text) };
    match value {
        Value::Text(_) | Value::Int(_) | Value::Float(_) => Value::from(text),
        value => value.rendered_to(text),
    }
}

/// `5`, `-1.0`, `.5`, `5.`, but not `05`.
fn is_plain_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let leading = digits.strip_prefix('0').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let points = digits.bytes().filter(|byte| *byte == b'.').count();
    !leading && points <= 1 && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn plain_number(text: &str) -> Option<Value> {
    match text.contains('.') {
        true => text.parse().ok().map(Value::Float),
        false => text.parse().ok().map(Value::Int),
    }
}

/// Python's `...`.
#[derive(Debug)]
struct Ellipsis;

impl Object for Ellipsis {
    fn type_name(&self) -> &str {
        "ellipsis"
    }

    fn repr(&self) -> String {
        "Ellipsis".into()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct Reader<'a> {
    rest: &'a str,
    levels: usize,
}

impl Reader<'_> {
    /// A value, or several with commas: a tuple. Outside of brackets a line break ends it.
    fn whole(&mut self) -> Option<Value> {
        let first = self.value()?;
        let mut items = vec![first];
        let mut is_tuple = false;
        while self.eat(',') {
            is_tuple = true;
            if self.is_end() {
                break;
            }
            items.push(self.value()?);
        }
        if !self.is_end() {
            return None;
        }
        if is_tuple { Some(Value::tuple(items)) } else { items.pop() }
    }

    fn is_end(&mut self) -> bool {
        self.skip();
        self.rest.is_empty()
    }

    /// Skips white space, and inside brackets also line breaks and comments.
    fn skip(&mut self) {
        loop {
            let inside = self.levels > 0;
            self.rest = self.rest.trim_start_matches(|c: char| {
                matches!(c, ' ' | '\t' | '\u{c}') || inside && matches!(c, '\n' | '\r')
            });
            if !self.rest.starts_with('#') {
                return;
            }
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            self.rest = self.rest.get(end..).unwrap_or("");
            if !inside {
                self.rest = self.rest.trim_start();
                return;
            }
        }
    }

    fn value(&mut self) -> Option<Value> {
        self.skip();
        if let Some(rest) = self.rest.strip_prefix("...") {
            self.rest = rest;
            return Some(Value::object(Ellipsis));
        }
        match self.rest.chars().next()? {
            '[' => self.items(']').map(|(items, _)| Value::list(items)),
            '(' => {
                let (mut items, is_tuple) = self.items(')')?;
                // One value in parentheses is that value; empty parentheses are an empty tuple.
                if is_tuple || items.is_empty() { Some(Value::tuple(items)) } else { items.pop() }
            }
            '{' => self.braces(),
            '"' | '\'' => self.texts(),
            c if c.is_ascii_digit() || matches!(c, '.' | '-' | '+') => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Option<Value> {
        let length = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(length)?;
        let value = match word {
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            "None" => Value::None,
            "set" => {
                self.rest = rest;
                self.skip();
                self.rest = self.rest.strip_prefix('(')?.trim_start().strip_prefix(')')?;
                return Some(Value::set(Set::default()));
            }
            _ if rest.starts_with(['"', '\'']) => return self.texts(),
            _ => return None,
        };
        self.rest = rest;
        Some(value)
    }

    fn number(&mut self) -> Option<Value> {
        let mut is_negative = false;
        if let Some(sign) = self.rest.chars().next().filter(|c| matches!(c, '+' | '-')) {
            is_negative = sign == '-';
            self.rest = self.rest.get(1..)?.trim_start_matches([' ', '\t']);
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
        let mut length = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let is_hex = self.rest.starts_with("0x") || self.rest.starts_with("0X");
        let is_exponent = !is_hex && self.rest.get(..length).is_some_and(|text| text.ends_with(['e', 'E']));
        if is_exponent && self.rest.get(length..).is_some_and(|rest| rest.starts_with(['+', '-'])) {
            let more = self.rest.get(length + 1..)?;
            length += 1 + more.find(|c: char| !c.is_ascii_digit()).unwrap_or(more.len());
        }
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        let number = literal(text)?;
        Some(match number {
            Value::Int(number) if is_negative => Value::Int(-number),
            Value::Float(number) if is_negative => Value::Float(-number),
            number => number,
        })
    }

    /// Texts beside each other are one.
    fn texts(&mut self) -> Option<Value> {
        let mut text = String::new();
        let mut bytes: Option<Vec<u8>> = None;
        let mut count = 0;
        loop {
            let length = self.rest.find(['"', '\'']).unwrap_or(usize::MAX);
            let prefix = self.rest.get(..length).filter(|prefix| prefix.len() <= 2);
            let (is_raw, is_bytes) = match prefix.map(str::to_ascii_lowercase).as_deref() {
                Some("" | "u") => (false, false),
                Some("r") => (true, false),
                Some("b") => (false, true),
                Some("br" | "rb") => (true, true),
                _ => break,
            };
            if count > 0 && is_bytes != bytes.is_some() {
                return None;
            }
            self.rest = self.rest.get(length..)?;
            let quoted = self.quoted()?;
            let part = if is_raw { quoted } else { unescaped(&quoted).ok()? };
            match is_bytes {
                true if part.chars().any(|c| c as u32 > 0xff) => return None,
                true => {
                    let part = part.chars().filter_map(|c| u8::try_from(c as u32).ok());
                    bytes.get_or_insert_default().extend(part);
                }
                false => text.push_str(&part),
            }
            count += 1;
            self.skip();
        }
        match bytes {
            _ if count == 0 => None,
            Some(bytes) => Some(Value::Bytes(bytes.into())),
            None => Some(Value::from(text)),
        }
    }

    /// The inside of one quoted text.
    fn quoted(&mut self) -> Option<String> {
        let quote = self.rest.chars().next()?;
        let triple: String = [quote; 3].iter().collect();
        let is_triple = self.rest.starts_with(&triple);
        let mark = if is_triple { triple } else { quote.to_string() };
        let inner = self.rest.get(mark.len()..)?;
        let mut is_escaped = false;
        for (at, c) in inner.char_indices() {
            if is_escaped {
                is_escaped = false;
            } else if c == '\\' {
                is_escaped = true;
            } else if c == '\n' && !is_triple {
                return None;
            } else if inner.get(at..).is_some_and(|rest| rest.starts_with(&mark)) {
                self.rest = inner.get(at + mark.len()..)?;
                return inner.get(..at).map(str::to_owned);
            }
        }
        None
    }

    /// The values up to `end`, and whether there was a comma.
    fn items(&mut self, end: char) -> Option<(Vec<Value>, bool)> {
        self.descend()?;
        let (mut items, mut has_comma) = (Vec::new(), false);
        loop {
            if self.eat(end) {
                self.levels -= 1;
                return Some((items, has_comma));
            }
            items.push(self.value()?);
            match self.eat(',') {
                true => has_comma = true,
                false if self.rest.starts_with(end) => {}
                false => return None,
            }
        }
    }

    /// A mapping, or a set.
    fn braces(&mut self) -> Option<Value> {
        self.descend()?;
        let (mut dict, mut set) = (Dict::new(), Vec::new());
        loop {
            if self.eat('}') {
                self.levels -= 1;
                return if set.is_empty() {
                    Some(Value::dict(dict))
                } else {
                    Set::new(set).ok().map(Value::set)
                };
            }
            let first = self.value()?;
            if set.is_empty() && self.eat(':') {
                dict.insert(Key::new(first).ok()?, self.value()?);
            } else if dict.is_empty() {
                set.push(first);
            } else {
                return None;
            }
            if !self.eat(',') && !self.rest.starts_with('}') {
                return None;
            }
        }
    }

    fn descend(&mut self) -> Option<()> {
        let mut chars = self.rest.chars();
        chars.next();
        self.rest = chars.as_str();
        self.levels += 1;
        (self.levels <= MAX_LEVELS).then_some(())
    }

    fn eat(&mut self, mark: char) -> bool {
        self.skip();
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

/// Python's literal of a number without sign.
fn literal(text: &str) -> Option<Value> {
    if text.starts_with('_') || text.ends_with('_') || text.contains("__") {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = lower.strip_prefix(prefix) {
            return i128::from_str_radix(&digits.replace('_', ""), radix).ok().map(Value::Int);
        }
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let digits = text.replace('_', "");
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let has_leading_zero = digits.len() > 1 && digits.starts_with('0');
        let is_zero = digits.bytes().all(|byte| byte == b'0');
        return if has_leading_zero && !is_zero { None } else { digits.parse().ok().map(Value::Int) };
    }
    let is_float =
        lower.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'+' | b'-' | b'_'));
    is_float.then(|| digits.parse().ok().map(Value::Float)).flatten()
}
