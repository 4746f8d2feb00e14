//! Jinja's filter `pprint`: Python's `pprint.pformat`, 80 columns wide.

use super::order::{Pair, sorted};
use super::text::{is_line_end, push};
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::Result;
use crate::format::repr;
use crate::value::{Dict, Value};

pub const FILTERS: &[Builtin] = &[builtin("pprint", "value", pprint)];

const WIDTH: isize = 80;

struct Printer<'a, 'b> {
    text: String,
    context: &'a Context<'b>,
}

fn pprint(args: &mut Args, context: &Context) -> Result<Value> {
    let mut printer = Printer { text: String::new(), context };
    printer.value(args.value(0), 0, 0, 0)?;
    Ok(printer.text.into())
}

/// The pairs by their keys; those without an order stay as they are.
fn pairs(dict: &Dict, context: &Context) -> Result<Vec<Pair>> {
    let pairs: Vec<_> = dict.iter().map(|(key, value)| (key.value().clone(), value.clone())).collect();
    in_order(pairs, context)
}

fn in_order(pairs: Vec<Pair>, context: &Context) -> Result<Vec<Pair>> {
    match sorted(pairs.clone(), false, context) {
        Err(error) if error.kind == crate::error::ErrorKind::Type => {
            // Python orders these by the names of their types.
            let named = pairs
                .into_iter()
                .map(|(key, value)| (Value::text(key.type_name()), Value::tuple(vec![key, value])));
            let named = sorted(named.collect(), false, context)?;
            let unpack = |(_, pair): Pair| {
                let pair = pair.as_sequence().unwrap_or_default().to_vec();
                let mut pair = pair.into_iter();
                (pair.next().unwrap_or(Value::None), pair.next().unwrap_or(Value::None))
            };
            Ok(named.into_iter().map(unpack).collect())
        }
        result => result,
    }
}

fn columns(text: &str) -> isize {
    isize::try_from(text.chars().count()).unwrap_or(isize::MAX)
}

impl Printer<'_, '_> {
    fn push(&mut self, part: &str) -> Result<()> {
        push(&mut self.text, part, self.context)
    }

    /// `allowance`: how many characters follow on the same line. `level` is 1 inside the outermost value.
    fn value(&mut self, value: &Value, indent: isize, allowance: isize, level: usize) -> Result<()> {
        let line = self.line(value)?;
        if columns(&line) <= WIDTH - indent - allowance {
            return self.push(&line);
        }
        match value {
            Value::Dict(dict) => {
                self.push("{")?;
                self.dict(dict, indent, allowance + 1, level + 1)?;
                self.push("}")
            }
            Value::List(items) => {
                self.push("[")?;
                self.items(&items.items, indent, allowance + 1, level + 1)?;
                self.push("]")
            }
            Value::Tuple(items) => {
                let end = if items.items.len() == 1 { ",)" } else { ")" };
                self.push("(")?;
                self.items(&items.items, indent, allowance + columns(end), level + 1)?;
                self.push(end)
            }
            Value::Set(set) if !set.is_empty() => {
                let members = set.iter().map(|member| (member.clone(), Value::None)).collect();
                let members = in_order(members, self.context)?;
                self.push("{")?;
                let members: Vec<_> = members.into_iter().map(|(member, _)| member).collect();
                self.items(&members, indent, allowance + 1, level + 1)?;
                self.push("}")
            }
            Value::Text(text) => self.string(text, indent, allowance, level + 1),
            _ => self.push(&line),
        }
    }

    /// Everything on one line, with sorted keys.
    fn line(&mut self, value: &Value) -> Result<String> {
        let mut printer = Printer { text: String::new(), context: self.context };
        printer.add_line(value)?;
        Ok(printer.text)
    }

    fn add_line(&mut self, value: &Value) -> Result<()> {
        self.context.spend(1)?;
        let (open, close, items) = match value {
            Value::List(items) => ("[", "]", &items.items),
            Value::Tuple(items) if items.items.len() == 1 => ("(", ",)", &items.items),
            Value::Tuple(items) => ("(", ")", &items.items),
            Value::Dict(dict) => {
                self.push("{")?;
                for (at, (key, value)) in pairs(dict, self.context)?.iter().enumerate() {
                    self.push(if at > 0 { ", " } else { "" })?;
                    self.add_line(key)?;
                    self.push(": ")?;
                    self.add_line(value)?;
                }
                return self.push("}");
            }
            _ => return self.push(&repr(value)),
        };
        self.push(open)?;
        for (at, item) in items.iter().enumerate() {
            self.push(if at > 0 { ", " } else { "" })?;
            self.add_line(item)?;
        }
        self.push(close)
    }

    fn next_line(&mut self, indent: isize) -> Result<()> {
        self.push("\n")?;
        let width = usize::try_from(indent).unwrap_or_default();
        self.context.reserve(width)?;
        self.push(&" ".repeat(width))
    }

    fn dict(&mut self, dict: &Dict, indent: isize, allowance: isize, level: usize) -> Result<()> {
        let indent = indent + 1;
        let pairs = pairs(dict, self.context)?;
        for (at, (key, value)) in pairs.iter().enumerate() {
            let last = at + 1 == pairs.len();
            let key = self.line(key)?;
            self.push(&key)?;
            self.push(": ")?;
            let after = if last { allowance } else { 1 };
            self.value(value, indent + columns(&key) + 2, after, level)?;
            if !last {
                self.push(",")?;
                self.next_line(indent)?;
            }
        }
        Ok(())
    }

    fn items(&mut self, items: &[Value], indent: isize, allowance: isize, level: usize) -> Result<()> {
        let indent = indent + 1;
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.push(",")?;
                self.next_line(indent)?;
            }
            let last = at + 1 == items.len();
            self.value(item, indent, if last { allowance } else { 1 }, level)?;
        }
        Ok(())
    }

    /// A text in pieces, each in its own quotes.
    fn string(&mut self, text: &str, mut indent: isize, mut allowance: isize, level: usize) -> Result<()> {
        if level == 1 {
            indent += 1;
            allowance += 1;
        }
        let width = WIDTH - indent;
        let quoted = |text: &str| repr(&Value::text(text));
        let lines: Vec<&str> = split_after(text, is_line_end);
        self.context.spend(text.len() as u64)?;
        let mut chunks = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            let last = at + 1 == lines.len();
            let whole = quoted(line);
            if columns(&whole) <= if last { width - allowance } else { width } {
                chunks.push(whole);
                continue;
            }
            let words = words(line);
            let mut current = String::new();
            for (at, word) in words.iter().enumerate() {
                let end = last && at + 1 == words.len();
                let candidate = current.clone() + word;
                if columns(&quoted(&candidate)) > if end { width - allowance } else { width } {
                    if !current.is_empty() {
                        chunks.push(quoted(&current));
                    }
                    current = (*word).to_owned();
                } else {
                    current = candidate;
                }
            }
            if !current.is_empty() {
                chunks.push(quoted(&current));
            }
        }
        let parentheses = level == 1 && chunks.len() > 1;
        self.push(if parentheses { "(" } else { "" })?;
        for (at, chunk) in chunks.iter().enumerate() {
            if at > 0 {
                self.next_line(indent)?;
            }
            self.push(chunk)?;
        }
        self.push(if parentheses { ")" } else { "" })
    }
}

/// Lines with their ends.
fn split_after(text: &str, end: fn(char) -> bool) -> Vec<&str> {
    let mut lines: Vec<&str> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.char_indices().find(|(_, c)| end(*c)).map_or(rest.len(), |(at, c)| at + c.len_utf8());
        let at = if rest.get(at - 1..=at) == Some("\r\n") { at + 1 } else { at };
        let (line, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        lines.push(line);
        rest = after;
    }
    lines
}

/// Words with the white space that follows them.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let space = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let after = rest.get(space..).unwrap_or_default();
        let end = after.find(|c: char| !c.is_whitespace()).map_or(rest.len(), |at| space + at);
        let (word, next) = rest.split_at_checked(end).unwrap_or((rest, ""));
        words.push(word);
        rest = next;
    }
    words
}
