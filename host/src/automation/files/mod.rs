//! Automations from files: a list, a single one, or under `automation:`, with what its tags name filled in.
//!
//! Reads through `Source`, so that tests need no disk. What is wrong with one automation is told and leaves the others;
//! a file that is no YAML gives none. Knows nothing of what an automation means.

mod directories;
mod reader;
mod value;

use std::path::{Path, PathBuf};

use super::model::Automation;
use super::parse;
use super::yaml::{Kind, Node, Parsed, Problem};
use crate::disk::regular;
use crate::options::automations::MAX_FILE;
use reader::Reader;
pub use value::{Looked, value};

/// Where files and environment variables come from.
pub trait Source {
    /// A file's text; the error is a reason in a few words ("no such file").
    fn read(&self, path: &Path) -> Result<String, String>;
    /// What a directory holds, directories too, in any order.
    fn list(&self, path: &Path) -> Result<Vec<PathBuf>, String>;
    /// An environment variable.
    fn variable(&self, name: &str) -> Option<String>;
}

/// The machine's own files and environment.
pub struct Disk;

impl Source for Disk {
    fn read(&self, path: &Path) -> Result<String, String> {
        let most = u64::try_from(MAX_FILE).unwrap_or(u64::MAX).saturating_add(1);
        regular::read_text(path, most).map_err(|error| crate::error::reason(&error))
    }

    fn list(&self, path: &Path) -> Result<Vec<PathBuf>, String> {
        let told = |error: std::io::Error| crate::error::reason(&error);
        let entries = std::fs::read_dir(path).map_err(told)?;
        entries.map(|entry| entry.map(|entry| entry.path()).map_err(told)).collect()
    }

    /// Not the one that holds a password: a file of the home could send it anywhere.
    fn variable(&self, name: &str) -> Option<String> {
        (name != "LARDER_PASSWORD").then(|| std::env::var(name).ok())?
    }
}

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
                    format!("the id `{id}` is that of the automation in line {line} too; give it its own");
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
                        "`{}` stands beside `automation`; keep only automations in this file",
                        key.name
                    );
                    problems.push(key.place.problem(text));
                }
            }
            found
        }
        Kind::Map(_) => vec![root],
        _ => {
            let text = format!("here is {}; write a list of automations or a single one", root.describe());
            problems.push(root.place.problem(text));
            Vec::new()
        }
    }
}

/// `automation:`, and `automation manual:` as Home Assistant lets one write several.
fn is_section(key: &str) -> bool {
    key == "automation" || key.starts_with("automation ")
}
