//! Builds a tree from the events of the YAML parser, within limits of size and depth. Resolves aliases and `<<`.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::scalar::plain;
use super::{DuplicateKeys, Key, Kind, Node, Parsed, Place, Problem};
use crate::tunables::automations::{MAX_DEPTH, MAX_NODES};

/// Parses one document. An empty document is null.
pub fn parse(file: &Arc<str>, text: &str) -> Parsed<Node> {
    parse_with(file, text, DuplicateKeys::Refused)
}

/// Like `parse`, with a rule for duplicate keys.
pub fn parse_with(file: &Arc<str>, text: &str, duplicates: DuplicateKeys) -> Parsed<Node> {
    let start = Place { file: file.clone(), line: 1, column: 1 };
    let (open, anchors) = (Vec::new(), HashMap::new());
    let mut builder = Builder { file: file.clone(), duplicates, open, anchors, nodes: 0, root: None };
    for event in Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        let (event, span) = event.map_err(|error| syntax_problem(file, text, &error))?;
        builder.take(event, span)?;
    }
    Ok(builder.root.unwrap_or(Node { place: start, tag: None, kind: Kind::Null }))
}

fn syntax_problem(file: &Arc<str>, text: &str, error: &saphyr_parser::ScanError) -> Problem {
    // The parser reports a tab lines away from where it is.
    let is_tabbed = |line: &str| line.trim_start_matches(' ').starts_with('\t');
    if let Some(at) = text.lines().position(is_tabbed) {
        let place = Place { file: file.clone(), line: at + 1, column: 1 };
        return place.problem("this line is indented with a tab, which YAML does not allow; use spaces");
    }
    let marker = error.marker();
    let place = Place { file: file.clone(), line: marker.line().max(1), column: marker.col() + 1 };
    place.problem(format!("not valid YAML: {}; correct this line or the one above", error.info()))
}

struct Open {
    place: Place,
    tag: Option<String>,
    anchor: usize,
    kind: Partial,
}

enum Partial {
    List(Vec<Node>),
    Map(Vec<(Key, Node)>, Option<Key>),
}

struct Builder {
    file: Arc<str>,
    duplicates: DuplicateKeys,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    root: Option<Node>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Parsed<()> {
        let place = self.place(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let name = tag.as_deref().map(tag_name);
                let kind = match (style, name.as_deref()) {
                    (ScalarStyle::Plain, None) => plain(&text),
                    _ => Kind::Text(text.to_string()),
                };
                let (kind, tag) = typed(kind, name, &place)?;
                // Keys are always text: `on:` is not `true:`.
                if let Some(Open { kind: Partial::Map(_, key @ None), .. }) = self.open.last_mut() {
                    *key = Some(Key { place, name: text.into_owned() });
                    return Ok(());
                }
                self.put(Node { place, tag, kind }, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(place, anchor, tag.as_deref(), Partial::List(vec![]))
            }
            Event::MappingStart(anchor, tag) => {
                self.begin(place, anchor, tag.as_deref(), Partial::Map(vec![], None))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err(
                        place.problem("this alias refers to a value that contains it; write the value out")
                    );
                };
                self.nodes = self.nodes.saturating_add(node.size());
                if self.open.len().saturating_add(node.depth()) > MAX_DEPTH {
                    return Err(too_deep(&place));
                }
                self.put(Node { place, ..node }, 0)
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(place.problem("a second YAML document starts here; keep one and remove the line `---`"))
            }
            _ => Ok(()),
        }
    }

    fn place(&self, span: Span) -> Place {
        Place { file: self.file.clone(), line: span.start.line().max(1), column: span.start.col() + 1 }
    }

    fn begin(&mut self, place: Place, anchor: usize, tag: Option<&Tag>, kind: Partial) -> Parsed<()> {
        if let Some(Open { kind: Partial::Map(_, None), .. }) = self.open.last() {
            return Err(
                place.problem("a list or mapping cannot be a key; if this is a template, put it in quotes")
            );
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(&place));
        }
        let tag = tag.map(tag_name).filter(|name| !name.starts_with("!!"));
        self.open.push(Open { place, tag, anchor, kind });
        Ok(())
    }

    fn end(&mut self) -> Parsed<()> {
        let Some(Open { place, tag, anchor, kind }) = self.open.pop() else { return Ok(()) };
        let kind = match kind {
            Partial::List(items) => Kind::List(items),
            Partial::Map(entries, _) => Kind::Map(merged(entries)?),
        };
        self.put(Node { place, tag, kind }, anchor)
    }

    fn put(&mut self, node: Node, anchor: usize) -> Parsed<()> {
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes > MAX_NODES {
            return Err(node.place.problem(format!(
                "more than {MAX_NODES} values up to this point; split the file or use fewer aliases"
            )));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(Partial::List(items)) => items.push(node),
            Some(Partial::Map(entries, key)) => match key.take() {
                Some(key) => insert(entries, key, node, self.duplicates)?,
                None => return Err(node.place.problem("only a scalar can be a key; write the key out")),
            },
        }
        Ok(())
    }
}

fn insert(entries: &mut Vec<(Key, Node)>, key: Key, node: Node, duplicates: DuplicateKeys) -> Parsed<()> {
    if entries.len() > 64 && entries.len() > MAX_NODES / 64 {
        return Err(key.place.problem("this mapping has too many keys; split it"));
    }
    let before = entries.iter().position(|(other, _)| other.name == key.name && key.name != "<<");
    if let Some(entry) = before.and_then(|at| entries.get_mut(at)) {
        if duplicates == DuplicateKeys::LastWins {
            *entry = (key, node);
            return Ok(());
        }
        let (first, _) = entry;
        let text = format!("duplicate key `{}`, first in line {}; keep one", key.name, first.place.line);
        return Err(key.place.problem(text));
    }
    entries.push((key, node));
    Ok(())
}

/// Adds the entries of `<<` whose keys the mapping does not have.
fn merged(entries: Vec<(Key, Node)>) -> Parsed<Vec<(Key, Node)>> {
    let (merges, mut own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(key, _)| key.name == "<<");
    for (key, node) in merges {
        let maps = match node.kind {
            Kind::List(items) => items,
            kind => vec![Node { kind, ..node }],
        };
        for map in maps {
            let Kind::Map(more) = map.kind else {
                return Err(key.place.problem("`<<` needs a mapping (`*name`) or a list of mappings"));
            };
            for (key, node) in more {
                if !own.iter().any(|(other, _)| other.name == key.name) {
                    own.push((key, node));
                }
            }
        }
    }
    Ok(own)
}

fn too_deep(place: &Place) -> Problem {
    place.problem(format!("lists and mappings are nested more than {MAX_DEPTH} levels deep; flatten them"))
}

fn tag_name(tag: &Tag) -> String {
    match tag.handle.as_str() {
        "tag:yaml.org,2002:" => format!("!!{}", tag.suffix),
        handle => format!("{handle}{}", tag.suffix),
    }
}

/// Applies a tag of YAML itself to a scalar. Other tags are kept.
fn typed(kind: Kind, tag: Option<String>, place: &Place) -> Parsed<(Kind, Option<String>)> {
    let text = match (&kind, tag.as_deref()) {
        (Kind::Text(text), Some("!!int" | "!!float" | "!!bool" | "!!null")) => text.clone(),
        (_, Some(tag)) if tag.starts_with("!!") && tag != "!!str" => {
            return Err(place.problem(format!("unsupported tag `{tag}`; remove it")));
        }
        (_, Some(tag)) if !tag.starts_with("!!") && tag != "!" => return Ok((kind, Some(tag.to_owned()))),
        _ => return Ok((kind, None)),
    };
    Ok((plain(&text), None))
}
