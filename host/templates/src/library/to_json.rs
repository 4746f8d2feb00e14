//! `to_json`: JSON as `orjson` writes it, or with `ensure_ascii` as Python's `json` does.

use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::{display, repr};
use crate::value::{Dict, Key, Value};

pub const FILTERS: &[Builtin] =
    &[builtin("to_json", "value, ensure_ascii=, pretty_print=, sort_keys=", to_json)];

fn to_json(args: &mut Args, context: &Context) -> Result<Value> {
    let (ascii, pretty, sort) = (args.flag(1, false), args.flag(2, false), args.flag(3, false));
    let mut writer = Writer { out: String::new(), ascii, pretty, sort, limit: context.limits.size };
    context.spend(u64::from(args.value(0).extent().weight))?;
    match ascii && (sort || has_no_number(args.value(0))) {
        true => writer.write(&through_json(args.value(0))?, 0)?,
        false => writer.write(args.value(0), 0)?,
    }
    context.spend(writer.out.len() as u64 / 32)?;
    Ok(Value::from(writer.out))
}

struct Writer {
    out: String,
    ascii: bool,
    pretty: bool,
    sort: bool,
    limit: usize,
}

impl Writer {
    fn write(&mut self, value: &Value, depth: usize) -> Result<()> {
        if self.out.len() > self.limit {
            return Err(Error::limit("the template makes a JSON document that is too large"));
        }
        match value {
            Value::None => self.out.push_str("null"),
            Value::Bool(flag) => self.out.push_str(if *flag { "true" } else { "false" }),
            Value::Int(number) => {
                if !self.ascii && !is_64_bits(*number) {
                    return Err(Error::type_error("Integer exceeds 64-bit range"));
                }
                self.out.push_str(&number.to_string());
            }
            Value::Float(number) => self.out.push_str(&self.float(*number)),
            Value::Text(text) => self.text(text),
            Value::List(items) | Value::Tuple(items) => {
                self.items('[', ']', depth, items.items.iter(), |writer, item| {
                    writer.write(item, depth + 1)
                })?;
            }
            Value::Dict(dict) => self.dict(dict, depth)?,
            value => match text_of(value) {
                Some(text) => self.text(&text),
                None => return Err(self.refused(value)),
            },
        }
        Ok(())
    }

    fn dict(&mut self, dict: &Dict, depth: usize) -> Result<()> {
        let pairs = dict.iter().map(|(key, value)| Ok((self.key(key.value())?, value)));
        let mut pairs = pairs.collect::<Result<Vec<_>>>()?;
        if self.sort {
            pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        self.items('{', '}', depth, pairs.into_iter(), |writer, (key, value)| {
            writer.text(&key);
            writer.out.push_str(if writer.ascii || writer.pretty { ": " } else { ":" });
            writer.write(value, depth + 1)
        })
    }

    fn items<T>(
        &mut self,
        open: char,
        close: char,
        depth: usize,
        items: impl ExactSizeIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T) -> Result<()>,
    ) -> Result<()> {
        self.out.push(open);
        let is_empty = items.len() == 0;
        for (at, item) in items.enumerate() {
            match (at > 0, self.ascii && !self.pretty) {
                (true, true) => self.out.push_str(", "),
                (true, false) => self.out.push(','),
                (false, _) => {}
            }
            self.line(depth + 1);
            each(self, item)?;
        }
        if !is_empty {
            self.line(depth);
        }
        self.out.push(close);
        Ok(())
    }

    fn line(&mut self, depth: usize) {
        if self.pretty {
            self.out.push('\n');
            (0..depth).for_each(|_| self.out.push_str("  "));
        }
    }

    /// The text of a key.
    fn key(&self, key: &Value) -> Result<String> {
        Ok(match key {
            Value::Text(text) => text.to_string(),
            Value::None => "null".to_owned(),
            Value::Bool(flag) => if *flag { "true" } else { "false" }.to_owned(),
            Value::Int(number) if self.ascii || is_64_bits(*number) => number.to_string(),
            Value::Int(_) => return Err(Error::type_error("Dict integer key must be within 64-bit range")),
            Value::Float(number) if self.ascii => constant(*number).unwrap_or_else(|| self.float(*number)),
            Value::Float(number) => self.float(*number),
            Value::Moment(moment) if !self.ascii => moment.iso('T'),
            Value::Date(_) | Value::Time(_) if !self.ascii => display(key),
            key => match text_of(key) {
                Some(text) => text,
                None if self.ascii => {
                    let name = key.type_name();
                    let message = format!("keys must be str, int, float, bool or None, not {name}");
                    return Err(Error::type_error(message));
                }
                None => {
                    return Err(Error::type_error("Dict key must a type serializable with OPT_NON_STR_KEYS"));
                }
            },
        })
    }

    fn float(&self, number: f64) -> String {
        if !number.is_finite() {
            return "null".to_owned();
        }
        if self.ascii {
            return repr(&Value::Float(number));
        }
        let scientific = format!("{number:e}");
        match scientific
            .split_once('e')
            .and_then(|(digits, power)| Some((digits, power.parse::<i32>().ok()?)))
        {
            Some((digits, power @ 16..)) => format!("{digits}e+{power}"),
            Some((_, ..=-6)) => scientific,
            _ if number.fract() == 0.0 => format!("{number}.0"),
            _ => number.to_string(),
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                c if c < ' ' || (self.ascii && c > '~') => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        self.out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    fn refused(&self, value: &Value) -> Error {
        let name = value.type_name();
        Error::type_error(match self.ascii {
            true => format!("Object of type {name} is not JSON serializable"),
            false => format!("Type is not JSON serializable: {name}"),
        })
    }
}

/// The text of an object that is one: a version.
fn text_of(value: &Value) -> Option<String> {
    let object = matches!(value, Value::Object(_)) && value.type_name() == "AwesomeVersion";
    object.then(|| display(value))
}

fn is_64_bits(number: i128) -> bool {
    number >= i128::from(i64::MIN) && number <= i128::from(u64::MAX)
}

/// What Python's `json` writes for a float that is no number.
fn constant(number: f64) -> Option<String> {
    let name = match number {
        number if number.is_nan() => "NaN",
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => return None,
    };
    Some(name.to_owned())
}

fn has_no_number(value: &Value) -> bool {
    match value {
        Value::Float(number) => !number.is_finite(),
        Value::List(items) | Value::Tuple(items) => items.items.iter().any(has_no_number),
        Value::Dict(dict) => {
            dict.iter().any(|(key, value)| has_no_number(key.value()) || has_no_number(value))
        }
        _ => false,
    }
}

/// The value after it was written as JSON and read again: equal keys become one, and what is no number becomes none.
fn through_json(value: &Value) -> Result<Value> {
    Ok(match value {
        Value::Float(number) if !number.is_finite() => Value::None,
        Value::List(items) | Value::Tuple(items) => {
            Value::list(items.items.iter().map(through_json).collect::<Result<_>>()?)
        }
        Value::Dict(dict) => {
            let names = Writer { out: String::new(), ascii: true, pretty: false, sort: false, limit: 0 };
            let mut read = Dict::new();
            for (key, value) in dict.iter() {
                read.insert(Key::text(names.key(key.value())?), through_json(value)?);
            }
            Value::dict(read)
        }
        value => value.clone(),
    })
}
