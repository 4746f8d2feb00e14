//! Native types: a rendered text that is a Python literal as a whole becomes that value; any other stays text.
//!
//! As in Home Assistant, a quoted string stays unchanged, with its quotes, and only plain decimal numbers count
//! (`1e5` and `0123` stay text). Tuples and sets become lists.

use serde_json::{Map, Number, Value};

const MAX_LEVELS: usize = 32;

/// The value of a rendered text, which has been trimmed.
pub fn parse(text: &str) -> Value {
    let mut reader = Reader { rest: text, levels: 0 };
    let found = reader.value().filter(|_| reader.rest.trim_start().is_empty());
    match found {
        Some(Value::String(_)) | None => Value::String(text.to_owned()),
        Some(Value::Number(_)) if !is_plain_number(text) => Value::String(text.to_owned()),
        Some(value) => value,
    }
}

fn is_plain_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let leading = digits.strip_prefix('0').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let points = digits.chars().filter(|c| *c == '.').count();
    !leading && points <= 1 && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
}

struct Reader<'a> {
    rest: &'a str,
    levels: usize,
}

impl Reader<'_> {
    fn value(&mut self) -> Option<Value> {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next()? {
            '[' => self.items(']').map(|(items, _)| Value::Array(items)),
            '(' => {
                let (mut items, is_tuple) = self.items(')')?;
                // One value in parentheses is that value; empty parentheses are an empty tuple.
                if is_tuple || items.is_empty() { Some(Value::Array(items)) } else { items.pop() }
            }
            '{' => self.braces(),
            '"' | '\'' => self.quoted().map(Value::String),
            c if c.is_ascii_digit() || matches!(c, '.' | '-' | '+') => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Option<Value> {
        let words = [("True", Value::Bool(true)), ("False", Value::Bool(false)), ("None", Value::Null)];
        for (word, value) in words {
            if let Some(rest) = self.rest.strip_prefix(word)
                && !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
            {
                self.rest = rest;
                return Some(value);
            }
        }
        None
    }

    fn number(&mut self) -> Option<Value> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
        let unsigned = self.rest.strip_prefix(['+', '-']).unwrap_or(self.rest);
        let mut length = unsigned.find(|c| !is_part(c)).unwrap_or(unsigned.len());
        let is_exponent = unsigned.get(..length).is_some_and(|text| text.ends_with(['e', 'E']));
        if is_exponent && unsigned.get(length..).is_some_and(|rest| rest.starts_with(['+', '-'])) {
            let more = unsigned.get(length + 1..)?;
            length += 1 + more.find(|c: char| !c.is_ascii_digit()).unwrap_or(more.len());
        }
        let length = length + self.rest.len() - unsigned.len();
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        let body = text.strip_prefix(['+', '-']).unwrap_or(text);
        let leading =
            body.len() > 1 && body.starts_with('0') && body.bytes().all(|byte| byte.is_ascii_digit());
        if !body.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            || leading && body.contains(|c| c != '0')
        {
            return None;
        }
        let text = text.replace('_', "");
        if let Ok(whole) = text.parse::<i64>() {
            return Some(Value::from(whole));
        }
        let float = text.contains(['.', 'e', 'E']).then(|| text.parse::<f64>().ok()).flatten()?;
        Number::from_f64(float).map(Value::Number)
    }

    fn quoted(&mut self) -> Option<String> {
        let mut chars = self.rest.char_indices();
        let (_, quote) = chars.next()?;
        let mut text = String::new();
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.rest = self.rest.get(at + 1..)?;
                return Some(text);
            }
            match c {
                '\n' => return None,
                '\\' => match chars.next()?.1 {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    'x' => text.push(hex(&mut chars, 2)?),
                    'u' => text.push(hex(&mut chars, 4)?),
                    'U' => text.push(hex(&mut chars, 8)?),
                    c @ ('\\' | '\'' | '"') => text.push(c),
                    c => text.extend(['\\', c]),
                },
                c => text.push(c),
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
                false if self.rest.trim_start().starts_with(end) => {}
                false => return None,
            }
        }
    }

    /// A mapping, or a set.
    fn braces(&mut self) -> Option<Value> {
        self.descend()?;
        let (mut map, mut set) = (Map::new(), Vec::new());
        loop {
            if self.eat('}') {
                self.levels -= 1;
                return Some(if set.is_empty() { Value::Object(map) } else { Value::Array(set) });
            }
            let first = self.value()?;
            if set.is_empty() && self.eat(':') {
                let key = first.as_str().map_or_else(|| first.to_string(), str::to_owned);
                map.insert(key, self.value()?);
            } else if map.is_empty() {
                set.push(first);
            } else {
                return None;
            }
            if !self.eat(',') && !self.rest.trim_start().starts_with('}') {
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
        match self.rest.trim_start().strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

fn hex(chars: &mut std::str::CharIndices<'_>, digits: usize) -> Option<char> {
    let text: String = chars.take(digits).map(|(_, c)| c).collect();
    char::from_u32(u32::from_str_radix(&text, 16).ok()?)
}
