//! Special files, and files that change during a backup: each is named with a reason, and no other file is affected.

mod changing;
mod links;
mod reading;
mod refusals;
mod special;
mod unreadable;
mod versions;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use larder_tests::{Run, TestHome, describe, names_in};

type Tree = BTreeMap<PathBuf, String>;

/// The home as a backup sees it.
fn tree(home: &TestHome) -> Tree {
    describe(&home.config(), &["backups"])
}

/// The tree of the last backup after a restore. All archives must be valid, and no other file be left.
#[track_caller]
fn comes_back(home: &TestHome) -> Tree {
    describe(&restored(home), &["backups"])
}

#[track_caller]
fn restored(home: &TestHome) -> PathBuf {
    assert_eq!(names_in(&home.backups()).len(), home.archives().len(), "only whole backups are left");
    for archive in home.archives() {
        home.larder(&["verify", archive.to_str().unwrap()]).exits(0);
    }
    home.restore_latest()
}

/// Skipped paths and reasons in a run's output.
#[track_caller]
fn skipped(run: &Run) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let skipped = run.json()["skipped"].as_array().unwrap().clone();
    skipped.iter().map(|item| (text(&item["path"]), text(&item["reason"]))).collect()
}

/// Compares two trees and prints only the lines that differ.
#[track_caller]
fn must_equal(found: &Tree, wanted: &Tree) {
    let missing = |from: &Tree, other: &Tree| -> Vec<String> {
        let lines = from.iter().filter(|(path, line)| other.get(*path) != Some(*line));
        lines.map(|(path, line)| format!("{}: {line}", path.display())).collect()
    };
    assert!(
        found == wanted,
        "not as expected: {:#?}\nbut: {:#?}",
        missing(wanted, found),
        missing(found, wanted)
    );
}

fn content(root: &Path, path: &str) -> Option<String> {
    fs::read_to_string(root.join(path)).ok()
}
