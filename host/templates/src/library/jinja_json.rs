//! Jinja's filter `tojson`: Python's `json.dumps` with sorted keys, safe in HTML.

use super::order::sorted;
use super::text::push;
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::display;
use crate::value::{Dict, Value};

pub const FILTERS: &[Builtin] = &[builtin("tojson", "value, indent=", tojson)];

struct Writer<'a, 'b> {
    text: String,
    /// The indentation of one level. Without it, everything stands on one line.
    indent: Option<String>,
    context: &'a Context<'b>,
}

fn tojson(args: &mut Args, context: &Context) -> Result<Value> {
    let indent = match args.get(1) {
        None | Some(Value::None) => None,
        Some(Value::Text(indent)) => Some(indent.to_string()),
        Some(_) => {
            let width = usize::try_from(args.int(1)?.unwrap_or_default().max(0)).unwrap_or(usize::MAX);
            context.reserve(width)?;
            Some(" ".repeat(width))
        }
    };
    let mut writer = Writer { text: String::new(), indent, context };
    writer.value(args.value(0), 0)?;
    Ok(writer.text.into())
}

impl Writer<'_, '_> {
    fn value(&mut self, value: &Value, level: usize) -> Result<()> {
        self.context.spend(1)?;
        match value {
            Value::None => self.push("null"),
            Value::Bool(true) => self.push("true"),
            Value::Bool(false) => self.push("false"),
            Value::Int(_) => self.push(&display(value)),
            Value::Float(number) => self.push(&float(*number)),
            Value::Text(text) => self.string(text),
            Value::List(items) | Value::Tuple(items) => self.list(&items.items, level),
            Value::Dict(dict) => self.dict(dict, level),
            Value::Object(object) if object.type_name() == "_GroupTuple" => {
                self.list(&object.items().unwrap_or_default(), level)
            }
            _ => {
                let name = value.type_name();
                Err(Error::type_error(format!("Object of type {name} is not JSON serializable")))
            }
        }
    }

    fn push(&mut self, part: &str) -> Result<()> {
        push(&mut self.text, part, self.context)
    }

    fn list(&mut self, items: &[Value], level: usize) -> Result<()> {
        if items.is_empty() {
            return self.push("[]");
        }
        self.push("[")?;
        for (at, item) in items.iter().enumerate() {
            self.separate(at, level)?;
            self.value(item, level + 1)?;
        }
        self.line(level)?;
        self.push("]")
    }

    fn dict(&mut self, dict: &Dict, level: usize) -> Result<()> {
        if dict.is_empty() {
            return self.push("{}");
        }
        let pairs = dict.iter().map(|(key, value)| (key.value().clone(), value.clone())).collect();
        self.push("{")?;
        for (at, (key, value)) in sorted(pairs, false, self.context)?.iter().enumerate() {
            self.separate(at, level)?;
            self.key(key)?;
            self.push(": ")?;
            self.value(value, level + 1)?;
        }
        self.line(level)?;
        self.push("}")
    }

    fn key(&mut self, key: &Value) -> Result<()> {
        match key {
            Value::Text(text) => self.string(text),
            Value::Int(_) => self.string(&display(key)),
            Value::Float(number) => self.string(&float(*number)),
            Value::Bool(true) => self.string("true"),
            Value::Bool(false) => self.string("false"),
            Value::None => self.string("null"),
            _ => Err(Error::type_error(format!(
                "keys must be str, int, float, bool or None, not {}",
                key.type_name()
            ))),
        }
    }

    fn separate(&mut self, at: usize, level: usize) -> Result<()> {
        match (at, &self.indent) {
            (0, _) => {}
            (_, None) => self.push(", ")?,
            (_, Some(_)) => self.push(",")?,
        }
        self.line(level + 1)
    }

    fn line(&mut self, level: usize) -> Result<()> {
        let Some(indent) = self.indent.clone() else { return Ok(()) };
        self.push("\n")?;
        (0..level).try_for_each(|_| self.push(&indent))
    }

    /// A text in ASCII, without the characters that HTML knows.
    fn string(&mut self, text: &str) -> Result<()> {
        let mut quoted = String::with_capacity(text.len() + 2);
        quoted.push('"');
        for c in text.chars() {
            match c {
                '"' => quoted.push_str("\\\""),
                '\\' => quoted.push_str("\\\\"),
                '\n' => quoted.push_str("\\n"),
                '\r' => quoted.push_str("\\r"),
                '\t' => quoted.push_str("\\t"),
                '\u{c}' => quoted.push_str("\\f"),
                '\u{8}' => quoted.push_str("\\b"),
                '<' | '>' | '&' | '\'' | '\0'..='\u{1f}' | '\u{7f}'.. => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        quoted.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => quoted.push(c),
            }
        }
        quoted.push('"');
        self.push(&quoted)
    }
}

fn float(number: f64) -> String {
    match number {
        number if number.is_nan() => "NaN".into(),
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        number => display(&Value::Float(number)),
    }
}
