//! Loads automations from a file: a list, a single automation, or a section `automation:`.
//!
//! A problem in one automation is reported and leaves the others intact; a file that is not valid YAML yields none.
//! Does not know what an automation means: `parse` does.

use std::path::{Path, PathBuf};

use super::custom::custom_templates;
use super::reader::Reader;
use super::source::Source;
use crate::automation::model::Automation;
use crate::automation::parse;
use crate::automation::templates::CustomTemplates;
use crate::automation::yaml::{Kind, Node, Parsed, Problem};

/// The contents of a file of automations.
#[derive(Debug, Default)]
pub struct Loaded {
    pub automations: Vec<Automation>,
    /// Errors, in the order of the file. An automation with an error is not in `automations`.
    pub problems: Vec<Problem>,
    /// Warnings. They exclude no automation.
    pub warnings: Vec<Problem>,
    /// Every file that was read and every directory that was listed, so that changes can be watched.
    pub files: Vec<PathBuf>,
    /// The files that templates may import.
    pub custom_templates: CustomTemplates,
    /// The values of `!secret` tags. They must not appear in traces or logs.
    pub secrets: Vec<String>,
}

/// Loads `path`. Secrets are looked up next to the file that names them, then in parent directories up to `config`.
pub fn load(source: &dyn Source, config: &Path, path: &Path) -> Loaded {
    let mut reader = Reader::new(source, config);
    let root = reader.file(path, None, 0);
    let Reader { mut files, secrets, warnings, .. } = reader;
    let custom_templates = custom_templates(source, config, &mut files);
    let mut loaded = Loaded { files, custom_templates, secrets, warnings, ..Loaded::default() };
    match root {
        Err(problem) => loaded.problems.push(problem),
        Ok(root) => {
            for node in automations(root, &mut loaded.problems) {
                let imports = parse::check_imports(&node, &loaded.custom_templates);
                match parse::automation(&node).and_then(|automation| imports.map(|()| automation)) {
                    Ok(automation) => loaded.automations.push(automation),
                    Err(problem) => loaded.problems.push(problem),
                }
            }
        }
    }
    check_ids(&mut loaded);
    loaded
}

/// Replaces `!secret` and `!env_var` in a tree that the caller read from `path`. Returns the files that were read and
/// the values of the secrets.
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

/// Reports duplicate IDs; the first automation keeps its ID.
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

/// The nodes of the automations, for every layout that a file may have.
fn automations(root: Node, problems: &mut Vec<Problem>) -> Vec<Node> {
    match root.kind {
        Kind::Null => Vec::new(),
        Kind::List(items) => items,
        Kind::Map(entries) if entries.is_empty() => Vec::new(),
        Kind::Map(entries) if entries.iter().any(|(key, _)| is_section(&key.name)) => {
            let mut found = Vec::new();
            for (key, node) in entries {
                if is_section(&key.name) {
                    found.extend(match node.kind {
                        Kind::List(items) => items,
                        Kind::Null => Vec::new(),
                        Kind::Map(entries) if entries.is_empty() => Vec::new(),
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

/// `automation:`, or a labeled section such as `automation manual:`, of which Home Assistant allows several.
fn is_section(key: &str) -> bool {
    key == "automation" || key.starts_with("automation ")
}
