//! Reads Python's literals, as `repr` writes them.

#![allow(clippy::unwrap_used, clippy::string_slice, reason = "tests")]

use crate::value::{Dict, Key, Set, Value};

pub fn value(text: &str) -> Value {
    let mut reader = Reader { rest: text };
    let value = reader.value();
    assert_eq!(reader.rest, "", "{text}");
    value
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn has(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn next(&mut self) -> char {
        let c = self.rest.chars().next().unwrap();
        self.rest = &self.rest[c.len_utf8()..];
        c
    }

    fn list(&mut self, close: &str) -> Vec<Value> {
        let mut items = Vec::new();
        while !self.has(close) {
            items.push(self.value());
            let _ = self.has(", ") || self.has(",");
        }
        items
    }

    fn value(&mut self) -> Value {
        for (name, value) in [
            ("None", Value::None),
            ("True", Value::Bool(true)),
            ("False", Value::Bool(false)),
            ("inf", Value::Float(f64::INFINITY)),
            ("-inf", Value::Float(f64::NEG_INFINITY)),
            ("nan", Value::Float(f64::NAN)),
        ] {
            if self.has(name) {
                return value;
            }
        }
        if self.has("b") {
            return Value::Bytes(self.text().chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect());
        }
        if self.has("set()") {
            return Value::set(Set::default());
        }
        if self.has("[") {
            return Value::list(self.list("]"));
        }
        if self.has("(") {
            return Value::tuple(self.list(")"));
        }
        if self.has("{") {
            return self.braces();
        }
        if self.rest.starts_with(['"', '\'']) {
            return Value::from(self.text());
        }
        let end =
            self.rest.find(|c| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e')).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        self.rest = rest;
        match number.parse::<i128>() {
            Ok(number) => Value::Int(number),
            Err(_) => Value::Float(number.parse().unwrap()),
        }
    }

    fn braces(&mut self) -> Value {
        let mut dict = Dict::new();
        let mut members = Vec::new();
        while !self.has("}") {
            let key = self.value();
            match self.has(": ") {
                true => dict.insert(Key::new(key).unwrap(), self.value()),
                false => members.push(key),
            }
            self.has(", ");
        }
        if members.is_empty() { Value::dict(dict) } else { Value::set(Set::new(members).unwrap()) }
    }

    fn text(&mut self) -> String {
        let quote = self.next();
        let mut text = String::new();
        loop {
            match self.next() {
                c if c == quote => return text,
                '\\' => {
                    let size = match self.next() {
                        'n' => Err('\n'),
                        'r' => Err('\r'),
                        't' => Err('\t'),
                        'x' => Ok(2),
                        'u' => Ok(4),
                        'U' => Ok(8),
                        c => Err(c),
                    };
                    text.push(size.map_or_else(
                        |c| c,
                        |size| {
                            let digits: String = (0..size).map(|_| self.next()).collect();
                            char::from_u32(u32::from_str_radix(&digits, 16).unwrap()).unwrap()
                        },
                    ));
                }
                c => text.push(c),
            }
        }
    }
}
