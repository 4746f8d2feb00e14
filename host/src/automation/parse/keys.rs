//! Reads a mapping key by key. A key that is never read is an error.

use serde_json::Value;

use super::values;
use crate::automation::model::{Data, Template, VariableDefinitions};
use crate::automation::templates;
use crate::automation::yaml::{Key, Kind, Node, Parsed, Place};

/// The keys of a mapping that have not been read yet.
pub struct Keys<'a> {
    what: &'static str,
    place: &'a Place,
    left: Vec<(&'a Key, &'a Node)>,
    accepted: Vec<&'static str>,
}

impl<'a> Keys<'a> {
    /// `what` names the mapping for messages, with its article: "a state trigger".
    pub fn of(node: &'a Node, what: &'static str) -> Parsed<Self> {
        let Kind::Map(entries) = &node.kind else {
            let text = format!("expected {what} as `key: value`, found {}", node.describe());
            return Err(node.place.problem(text));
        };
        let left = entries.iter().map(|(key, value)| (key, value)).collect();
        Ok(Self { what, place: &node.place, left, accepted: Vec::new() })
    }

    /// Replaces the name for messages, once the kind is known.
    pub fn describe_as(&mut self, what: &'static str) {
        self.what = what;
    }

    /// The start of the mapping.
    pub fn place(&self) -> &'a Place {
        self.place
    }

    /// Whether the mapping has a key that has not been read yet.
    pub fn has(&self, name: &str) -> bool {
        self.left.iter().any(|(key, _)| key.name == name)
    }

    /// The places of the keys in the mapping below `name`.
    pub fn places(&self, name: &str) -> Vec<(String, Place)> {
        match self.left.iter().find(|(key, _)| key.name == name).map(|(_, node)| &node.kind) {
            Some(Kind::Map(entries)) => {
                entries.iter().map(|(key, _)| (key.name.clone(), key.place.clone())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Takes a key: its place and its value.
    pub fn take(&mut self, name: &'static str) -> Option<(&'a Place, &'a Node)> {
        self.accepted.push(name);
        self.take_unlisted(name)
    }

    /// Like `take`, for keys that messages do not list: old spellings and keys that are ignored.
    fn take_unlisted(&mut self, name: &str) -> Option<(&'a Place, &'a Node)> {
        let at = self.left.iter().position(|(key, _)| key.name == name)?;
        let (key, node) = self.left.remove(at);
        Some((&key.place, node))
    }

    /// Accepts a key without reading it.
    pub fn ignore(&mut self, name: &'static str) {
        self.take_unlisted(name);
    }

    /// Takes a key that has several spellings, the current one first.
    pub fn take_any(&mut self, names: &[&'static str]) -> Parsed<Option<&'a Node>> {
        let mut found = None;
        self.accepted.extend(names.first());
        for name in names {
            if let Some((place, node)) = self.take_unlisted(name) {
                if found.is_some() {
                    let text =
                        format!("`{name}` and `{}` mean the same; keep one", names.first().unwrap_or(name));
                    return Err(place.problem(text));
                }
                found = Some(node);
            }
        }
        Ok(found)
    }

    /// Like `take_any`, but the key is required. `what` describes its value in the message.
    pub fn need_any(&mut self, names: &[&'static str], what: &str) -> Parsed<&'a Node> {
        let found = self.take_any(names)?;
        let name = names.first().copied().unwrap_or_default();
        found.ok_or_else(|| self.place.problem(format!("{} needs `{name}` ({what}); add it", self.what)))
    }

    /// A required key. `what` describes its value in the message.
    pub fn need(&mut self, name: &'static str, what: &str) -> Parsed<&'a Node> {
        self.need_any(&[name], what)
    }

    /// A text.
    pub fn text(&mut self, name: &'static str) -> Parsed<Option<String>> {
        self.take(name).map(|(_, node)| values::text(node, name)).transpose().map(Option::flatten)
    }

    /// True or false.
    pub fn flag(&mut self, name: &'static str) -> Parsed<Option<bool>> {
        let Some((_, node)) = self.take(name) else { return Ok(None) };
        match &node.kind {
            Kind::Bool(flag) => Ok(Some(*flag)),
            _ => Err(node
                .place
                .problem(format!("`{name}`: expected true or false, found {}", node.describe()))),
        }
    }

    /// `enabled`: true, false, or a template that does not read the home, as in Home Assistant.
    pub fn enabled(&mut self) -> Parsed<bool> {
        match self.left.iter().find(|(key, _)| key.name == "enabled").map(|(_, node)| node) {
            Some(Node { kind: Kind::Text(text), place, .. }) if templates::is_template(text) => {
                self.take("enabled");
                templates::constant(text, &templates::Variables::new())
                    .map(|value| templates::is_true(&templates::from_json(&value)))
                    .map_err(|reason| place.problem(reason))
            }
            _ => self.flag("enabled").map(|flag| flag.unwrap_or(true)),
        }
    }

    /// A whole number of at least `least`.
    pub fn whole_number(&mut self, name: &'static str, least: usize) -> Parsed<Option<usize>> {
        let Some((_, node)) = self.take(name) else { return Ok(None) };
        let number = match &node.kind {
            Kind::Int(number) => usize::try_from(*number).ok().filter(|number| *number >= least),
            _ => None,
        };
        let wrong = || node.place.problem(format!("`{name}` must be a whole number of at least {least}"));
        number.map(Some).ok_or_else(wrong)
    }

    /// One of a fixed set of keywords.
    pub fn choice<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Parsed<Option<T>> {
        let Some((_, node)) = self.take(name) else { return Ok(None) };
        let text = values::text(node, name)?.unwrap_or_default();
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        let wrong = || {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            node.place.problem(format!("`{name}` cannot be `{text}`; use one of {}", words.join(", ")))
        };
        found.map(Some).ok_or_else(wrong)
    }

    /// Any value; its templates are not checked.
    pub fn data(&mut self, name: &'static str) -> Option<Data> {
        self.take(name).map(|(_, node)| values::data(node))
    }

    /// A time span or a template that returns one.
    pub fn period(&mut self, name: &'static str) -> Parsed<Option<Data>> {
        self.take(name).map(|(_, node)| values::period_data(node, name)).transpose()
    }

    /// A template. It must compile.
    pub fn template(&mut self, name: &'static str) -> Parsed<Option<Template>> {
        self.take(name).map(|(_, node)| values::template(node, name)).transpose()
    }

    /// A mapping of variables. Their templates must compile.
    pub fn variables(&mut self, name: &'static str) -> Parsed<VariableDefinitions> {
        let Some((_, node)) = self.take(name) else { return Ok(Vec::new()) };
        match &node.kind {
            Kind::Map(entries) => {
                let read = |(key, node): &(Key, Node)| {
                    let data = values::data(node);
                    values::check(&data).map(|()| (key.name.clone(), data))
                };
                entries.iter().map(read).collect()
            }
            Kind::Null => Ok(Vec::new()),
            _ => Err(node
                .place
                .problem(format!("`{name}`: expected a mapping (`name: value`), found {}", node.describe()))),
        }
    }

    /// A mapping with any values; empty if the key is absent.
    pub fn map(&mut self, name: &'static str) -> Parsed<Data> {
        let Some((_, node)) = self.take(name) else {
            return Ok(Data::Constant(Value::Object(Default::default())));
        };
        match (&node.kind, values::data(node)) {
            (Kind::Null, _) => Ok(Data::Constant(Value::Object(Default::default()))),
            (Kind::Map(_), data) | (Kind::Text(_), data @ Data::Template(_)) => Ok(data),
            _ => Err(node
                .place
                .problem(format!("`{name}`: expected a mapping (`name: value`), found {}", node.describe()))),
        }
    }

    /// Fails if a key has not been read.
    pub fn finish(mut self) -> Parsed<()> {
        self.accepted.sort_unstable();
        self.accepted.dedup();
        match self.left.first() {
            None => Ok(()),
            Some((key, _)) => Err(key.place.problem(format!(
                "unknown key `{}` in {}; remove it or use one of {}",
                key.name,
                self.what,
                self.accepted.join(", ")
            ))),
        }
    }
}
