//! The walls of the house: what `docs/architecture.md` promises of the two crates, held against their files.

mod circles;
mod source;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use source::{Module, Source};

/// The host's rooms, from the doors down. A room uses those of its own row and of the rows below it.
const HOST: [&[&str]; 6] = [
    &["cli"],
    &["assemble"],
    &["service"],
    &["plugin"],
    &["runtime", "capabilities"],
    &[
        "automation",
        "configuration",
        "disk",
        "error",
        "home",
        "http",
        "model",
        "notify",
        "options",
        "process",
        "steps",
        "storage",
        "time",
    ],
];

/// The guest's rooms, from the door down.
const GUEST: [&[&str]; 4] = [
    &["component"],
    &["manager", "jobs"],
    &["actions"],
    &[
        "archive",
        "blocks",
        "config",
        "error",
        "home",
        "model",
        "ports",
        "protection",
        "retention",
        "schedule",
        "securetar",
    ],
];

/// No hand-written file is longer, unless its header says why (`Long because`).
const LONGEST: usize = 350;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources(name: &str) -> Source {
    Source::read(&root().join(name).join("src"))
}

#[test]
fn no_files_of_a_crate_use_each_other_in_a_circle() {
    for name in ["guest", "host"] {
        let circles = circles::circles(&sources(name).uses());
        assert!(circles.is_empty(), "circles in {name}/src:\n{}", circles.join("\n\n"));
    }
}

#[test]
fn rooms_use_what_lies_below_them_and_never_what_lies_above() {
    for (name, rows) in [("guest", GUEST.as_slice()), ("host", HOST.as_slice())] {
        let row = |module: &Module| {
            let room = module.first()?;
            let row = rows.iter().position(|row| row.contains(&room.as_str()));
            Some(row.unwrap_or_else(|| panic!("{name}/src/{room} has no place in the rows of {}", file!())))
        };
        for (from, uses) in sources(name).uses() {
            for (to, names) in uses {
                let (Some(above), Some(below)) = (row(&from), row(&to)) else { continue };
                assert!(above <= below, "{name}: {} uses {} for {names:?}", from.join("/"), to.join("/"));
            }
        }
    }
}

/// Each line of the crate's files that holds one of `words`, outside of `allowed`.
fn found(name: &str, words: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (module, file) in sources(name).files {
        let path = module.join("/");
        if allowed.iter().any(|allowed| path == *allowed || path.starts_with(&format!("{allowed}/"))) {
            continue;
        }
        for (index, line) in file.product().lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{}: {}", file.path.display(), index + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn generated_types_stay_at_the_door() {
    let words = ["bindings::", "wit_bindgen", "bindgen!"];
    assert_eq!(found("guest", &words, &["component"]), [""; 0]);
    assert_eq!(found("host", &words, &["runtime", "capabilities"]), [""; 0]);
}

#[test]
fn one_file_reads_the_clock_on_the_wall() {
    let words = ["SystemTime::now", "Utc::now", "Local::now", "clock_gettime"];
    assert_eq!(found("guest", &words, &["component"]), [""; 0]);
    assert_eq!(found("host", &words, &["time/clock"]), [""; 0]);
}

#[test]
fn one_file_stores_documents() {
    // Whoever names the directory of documents could write there.
    assert_eq!(found("host", &["\"documents\""], &["storage/documents", "assemble"]), [""; 0]);
}

/// All hand-written files of the project with this extension.
fn tracked(extension: &str) -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output();
    let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
    let files = listed.lines().map(PathBuf::from).filter(|file| root().join(file).is_file());
    files.filter(|file| file.extension().is_some_and(|own| own == extension)).collect()
}

#[test]
fn files_say_what_they_own_and_stay_short() {
    let mut wrong = Vec::new();
    for file in tracked("rs") {
        let text = fs::read_to_string(root().join(&file)).unwrap();
        let header: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        if header.is_empty() {
            wrong.push(format!("{} has no header", file.display()));
        }
        let lines = text.lines().count();
        if lines > LONGEST && !header.iter().any(|line| line.contains("Long because")) {
            wrong.push(format!("{} has {lines} lines, and its header does not say why", file.display()));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn the_map_has_every_file_of_both_crates_and_no_other() {
    let map = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let mut shown = Vec::new();
    // The map is a tree: a folder's line ends with `/`, and two blanks lead one level down.
    for block in map.split("```text\n").skip(1) {
        let mut folders: Vec<&str> = Vec::new();
        for line in block.split("```").next().unwrap_or_default().lines() {
            let depth = (line.len() - line.trim_start().len()) / 2;
            let Some(name) = line.split_whitespace().next() else { continue };
            folders.truncate(depth);
            match name.ends_with('/') {
                true => folders.push(name),
                false => shown.push(format!("{}{name}", folders.concat())),
            }
        }
    }
    let is_mapped = |path: &str| path.starts_with("guest/src/") || path.starts_with("host/src/");
    let is_test = |path: &str| path.contains("/tests/") || path.ends_with("/tests.rs");
    let files = tracked("rs").into_iter().map(|file| file.to_string_lossy().into_owned());
    let files: Vec<String> = files.filter(|path| is_mapped(path) && !is_test(path)).collect();
    let shown: Vec<String> = shown.into_iter().filter(|path| is_mapped(path)).collect();
    let missing: Vec<&String> = files.iter().filter(|file| !shown.contains(file)).collect();
    let gone: Vec<&String> = shown.iter().filter(|file| !files.contains(file)).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "docs/architecture.md lacks {missing:#?}, and shows {gone:#?}"
    );
}
