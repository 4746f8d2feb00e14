//! Parses TOML into the same tree as YAML, in which every value has its place in the file.
//!
//! `"!secret NAME"` and `"!env_var NAME"` become tags, as in YAML. Knows no keys.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::automation::yaml::{Key, Kind, Node, Parsed, Place};

/// Parses the text of a file. Tables are sorted by name.
pub fn parse(file: &Arc<str>, text: &str) -> Parsed<Node> {
    let places = Directories::new(file, text);
    let root = DeTable::parse(text).map_err(|error| {
        let what = error.message().lines().collect::<Vec<_>>().join(", ");
        let place = places.at(error.span().unwrap_or_default());
        place.problem(format!("not valid TOML: {what}; correct the line"))
    })?;
    let start = Place { file: file.clone(), line: 1, column: 1 };
    table(root.get_ref(), start, &places)
}

fn table(table: &DeTable, place: Place, places: &Directories) -> Parsed<Node> {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue>)| {
        let name: &std::borrow::Cow<str> = key.get_ref();
        let key = Key::text(places.at(key.span()), name.to_string());
        Ok((key, node(value, places)?))
    };
    let entries = table.iter().map(entry).collect::<Parsed<Vec<_>>>()?;
    Ok(Node { place, tag: None, kind: Kind::Map(entries) })
}

fn node(value: &Spanned<DeValue>, places: &Directories) -> Parsed<Node> {
    let place = places.at(value.span());
    let kind = match value.get_ref() {
        DeValue::String(text) => return Ok(tagged(text, place)),
        DeValue::Boolean(flag) => Kind::Bool(*flag),
        DeValue::Integer(number) => {
            let read = i64::from_str_radix(number.as_str(), number.radix());
            Kind::Int(read.map_err(|_| place.problem("the number is too large; use a smaller one"))?)
        }
        DeValue::Float(number) => {
            let read = number.as_str().parse().ok().filter(|number: &f64| number.is_finite());
            Kind::Float(read.ok_or_else(|| place.problem("the number is not finite; use another"))?)
        }
        DeValue::Datetime(_) => {
            return Err(place.problem("dates are not supported here; put the value in quotes"));
        }
        DeValue::Array(items) => {
            let items = items.iter().map(|item| node(item, places));
            Kind::List(items.collect::<Parsed<_>>()?)
        }
        DeValue::Table(entries) => return table(entries, place, places),
    };
    Ok(Node { place, tag: None, kind })
}

fn tagged(text: &str, place: Place) -> Node {
    for tag in ["!secret", "!env_var"] {
        if let Some(name) = text.strip_prefix(tag).filter(|rest| rest.starts_with(' ')) {
            return Node { place, tag: Some(tag.to_owned()), kind: Kind::Text(name.trim().to_owned()) };
        }
    }
    Node { place, tag: None, kind: Kind::Text(text.to_owned()) }
}

/// The offsets of the lines of a text.
struct Directories<'a> {
    file: &'a Arc<str>,
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Directories<'a> {
    fn new(file: &'a Arc<str>, text: &'a str) -> Self {
        let starts = text.match_indices('\n').map(|(at, _)| at.saturating_add(1));
        Self { file, text, starts: std::iter::once(0).chain(starts).collect() }
    }

    fn at(&self, span: Range<usize>) -> Place {
        let line = self.starts.partition_point(|start| *start <= span.start).max(1);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start..span.start).unwrap_or_default();
        Place { file: self.file.clone(), line, column: before.chars().count().saturating_add(1) }
    }
}
