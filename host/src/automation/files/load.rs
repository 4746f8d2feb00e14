//! Automations from files: a list, a single one, or under `automation:`, with what its tags name filled in.
//!
//! Reads through `Source`, so that tests need no disk. What is wrong with one automation is problem and leaves the others;
//! a file that is no YAML gives none. Knows nothing of what an automation means.

use std::path::{Path, PathBuf};

use super::reader::Reader;
use super::source::Source;
use crate::automation::model::Automation;
use crate::automation::parse;
use crate::automation::yaml::{Kind, Node, Parsed, Problem};

/// What a file holds.
#[derive(Debug, Default)]
pub struct Loaded {
    pub automations: Vec<Automation>,
    /// What is wrong, in the order of the file. An automation with a problem is not among the automations.
    pub problems: Vec<Problem>,
    /// What is doubtful, and keeps nothing out.
    pub warnings: Vec<Problem>,
    /// Every file that was read and every directory that was listed, to watch for changes.
    pub files: Vec<PathBuf>,
    /// The values of secrets that were filled in: not to be shown in a trace.
    pub secrets: Vec<String>,
}

/// Loads `path`; secrets are looked for beside the file that names them, then upwards as far as `config`.
pub fn load(source: &dyn Source, config: &Path, path: &Path) -> Loaded {
    let mut reader = Reader::new(source, config);
    let root = reader.file(path, None, 0);
    let (files, secrets) = (reader.files, reader.secrets);
    let mut loaded = Loaded { files, secrets, ..Loaded::default() };
    match root {
        Err(problem) => loaded.problems.push(problem),
        Ok(root) => {
            for node in automations(root, &mut loaded.problems) {
                match parse::automation(&node) {
                    Ok(automation) => loaded.automations.push(automation),
                    Err(problem) => loaded.problems.push(problem),
                }
            }
        }
    }
    check_ids(&mut loaded);
    loaded
}

/// Fills in `!secret` and `!env_var` in a tree that was read from `path` by somebody else. Gives the files that were read for it
/// and the values of the secrets.
pub fn fill(
    source: &dyn Source,
    config: &Path,
    path: &Path,
    tree: &mut Node,
) -> Parsed<(Vec<PathBuf>, Vec<String>)> {
    let mut reader = Reader::new(source, config);
    reader.fill(tree, path, 0)?;
    Ok((reader.files, reader.secrets))
}

/// An id names one automation: the first keeps it.
fn check_ids(loaded: &mut Loaded) {
    let mut kept: Vec<Automation> = Vec::new();
    let mut ids = std::collections::HashMap::new();
    for automation in std::mem::take(&mut loaded.automations) {
        if let Some(id) = &automation.id {
            if let Some(line) = ids.get(id) {
                let text =
                    format!("duplicate id `{id}`: the automation in line {line} has it too; choose another");
                loaded.problems.push(automation.place.problem(text));
                continue;
            }
            ids.insert(id.clone(), automation.place.line);
        }
        kept.push(automation);
    }
    loaded.automations = kept;
}

/// The automations' nodes, whichever way the file holds them.
fn automations(root: Node, problems: &mut Vec<Problem>) -> Vec<Node> {
    match root.kind {
        Kind::Null => Vec::new(),
        Kind::List(items) => items,
        Kind::Map(entries) if entries.iter().any(|(key, _)| is_section(&key.name)) => {
            let mut found = Vec::new();
            for (key, node) in entries {
                if is_section(&key.name) {
                    found.extend(match node.kind {
                        Kind::List(items) => items,
                        Kind::Null => Vec::new(),
                        _ => vec![node],
                    });
                } else {
                    let text = format!(
                        "unexpected key `{}` next to `automation`; keep only automations in this file",
                        key.name
                    );
                    problems.push(key.place.problem(text));
                }
            }
            found
        }
        Kind::Map(_) => vec![root],
        _ => {
            let text = format!("expected a list of automations or a single one, found {}", root.describe());
            problems.push(root.place.problem(text));
            Vec::new()
        }
    }
}

/// `automation:`, and `automation manual:` as Home Assistant lets one write several.
fn is_section(key: &str) -> bool {
    key == "automation" || key.starts_with("automation ")
}
