//! The map in `docs/architecture.md`: a tree of both crates, one file per line, each with the first sentence of its header.

use std::fs;
use std::path::Path;

/// Where descriptions begin, and how long they may be.
const COLUMN: usize = 30;
const LONGEST: usize = 118;

/// The tree of a folder and all below it, without tests.
pub fn tree(root: &Path, folder: &str, depth: usize) -> String {
    let mut entries: Vec<_> =
        fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    // The file that represents the folder, then files, then folders.
    entries.sort_by_key(|path| {
        let name = path.file_name().unwrap().to_owned();
        (path.is_dir(), !["lib.rs", "mod.rs"].iter().any(|first| name == *first), name)
    });
    let indent = "  ".repeat(depth);
    let mut lines = String::new();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["tests", "fixtures"].contains(&name.as_str()) {
                lines += &format!("{indent}{name}/\n{}", tree(root, &format!("{folder}/{name}"), depth + 1));
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let file = format!("{indent}{name}");
            lines += &format!("{file:COLUMN$}{}\n", description(&fs::read_to_string(&path).unwrap(), &name));
        }
    }
    lines
}

/// The first sentence of a header. It has to fit.
fn description(text: &str, name: &str) -> String {
    let header = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    let paragraph: Vec<&str> = header.take_while(|line| !line.is_empty()).collect();
    let paragraph = paragraph.join(" ");
    let sentence = paragraph.split(". ").next().unwrap_or_default().trim_end_matches('.');
    assert!(
        sentence.chars().count() <= LONGEST,
        "the first sentence of {name} is longer than {LONGEST}: {sentence}"
    );
    sentence.to_owned()
}
