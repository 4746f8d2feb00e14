//! Looks up one value of a file by its keys. Only the tags on the way to it are resolved, so that an error elsewhere in the
//! home's files does not hide it.

use std::path::{Path, PathBuf};

use super::reader::{Reader, normalized};
use super::source::Source;
use crate::automation::yaml::{Kind, Node, Parsed};
use crate::tunables::automations::MAX_INCLUDES;

/// The result of a lookup.
#[derive(Debug)]
pub struct Lookup {
    /// `None` if the file has no such key.
    pub value: Parsed<Option<Node>>,
    /// Whether the value comes from a secret and must not be shown.
    pub is_secret: bool,
    /// Every file that was read.
    pub files: Vec<PathBuf>,
}

/// Looks up the value under `keys` in `path`, reading the file as Home Assistant does.
pub fn lookup(source: &dyn Source, config: &Path, path: &Path, keys: &[&str]) -> Lookup {
    let mut reader = Reader::new(source, config);
    let value = reader.value(path, keys);
    Lookup { value, is_secret: !reader.secrets.is_empty(), files: reader.files }
}

impl Reader<'_> {
    fn value(&mut self, path: &Path, keys: &[&str]) -> Parsed<Option<Node>> {
        let mut found = Found { node: self.tree(path, None)?, path: path.to_owned(), depth: 0 };
        for (at, key) in keys.iter().enumerate() {
            found = self.without_tag(found)?;
            let entries = match found.node.kind {
                Kind::Map(entries) => entries,
                Kind::Null => return Ok(None),
                _ => {
                    let what = at.checked_sub(1).and_then(|at| keys.get(at)).copied().unwrap_or("the file");
                    let text = format!("`{what}`: expected a mapping, found {}", found.node.describe());
                    return Err(found.node.place.problem(text));
                }
            };
            match entries.into_iter().find(|(entry, _)| entry.is(key)) {
                Some((_, node)) => found.node = node,
                None => return Ok(None),
            }
        }
        Ok(Some(self.without_tag(found)?.node))
    }

    /// Resolves the outermost tag, but not the tags inside its value.
    fn without_tag(&mut self, mut found: Found) -> Parsed<Found> {
        while let Some(tag) = found.node.tag.clone() {
            let place = found.node.place.clone();
            match (tag.as_str(), &found.node.kind) {
                ("!include", Kind::Text(name)) if found.depth < MAX_INCLUDES => {
                    let here = found.path.parent().unwrap_or(Path::new(""));
                    let path = normalized(&here.join(name.trim()));
                    let node = self.tree(&path, Some(&place))?;
                    found = Found { node, path, depth: found.depth.saturating_add(1) };
                }
                _ => self.fill(&mut found.node, &found.path, found.depth)?,
            }
        }
        Ok(found)
    }
}

/// A value and the file that contains it.
struct Found {
    node: Node,
    path: PathBuf,
    depth: usize,
}
