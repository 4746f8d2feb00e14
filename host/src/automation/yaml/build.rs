//! Builds a tree from the events of the YAML parser, within limits of size and depth. Resolves aliases and `<<`.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::characters::{self, Hidden};
use super::scalar::plain;
use super::{Key, Kind, Node, Parsed, Place, Problem};
use crate::tunables::automations::{MAX_DEPTH, MAX_NODES};

/// A parsed document.
#[derive(Debug)]
pub struct Tree {
    pub root: Node,
    /// Keys that stand twice in a mapping.
    pub warnings: Vec<Problem>,
}

/// Parses one document. An empty document is null. If a key stands twice, the last one counts, with a warning.
pub fn parse(file: &Arc<str>, text: &str) -> Parsed<Tree> {
    let start = Place { file: file.clone(), line: 1, column: 1 };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    characters::check(file, text)?;
    let hidden = Hidden::of(text);
    let mut builder = Builder {
        file: file.clone(),
        stand_in: hidden.stand_in(),
        unended: if is_unended(text) { text.chars().count() } else { usize::MAX },
        open: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        root: None,
        warnings: Vec::new(),
    };
    for event in Parser::new_from_str(&hidden.text) {
        let (event, span) = event.map_err(|error| syntax_problem(file, text, &error))?;
        builder.take(event, span)?;
    }
    let root = builder.root.unwrap_or(Node { place: start, tag: None, kind: Kind::Null });
    Ok(Tree { root, warnings: builder.warnings })
}

/// Whether the last line has contents and no line break.
fn is_unended(text: &str) -> bool {
    !text.rsplit('\n').next().unwrap_or_default().trim().is_empty()
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
    stand_in: Option<char>,
    /// The number of characters if the last line has contents and no line break; more than there are otherwise.
    unended: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    root: Option<Node>,
    warnings: Vec<Problem>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Parsed<()> {
        let place = self.place(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain;
                let is_own = |name: &String| !is_plain || text.is_empty() || name != "!";
                let name = tag.as_deref().map(tag_name).filter(is_own);
                let mut text = Hidden::restored(self.stand_in, &text);
                let is_key = matches!(self.open.last(), Some(Open { kind: Partial::Map(_, None), .. }));
                // Only a plain `<<` merges.
                let is_merge = is_key && is_plain && name.is_none() && text == "<<";
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
                    && span.end.index() >= self.unended
                {
                    // The last line of the file has no line break, so that the text has none either.
                    text.truncate(text.trim_end_matches('\n').len());
                }
                if is_key && is_plain && text.is_empty() {
                    return Err(place.problem("a key is missing in front of `:`; add it"));
                }
                if !is_key && is_plain && name.is_none() && text == "<<" {
                    return Err(place.problem("`<<` is no value; put it in quotes"));
                }
                let (kind, tag) = match name {
                    Some(name) => typed(&text, name, &place)?,
                    None if is_plain && !(is_key && text == "=") => {
                        (plain(&text).map_err(|told| place.problem(told))?, None)
                    }
                    None => (Kind::Text(text.clone()), None),
                };
                if let Some(Open { kind: Partial::Map(_, key @ None), .. }) = self.open.last_mut() {
                    if let Some(tag) = tag {
                        return Err(
                            place.problem(format!("a key cannot have the tag `{tag}`; write the key out"))
                        );
                    }
                    // A merge is marked by a kind that no key has.
                    let kind = if is_merge { Kind::List(Vec::new()) } else { kind };
                    *key = Some(Key { place, name: text, kind });
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
        let own = if matches!(kind, Partial::List(_)) { "!!seq" } else { "!!map" };
        let tag = tag.map(tag_name).filter(|name| name != own && name != "!");
        if let Some(tag) = tag.as_ref().filter(|tag| tag.starts_with("!!")) {
            return Err(place.problem(format!("unsupported tag `{tag}`; remove it")));
        }
        self.open.push(Open { place, tag, anchor, kind });
        Ok(())
    }

    fn end(&mut self) -> Parsed<()> {
        let Some(Open { place, tag, anchor, kind }) = self.open.pop() else { return Ok(()) };
        let kind = match kind {
            Partial::List(items) => Kind::List(items),
            Partial::Map(entries, _) => Kind::Map(self.merged(entries)?),
        };
        self.put(Node { place, tag, kind }, anchor)
    }

    /// Puts the entries of `<<` in front of those of the mapping itself, which count if a key stands in both.
    fn merged(&mut self, entries: Vec<(Key, Node)>) -> Parsed<Vec<(Key, Node)>> {
        if !entries.iter().any(|(key, _)| is_merge(key)) {
            return Ok(entries);
        }
        let (merges, own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(key, _)| is_merge(key));
        let mut all = Vec::new();
        for (key, node) in merges {
            let mut maps = match node.kind {
                Kind::List(items) if node.tag.is_none() => items,
                kind => vec![Node { kind, ..node }],
            };
            // Of several mappings, the first counts.
            maps.reverse();
            for map in maps {
                let Kind::Map(more) = map.kind else {
                    return Err(key.place.problem("`<<` needs a mapping (`*name`) or a list of mappings"));
                };
                for (key, node) in more {
                    insert(&mut all, key, node);
                }
            }
        }
        for (key, node) in own {
            insert(&mut all, key, node);
        }
        Ok(all)
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
                Some(key) => {
                    if entries.len() > 64 && entries.len() > MAX_NODES / 64 {
                        return Err(key.place.problem("this mapping has too many keys; split it"));
                    }
                    self.warnings.extend(insert(entries, key, node));
                }
                None => return Err(node.place.problem("only a scalar can be a key; write the key out")),
            },
        }
        Ok(())
    }
}

/// Adds an entry. A key that is already there keeps its position and gets the new value, with a warning.
fn insert(entries: &mut Vec<(Key, Node)>, key: Key, node: Node) -> Option<Problem> {
    let before = entries.iter().position(|(other, _)| other.equals(&key) && !is_merge(&key));
    let Some(entry) = before.and_then(|at| entries.get_mut(at)) else {
        entries.push((key, node));
        return None;
    };
    let text = format!(
        "duplicate key `{}`, first in line {}; the last one counts, keep one",
        key.name, entry.0.place.line
    );
    let warning = key.place.problem(text);
    // The place is that of the value that counts; the key itself stays, as in Python.
    entry.0.place = key.place;
    entry.1 = node;
    Some(warning)
}

fn is_merge(key: &Key) -> bool {
    matches!(key.kind, Kind::List(_))
}

fn too_deep(place: &Place) -> Problem {
    place.problem(format!("lists and mappings are nested more than {MAX_DEPTH} levels deep; flatten them"))
}

fn tag_name(tag: &Tag) -> String {
    let whole = format!("{}{}", tag.handle, tag.suffix);
    match whole.strip_prefix("tag:yaml.org,2002:") {
        Some(name) => format!("!!{name}"),
        None => whole,
    }
}

/// Applies a tag of YAML itself to a scalar. Other tags are kept.
fn typed(text: &str, tag: String, place: &Place) -> Parsed<(Kind, Option<String>)> {
    let kind = match tag.as_str() {
        "!" | "!!str" => Some(Kind::Text(text.to_owned())),
        "!!null" => Some(Kind::Null),
        "!!int" | "!!float" | "!!bool" | "!!timestamp" => match (tag.as_str(), plain(text)) {
            ("!!int", Ok(kind @ Kind::Int(_))) | ("!!bool", Ok(kind @ Kind::Bool(_))) => Some(kind),
            ("!!int" | "!!float" | "!!timestamp", Ok(kind @ Kind::Foreign(_))) => Some(kind),
            ("!!float", Ok(kind @ Kind::Float(_))) => Some(kind),
            #[allow(clippy::cast_precision_loss, reason = "as Python converts it")]
            ("!!float", Ok(Kind::Int(number))) => Some(Kind::Float(number as f64)),
            _ => None,
        },
        tag if tag.starts_with("!!") => {
            return Err(place.problem(format!("unsupported tag `{tag}`; remove it")));
        }
        _ => return Ok((Kind::Text(text.to_owned()), Some(tag))),
    };
    let wrong = || place.problem(format!("`{text}` is not what its tag `{tag}` says; remove the tag"));
    kind.map(|kind| (kind, None)).ok_or_else(wrong)
}
