//! Reads the `use` lines and paths of a crate: which file uses what from which other file.
//!
//! A small reader, not a compiler: it knows modules, use trees, `crate`, `self`, `super` and re-exports of this project's style. A name
//! that a `mod.rs` re-exports counts as a use of the file that defines it. Test modules are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// A module's path below its crate: `["jobs", "create", "plan"]`; the root's is empty.
pub type Module = Vec<String>;

/// The files of one crate.
pub struct Source {
    pub files: BTreeMap<Module, SourceFile>,
}

pub struct SourceFile {
    pub path: PathBuf,
    text: String,
    /// Without comments, strings and test modules.
    code: String,
    uses: Vec<Use>,
}

struct Use {
    path: Vec<String>,
    name: String,
    is_public: bool,
}

/// The uses between files: `uses[from][to]` are the names.
pub type Uses = BTreeMap<Module, BTreeMap<Module, BTreeSet<String>>>;

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap()
}

static COMMENT: LazyLock<Regex> = LazyLock::new(|| regex(r"//[^\n]*"));
static TEXT: LazyLock<Regex> = LazyLock::new(|| regex(r#"(?s)"(?:\\.|[^"\\])*""#));
static TEST_ITEM: LazyLock<Regex> =
    LazyLock::new(|| regex(r"#\[cfg\(test\)\]\s*(?:pub(?:\([^)]*\))?\s+)?(?:mod \w+;|use [^;]+;)"));
static USE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?m)^[ \t]*(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);"));
static PATH: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:^|[^\w:])([a-z_][a-z_0-9]*(?:::\w+)+)"));

impl Source {
    /// Reads all files below `root`, a crate's `src`.
    pub fn read(root: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut directories = vec![root.to_owned()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                } else if let Some(module) = module(path.strip_prefix(root).unwrap()) {
                    files.insert(module, SourceFile::read(path));
                }
            }
        }
        Self { files }
    }

    pub fn uses(&self) -> Uses {
        let mut uses = Uses::new();
        for (module, file) in &self.files {
            let mut add = |to: Module, name: String| {
                if to != *module && !name.is_empty() {
                    uses.entry(module.clone()).or_default().entry(to).or_default().insert(name);
                }
            };
            for used in &file.uses {
                let Some((to, name)) = self.resolve(module, &used.path, 0) else { continue };
                let is_facade = used.is_public && to.starts_with(module);
                if !is_facade {
                    add(to, name);
                }
            }
            for path in self.paths(module, file) {
                if let Some((to, name)) = self.resolve(module, &path, 0) {
                    add(to, name);
                }
            }
        }
        uses
    }

    /// Paths in code, such as `super::plan::Plan` or `plan::Plan` where `plan` was imported.
    fn paths(&self, module: &Module, file: &SourceFile) -> Vec<Vec<String>> {
        let code = USE.replace_all(&file.code, "");
        let imported = |name: &str| file.uses.iter().find(|used| used.name == name).map(|used| &used.path);
        let mut paths = Vec::new();
        for found in PATH.captures_iter(&code) {
            let mut path: Vec<String> = found[1].split("::").map(str::to_owned).collect();
            if let Some(start) = imported(&path[0]) {
                path.splice(..1, start.iter().cloned());
            }
            if self.absolute(module, &path).is_some() {
                paths.push(path);
            }
        }
        paths
    }

    /// The file that defines what a path names, and the rest of the path there.
    fn resolve(&self, module: &Module, path: &[String], depth: usize) -> Option<(Module, String)> {
        let (mut at, mut rest) = self.absolute(module, path)?;
        while let Some(next) = rest.first() {
            let below = [at.as_slice(), std::slice::from_ref(next)].concat();
            if !self.files.contains_key(&below) {
                break;
            }
            at = below;
            rest.remove(0);
        }
        let Some(name) = rest.first() else { return Some((at, String::new())) };
        let again = self.files.get(&at)?.uses.iter().find(|used| used.is_public && used.name == *name);
        if let (Some(used), true) = (again, depth < 8) {
            let path = [used.path.as_slice(), rest.get(1..).unwrap_or_default()].concat();
            return self.resolve(&at, &path, depth + 1);
        }
        Some((at, rest.join("::")))
    }

    /// Where a path begins; `None` when that is not in this crate.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<(Module, Vec<String>)> {
        let first = path.first()?;
        match first.as_str() {
            "crate" => Some((Module::new(), path[1..].to_vec())),
            "self" => Some((module.clone(), path[1..].to_vec())),
            "super" => {
                let up = path.iter().take_while(|part| *part == "super").count();
                let base = module.get(..module.len().checked_sub(up)?)?;
                Some((base.to_vec(), path[up..].to_vec()))
            }
            _ => {
                let below = [module.as_slice(), std::slice::from_ref(first)].concat();
                let is_exported = || {
                    self.files.get(module).is_some_and(|file| {
                        file.uses.iter().any(|used| used.is_public && used.name == *first)
                    })
                };
                (self.files.contains_key(&below) || is_exported()).then(|| (module.clone(), path.to_vec()))
            }
        }
    }
}

impl SourceFile {
    /// Its text without what tests it, as lines of the file.
    pub fn product(&self) -> &str {
        self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
    }

    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap();
        let code = COMMENT.replace_all(&text, "");
        let code = TEXT.replace_all(&code, "\"\"");
        let code = TEST_ITEM.replace_all(&code, "");
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
        let uses = USE.captures_iter(&code).flat_map(|found: Captures| {
            let is_public = found.get(1).is_some();
            let tree = found[2].split_whitespace().collect::<Vec<_>>().join(" ");
            expand(&tree).into_iter().map(move |leaf| Use::new(&leaf, is_public))
        });
        let uses = uses.collect();
        Self { path, text, code, uses }
    }
}

impl Use {
    fn new(leaf: &str, is_public: bool) -> Self {
        let (path, alias) = leaf.split_once(" as ").map_or((leaf, None), |(path, alias)| (path, Some(alias)));
        let mut path: Vec<String> = path.split("::").map(|part| part.trim().to_owned()).collect();
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let name = alias.map(str::to_owned).or_else(|| path.last().cloned()).unwrap_or_default();
        Self { path, name, is_public }
    }
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`.
fn expand(tree: &str) -> Vec<String> {
    let (Some(open), Some(close)) = (tree.find('{'), tree.rfind('}')) else {
        return vec![tree.trim().to_owned()];
    };
    let (start, inner) = (tree[..open].trim(), &tree[open + 1..close]);
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for letter in inner.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(letter);
    }
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts
        .flat_map(|part| expand(part).into_iter().map(|leaf| format!("{start}{leaf}")).collect::<Vec<_>>())
        .collect()
}

/// The module of a file; `None` for tests and programs.
fn module(path: &Path) -> Option<Module> {
    let mut module: Module =
        path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let is_rust = path.extension().is_some_and(|extension| extension == "rs");
    let is_left_out = module.iter().any(|part| ["tests", "testing", "main"].contains(&part.as_str()));
    if !is_rust || is_left_out {
        return None;
    }
    if module.last().is_some_and(|last| last == "mod") || module == ["lib"] {
        module.pop();
    }
    Some(module)
}
