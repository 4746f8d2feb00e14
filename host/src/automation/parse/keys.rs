//! Reads a mapping key by key. A key that is never read is an error.

use super::{data, values};
use crate::automation::model::{Data, Template, VariableDefinitions};
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
        self.left.iter().any(|(key, _)| key.is(name))
    }

    /// The places of the keys in the mapping below `name`.
    pub fn places(&self, name: &str) -> Vec<(String, Place)> {
        match self.left.iter().find(|(key, _)| key.is(name)).map(|(_, node)| &node.kind) {
            Some(Kind::Map(entries)) => {
                entries.iter().map(|(key, _)| (key.name.clone(), key.place.clone())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A key that has not been read yet: its place and its value.
    pub fn peek(&self, name: &str) -> Option<(&'a Place, &'a Node)> {
        self.left.iter().find(|(key, _)| key.is(name)).map(|(key, node)| (&key.place, *node))
    }

    /// Takes a key: its place and its value.
    pub fn take(&mut self, name: &'static str) -> Option<(&'a Place, &'a Node)> {
        self.accepted.push(name);
        self.take_unlisted(name)
    }

    /// Like `take`, for keys that messages do not list: old spellings and keys that are ignored.
    fn take_unlisted(&mut self, name: &str) -> Option<(&'a Place, &'a Node)> {
        let at = self.left.iter().position(|(key, _)| key.is(name))?;
        let (key, node) = self.left.remove(at);
        Some((&key.place, node))
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

    /// A text, which Home Assistant converts from numbers and booleans.
    pub fn string(&mut self, name: &'static str) -> Parsed<Option<String>> {
        self.take(name).map(|(_, node)| values::string(node, name)).transpose()
    }

    /// A text that is written as one.
    pub fn text(&mut self, name: &'static str) -> Parsed<Option<String>> {
        self.take(name).map(|(_, node)| values::text(node, name)).transpose()
    }

    /// True or false.
    pub fn flag(&mut self, name: &'static str) -> Parsed<Option<bool>> {
        self.take(name).map(|(_, node)| values::boolean(node, name)).transpose()
    }

    /// Like `flag`, for a key that has no effect.
    pub fn unlisted_flag(&mut self, name: &'static str) -> Parsed<()> {
        match self.take_unlisted(name) {
            Some((_, node)) => values::boolean(node, name).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Accepts `note`, a text that only Home Assistant's editor shows.
    pub fn note(&mut self) -> Parsed<()> {
        match self.take_unlisted("note") {
            Some((_, node)) => values::text(node, "note").map(|_| ()),
            None => Ok(()),
        }
    }

    /// Accepts `metadata`, a mapping that Home Assistant's editor stores for itself.
    pub fn metadata(&mut self) -> Parsed<()> {
        match self.take_unlisted("metadata") {
            Some((_, Node { kind: Kind::Map(_), .. })) | None => Ok(()),
            Some((_, node)) => {
                let text =
                    format!("`metadata`: expected a mapping, found {}; remove the line", node.describe());
                Err(node.place.problem(text))
            }
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

    /// Like `whole_number`, from everything that Home Assistant converts to one: `5`, `"5"` and `5.9`.
    pub fn coerced_number(&mut self, name: &'static str, least: usize) -> Parsed<Option<usize>> {
        let Some((_, node)) = self.take(name) else { return Ok(None) };
        let number = values::integer(node).and_then(|number| usize::try_from(number).ok());
        let wrong = || node.place.problem(format!("`{name}` must be a whole number of at least {least}"));
        number.filter(|number| *number >= least).map(Some).ok_or_else(wrong)
    }

    /// One of a fixed set of keywords.
    pub fn choice<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Parsed<Option<T>> {
        let Some((_, node)) = self.take(name) else { return Ok(None) };
        let text = values::text(node, name)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        let wrong = || {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            node.place.problem(format!("`{name}` cannot be `{text}`; use one of {}", words.join(", ")))
        };
        found.map(Some).ok_or_else(wrong)
    }

    /// A time span or a template that returns one.
    pub fn span(&mut self, name: &'static str) -> Parsed<Option<Data>> {
        self.take(name).map(|(_, node)| data::span(node, name)).transpose()
    }

    /// A template. It must compile.
    pub fn template(&mut self, name: &'static str) -> Parsed<Option<Template>> {
        self.take(name).map(|(_, node)| data::template(node, name)).transpose()
    }

    /// A mapping of variables. Their templates must compile; their names are texts, also with template syntax.
    pub fn variables(&mut self, name: &'static str) -> Parsed<VariableDefinitions> {
        let Some((_, node)) = self.take(name) else { return Ok(Vec::new()) };
        let Kind::Map(entries) = &node.kind else {
            let text = format!("`{name}`: expected a mapping (`name: value`), found {}", node.describe());
            return Err(node.place.problem(text));
        };
        let read = |(key, node): &(Key, Node)| match &key.kind {
            Kind::Text(text) => Ok((text.clone(), data::data(node)?)),
            _ => Err(key.place.problem(format!("the name `{}` is no text; put it in quotes", key.name))),
        };
        entries.iter().map(read).collect()
    }

    /// A mapping with any values, or `None` if the key is absent.
    pub fn mapping(&mut self, name: &'static str) -> Parsed<Option<Data>> {
        self.take(name).map(|(_, node)| data::mapping(node, name)).transpose()
    }

    /// Moves the entries of `options` to the others, if nothing else is left but keys that every trigger has. Whether
    /// it did.
    pub fn spread_options(&mut self, common: &[&str]) -> bool {
        let is_common = |key: &Key| key.is("options") || common.iter().any(|name| key.is(name));
        let Some(at) = self.left.iter().position(|(key, _)| key.is("options")) else { return false };
        let Some(Kind::Map(entries)) = self.left.get(at).map(|(_, node)| &node.kind) else { return false };
        let are_alone = self.left.iter().all(|(key, _)| is_common(key));
        if are_alone {
            self.left.remove(at);
            self.left.retain(|(key, _)| !entries.iter().any(|(other, _)| other.kind == key.kind));
            self.left.extend(entries.iter().map(|(key, node)| (key, node)));
        }
        are_alone
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
