//! Automations from files: a list, a single one, or under `automation:`, with `!include`, `!secret` and `!env_var` filled in.
//!
//! Reads through `Source`, so that tests need no disk. What is wrong with one automation is told and leaves the others;
//! a file that is no YAML gives none. Knows nothing of what an automation means.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::model::Automation;
use super::parse;
use super::yaml::{self, Kind, Node, Parsed, Place, Problem};
use crate::options::automations::{MAX_FILE, MAX_INCLUDES, MAX_NODES};

/// Where files and environment variables come from.
pub trait Source {
    /// A file's text; the error is a reason in a few words ("no such file").
    fn read(&self, path: &Path) -> Result<String, String>;
    /// An environment variable.
    fn variable(&self, name: &str) -> Option<String>;
}

/// The machine's own files and environment.
pub struct Disk;

impl Source for Disk {
    fn read(&self, path: &Path) -> Result<String, String> {
        use std::io::Read;
        let file = std::fs::File::open(path).map_err(|error| crate::error::reason(&error))?;
        let mut text = String::new();
        let most = u64::try_from(MAX_FILE).unwrap_or(u64::MAX).saturating_add(1);
        file.take(most).read_to_string(&mut text).map_err(|error| crate::error::reason(&error))?;
        Ok(text)
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct Loaded {
    pub automations: Vec<Automation>,
    /// What is wrong, in the order of the file. An automation with a problem is not among the automations.
    pub problems: Vec<Problem>,
    /// Every file that was read, to watch for changes.
    pub files: Vec<PathBuf>,
    /// The values of secrets that were filled in: not to be shown in a trace.
    pub secrets: Vec<String>,
}

/// Loads `path`; secrets are looked for beside the file that names them, then upwards as far as `config`.
pub fn load(source: &dyn Source, config: &Path, path: &Path) -> Loaded {
    let mut reader = Reader { source, config, files: Vec::new(), secrets: Vec::new(), nodes: 0 };
    let root = reader.file(path, None, 0);
    let Reader { files, secrets, .. } = reader;
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

struct Reader<'a> {
    source: &'a dyn Source,
    config: &'a Path,
    files: Vec<PathBuf>,
    secrets: Vec<String>,
    nodes: usize,
}

impl Reader<'_> {
    /// One file with everything filled in. `from` is where it is included.
    fn file(&mut self, path: &Path, from: Option<&Place>, depth: usize) -> Parsed<Node> {
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
            let text = format!("{} has more than {} MiB; split it", path.display(), MAX_FILE >> 20);
            return Err(place.problem(text));
        }
        if !self.files.iter().any(|known| known == path) {
            self.files.push(path.to_owned());
        }
        let mut node = yaml::parse(&shown, &text)?;
        self.nodes = self.nodes.saturating_add(node.size());
        if self.nodes > MAX_NODES {
            return Err(place.problem(format!("more than {MAX_NODES} values in all files; include less")));
        }
        self.fill(&mut node, path, depth)?;
        Ok(node)
    }

    fn fill(&mut self, node: &mut Node, path: &Path, depth: usize) -> Parsed<()> {
        if let Some(tag) = node.tag.take() {
            let Kind::Text(argument) = &node.kind else {
                return Err(node.place.problem(format!("`{tag}` takes a word after it; write one")));
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
            "!include" if depth >= MAX_INCLUDES => {
                let text =
                    format!("files include each other more than {MAX_INCLUDES} deep; break the circle");
                Err(place.problem(text))
            }
            "!include" => self.file(&tidy(&here.join(argument)), Some(place), depth.saturating_add(1)),
            "!secret" => self.secret(argument, place, here),
            "!env_var" => {
                let (name, default) = match argument.split_once(char::is_whitespace) {
                    Some((name, default)) => (name, Some(default.trim().to_owned())),
                    None => (argument, None),
                };
                let value = self.source.variable(name).or(default).ok_or_else(|| {
                    place.problem(format!(
                        "the environment has no `{name}`; set it, or write a default after the name"
                    ))
                })?;
                Ok(Node { place: place.clone(), tag: None, kind: Kind::Text(value) })
            }
            "!input" => {
                Err(place.problem("blueprints are not supported; write the value in place of `!input`"))
            }
            _ => Err(place.problem(format!(
                "`{tag}` is not supported; `!include FILE`, `!secret NAME` and `!env_var NAME` are"
            ))),
        }
    }

    fn secret(&mut self, name: &str, place: &Place, here: &Path) -> Parsed<Node> {
        let mut looked = Vec::new();
        for directory in here.ancestors() {
            let path = directory.join("secrets.yaml");
            looked.push(path.display().to_string());
            if let Ok(text) = self.source.read(&path) {
                let shown: Arc<str> =
                    path.strip_prefix(self.config).unwrap_or(&path).display().to_string().into();
                let file = yaml::parse(&shown, &text)?;
                if !self.files.contains(&path) {
                    self.files.push(path);
                }
                if let Kind::Map(entries) = file.kind
                    && let Some((_, value)) = entries.into_iter().find(|(key, _)| key.name == name)
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

/// Without `.` and with `..` taken back where that needs no look at the disk.
fn tidy(path: &Path) -> PathBuf {
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
