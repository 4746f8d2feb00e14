//! `!include_dir_list` and its variants: includes every YAML file of a directory and its subdirectories, sorted by
//! name.
//!
//! Skips hidden files, hidden directories and `secrets.yaml`, as Home Assistant does. A file of the wrong shape, such
//! as a mapping to be merged into a list, is an error; Home Assistant drops it.

use std::path::{Path, PathBuf};

use super::reader::Reader;
use crate::automation::yaml::{Key, Kind, Node, Parsed, Place};
use crate::tunables::automations::MAX_DEPTH;

impl Reader<'_> {
    /// The value that `tag` produces from the files of a directory.
    pub fn directory(&mut self, tag: &str, path: &Path, place: &Place, depth: usize) -> Parsed<Node> {
        let mut found = Vec::new();
        self.find(path, place, 0, &mut found)?;
        let (mut items, mut entries) = (Vec::new(), Vec::<(Key, Node)>::new());
        for file in found {
            let node = self.file(&file, Some(place), depth.saturating_add(1))?;
            match (tag, node.kind) {
                ("!include_dir_named", Kind::Null) => {
                    let empty = Node { kind: Kind::Map(Vec::new()), ..node };
                    entries.push((Key::text(empty.place.clone(), stem(&file)), empty));
                }
                (_, Kind::Null) => {}
                ("!include_dir_merge_list", Kind::List(more)) => items.extend(more),
                ("!include_dir_merge_named", Kind::Map(more)) => entries.extend(more),
                ("!include_dir_list", kind) => items.push(Node { kind, ..node }),
                ("!include_dir_named", kind) => {
                    entries.push((Key::text(node.place.clone(), stem(&file)), Node { kind, ..node }));
                }
                (tag, _) => {
                    let kind = if tag == "!include_dir_merge_list" { "list" } else { "mapping" };
                    return Err(node
                        .place
                        .problem(format!("`{tag}` needs a {kind} in every file; make this file one")));
                }
            }
        }
        let kind = if tag.ends_with("list") { Kind::List(items) } else { Kind::Map(entries) };
        Ok(Node { place: place.clone(), tag: None, kind })
    }

    /// Collects the files of a directory, then those of its subdirectories.
    fn find(&mut self, path: &Path, place: &Place, depth: usize, found: &mut Vec<PathBuf>) -> Parsed<()> {
        if depth > MAX_DEPTH {
            return Err(place.problem(format!(
                "directories are nested more than {MAX_DEPTH} levels deep; remove the circular link"
            )));
        }
        let problem = |reason| {
            let path = path.display();
            place.problem(format!("cannot list {path}: {reason}; check the path and its permissions"))
        };
        let mut entries = self.source.list(path).map_err(problem)?;
        entries.sort();
        self.files.push(path.to_owned());
        let is_shown = |path: &&PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            !name.starts_with('.') && name != "secrets.yaml"
        };
        let is_yaml = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "yaml");
        found.extend(entries.iter().filter(is_shown).filter(is_yaml).cloned());
        let below =
            entries.iter().filter(is_shown).filter(|path| !is_yaml(path) && self.source.list(path).is_ok());
        let below: Vec<_> = below.cloned().collect();
        below.iter().try_for_each(|path| self.find(path, place, depth + 1, found))
    }
}

/// The name of a file without its ending.
fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
