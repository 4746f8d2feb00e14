//! Reads YAML files as trees and resolves `!include`, `!include_dir_…`, `!secret` and `!env_var`. Knows nothing about
//! automations.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::source::Source;
use crate::automation::yaml::{self, Kind, Node, Parsed, Place, Problem};
use crate::tunables::automations::{MAX_FILE, MAX_INCLUDES, MAX_NODES};

/// Reads files and records which files and secrets it read.
pub struct Reader<'a> {
    pub source: &'a dyn Source,
    config: &'a Path,
    pub files: Vec<PathBuf>,
    pub secrets: Vec<String>,
    /// Keys that stand twice.
    pub warnings: Vec<Problem>,
    nodes: usize,
}

impl<'a> Reader<'a> {
    pub fn new(source: &'a dyn Source, config: &'a Path) -> Self {
        let (files, secrets) = (Vec::new(), Vec::new());
        Self { source, config, files, secrets, warnings: Vec::new(), nodes: 0 }
    }

    /// Reads one file and resolves all its tags. `from` is the place of the include.
    pub fn file(&mut self, path: &Path, from: Option<&Place>, depth: usize) -> Parsed<Node> {
        let mut node = self.tree(path, from)?;
        self.fill(&mut node, path, depth)?;
        Ok(node)
    }

    /// Reads one file without resolving its tags.
    pub fn tree(&mut self, path: &Path, from: Option<&Place>) -> Parsed<Node> {
        let shown: Arc<str> = path.strip_prefix(self.config).unwrap_or(path).display().to_string().into();
        let start = Place { file: shown.clone(), line: 1, column: 1 };
        let place = from.unwrap_or(&start);
        let text = self.source.read(path).map_err(|reason| {
            place.problem(format!(
                "cannot read {}: {reason}; check the path and its permissions",
                path.display()
            ))
        })?;
        if text.len() > MAX_FILE {
            let text = format!("{} is larger than {} MiB; split it", path.display(), MAX_FILE >> 20);
            return Err(place.problem(text));
        }
        if !self.files.iter().any(|known| known == path) {
            self.files.push(path.to_owned());
        }
        let yaml::Tree { root: node, warnings } = yaml::parse(&shown, &text)?;
        self.warnings.extend(warnings);
        self.nodes = self.nodes.saturating_add(node.size());
        if self.nodes > MAX_NODES {
            return Err(
                place.problem(format!("more than {MAX_NODES} values in all files together; include less"))
            );
        }
        Ok(node)
    }

    /// Resolves the tags of a tree in place.
    pub fn fill(&mut self, node: &mut Node, path: &Path, depth: usize) -> Parsed<()> {
        if let Some(tag) = node.tag.take() {
            let Kind::Text(argument) = &node.kind else {
                return Err(node.place.problem(format!("`{tag}` needs an argument; add one")));
            };
            let argument = argument.clone();
            let filled = self.tagged(&tag, argument.trim(), node, path, depth)?;
            *node = filled;
            return Ok(());
        }
        match &mut node.kind {
            Kind::List(items) => items.iter_mut().try_for_each(|item| self.fill(item, path, depth)),
            Kind::Map(entries) => entries.iter_mut().try_for_each(|(_, value)| self.fill(value, path, depth)),
            _ => Ok(()),
        }
    }

    fn tagged(&mut self, tag: &str, argument: &str, node: &Node, path: &Path, depth: usize) -> Parsed<Node> {
        let place = &node.place;
        let here = path.parent().unwrap_or(Path::new(""));
        match tag {
            tag if tag.starts_with("!include") && depth >= MAX_INCLUDES => {
                let text =
                    format!("includes are nested more than {MAX_INCLUDES} levels deep; remove the circular include");
                Err(place.problem(text))
            }
            "!include" => {
                let read = self.file(&normalized(&here.join(argument)), Some(place), depth.saturating_add(1))?;
                // An empty file counts as an empty mapping.
                let kind = if read.kind == Kind::Null { Kind::Map(Vec::new()) } else { read.kind };
                Ok(Node { kind, ..read })
            }
            "!include_dir_list" | "!include_dir_merge_list" | "!include_dir_named" | "!include_dir_merge_named" => {
                self.directory(tag, &normalized(&here.join(argument)), place, depth)
            }
            "!secret" => self.secret(argument, place, here),
            "!env_var" => self.variable(argument, place),
            "!input" => {
                Err(place.problem("blueprints are not supported; replace `!input` with the value"))
            }
            _ => Err(place.problem(format!(
                "unsupported tag `{tag}`; supported are `!include FILE`, `!include_dir_list DIRECTORY` and its variants, \
                 `!secret NAME` and `!env_var NAME`"
            ))),
        }
    }

    fn variable(&self, argument: &str, place: &Place) -> Parsed<Node> {
        let (name, default) = match argument.split_once(char::is_whitespace) {
            Some((name, default)) => (name, Some(default.trim().to_owned())),
            None => (argument, None),
        };
        let missing = || {
            let text = format!(
                "the environment variable `{name}` is not set; set it or add a default after the name"
            );
            place.problem(text)
        };
        let value = self.source.variable(name).or(default).ok_or_else(missing)?;
        Ok(Node { place: place.clone(), tag: None, kind: Kind::Text(value) })
    }

    fn secret(&mut self, name: &str, place: &Place, here: &Path) -> Parsed<Node> {
        let mut looked = Vec::new();
        for directory in here.ancestors() {
            let path = directory.join("secrets.yaml");
            looked.push(path.display().to_string());
            if let Ok(text) = self.source.read(&path) {
                let shown: Arc<str> =
                    path.strip_prefix(self.config).unwrap_or(&path).display().to_string().into();
                let file = yaml::parse(&shown, &text)?.root;
                if !self.files.contains(&path) {
                    self.files.push(path);
                }
                if let Kind::Map(entries) = file.kind
                    && let Some((_, value)) = entries.into_iter().find(|(key, _)| key.is(name))
                {
                    if let Kind::Text(text) = &value.kind {
                        self.secrets.push(text.clone());
                    }
                    return Ok(Node { place: place.clone(), ..value });
                }
            }
            if directory == self.config {
                break;
            }
        }
        Err(place
            .problem(format!("no secret `{name}` in {}; add a line `{name}: …` there", looked.join(" or "))))
    }
}

/// The path without `.`, and without `..` where that can be removed without looking at the disk.
pub(super) fn normalized(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(tidied.components().next_back(), Some(Component::Normal(_))) => {
                tidied.pop();
            }
            part => tidied.push(part),
        }
    }
    tidied
}
