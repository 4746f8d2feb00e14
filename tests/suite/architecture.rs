//! The architecture: the rules of `docs/architecture.md` for the two crates, checked against their files.

mod circles;
mod map;
mod source;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use source::{Module, Source};

/// The host's rooms, from the entry points down. A room uses those of its own row and of the rows below it.
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
        "http_client",
        "model",
        "notify",
        "tunables",
        "process",
        "steps",
        "storage",
        "time",
    ],
];

/// The guest's rooms, from the entry point down.
const GUEST: [&[&str]; 4] = [
    &["component"],
    &["manager"],
    &["jobs"],
    &[
        "actions",
        "archive",
        "blocks",
        "error",
        "home",
        "layout",
        "model",
        "ports",
        "progress",
        "stored_archive",
        "protection",
        "retention",
        "schedule",
        "securetar",
        "settings",
    ],
];

/// The rooms of the template engine, from the entry points down.
const TEMPLATES: [&[&str]; 6] = [
    &["engine", "imports"],
    &["check", "eval", "listing", "names"],
    &["methods"],
    &["library"],
    &["operators"],
    &[
        "call",
        "context",
        "error",
        "format",
        "json",
        "limits",
        "native",
        "suggestion",
        "syntax",
        "times",
        "value",
    ],
];

/// The rooms of the locations on other machines, from the entry point down.
const REMOTE: [&[&str]; 4] = [
    &["engine"],
    &["s3", "sftp", "webdav"],
    &["exactly", "http", "interrupt", "ranges", "xml"],
    &["error", "hex", "limits", "ports", "protocol", "settings", "stop"],
];

/// No hand-written file is longer, unless its header says why (`Long because`).
const LONGEST: usize = 350;

/// How the map begins in `docs/architecture.md`.
const MAP: &str = "## The map\n\n```text\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources(name: &str) -> Source {
    Source::read(&root().join(name).join("src"))
}

#[test]
fn no_files_of_a_crate_use_each_other_in_a_circle() {
    for name in ["guest", "host", "host/templates", "host/remote"] {
        let circles = circles::circles(&sources(name).uses());
        assert!(circles.is_empty(), "circles in {name}/src:\n{}", circles.join("\n\n"));
    }
}

#[test]
fn rooms_use_what_lies_below_them_and_never_what_lies_above() {
    let crates = [
        ("guest", GUEST.as_slice()),
        ("host", HOST.as_slice()),
        ("host/templates", TEMPLATES.as_slice()),
        ("host/remote", REMOTE.as_slice()),
    ];
    for (name, rows) in crates {
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

/// Each line of the crate's files that contains one of `words`, except in `allowed`.
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
    assert_eq!(found("host/templates", &words, &[]), [""; 0]);
    assert_eq!(found("host/remote", &words, &[]), [""; 0]);
}

#[test]
fn one_file_stores_documents() {
    // Small files are replaced as a whole by one function; apart from documents, only these use it.
    let others = ["disk/atomic", "storage/cache", "runtime/cache", "cli/ring_file"];
    let allowed = [["storage/documents"].as_slice(), &others].concat();
    assert_eq!(found("host", &["atomic::draft", "atomic::replace", "atomic::Draft"], &allowed), [""; 0]);
}

/// All files of the project, by their paths below its root, without what builds leave.
fn files() -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            let is_left_out = [".git", "target"].iter().any(|name| entry.file_name() == *name);
            match entry.file_type().unwrap().is_dir() {
                true if is_left_out => {}
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    files
}

#[test]
fn files_say_what_they_own_and_stay_short() {
    let mut wrong = Vec::new();
    for file in files().into_iter().filter(|file| file.extension().is_some_and(|own| own == "rs")) {
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

/// The names of files and folders in a page's sentences: what stands in backquotes, ends with `.rs` or `/`, and has no other signs.
fn named_in(page: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let prose = text.split("```").step_by(2).collect::<Vec<_>>().concat();
    let is_path =
        |name: &&str| name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_/.-".contains(letter));
    let names = prose.split('`').skip(1).step_by(2).filter(is_path);
    names.filter(|name| name.ends_with(".rs") || name.ends_with('/')).map(str::to_owned).collect()
}

#[test]
fn every_file_that_a_page_names_exists() {
    let files = files();
    let paths: Vec<&Path> = files.iter().flat_map(|file| file.ancestors()).collect();
    for page in ["docs/architecture.md", "docs/contributing.md", "docs/testing.md", "docs/decisions.md"] {
        for name in named_in(page) {
            let exists = root().join(&name).exists()
                || paths.iter().any(|path| path.ends_with(name.trim_end_matches('/')));
            assert!(exists, "{page} names {name}, which does not exist");
        }
    }
}

#[test]
fn the_map_shows_every_file_of_the_crates_with_its_header() {
    let page = root().join("docs/architecture.md");
    let text = fs::read_to_string(&page).unwrap();
    let trees = ["guest/src", "host/src", "host/templates/src", "host/remote/src"]
        .map(|folder| format!("{folder}/\n{}", map::tree(&root(), folder, 1)));
    let map = format!("{MAP}{}```\n", trees.concat());
    let (before, rest) = text.split_once(MAP).unwrap();
    let (_, after) = rest.split_once("```\n").unwrap();
    let right = format!("{before}{map}{after}");
    if env::var_os("LARDER_BLESS").is_some() {
        fs::write(page, right).unwrap();
    } else {
        assert!(
            text == right,
            "the map is not that of the sources; LARDER_BLESS=1 writes it. It should be:\n{map}"
        );
    }
}
