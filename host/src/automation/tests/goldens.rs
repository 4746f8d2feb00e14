//! Goldens of the real Home Assistant: the recorded automations and runs must be answered alike here.
//!
//! `tests/fixtures/home-assistant/record.py` records them. An accepted difference stands in `differences.yaml` there,
//! with its reason; one that no longer differs is an error too.

mod automations;
mod player;
mod runs;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use crate::automation::yaml;

/// A case that is answered differently.
pub struct Difference {
    /// Its subject and what it is about.
    pub case: String,
    pub home_assistant: String,
    pub larder: String,
}

/// The directory of the goldens.
fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/home-assistant")
}

/// The cases of a kind with their subjects, in order.
pub fn cases(kind: &str) -> Vec<(String, Value)> {
    let mut files: Vec<_> =
        fs::read_dir(directory().join(kind)).unwrap().map(|it| it.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|it| it == "json"));
    files.sort();
    let read = |file: PathBuf| -> Vec<(String, Value)> {
        let subject = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let cases: Vec<Value> = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        cases.into_iter().map(|case| (subject.clone(), case)).collect()
    };
    files.into_iter().flat_map(read).collect()
}

/// The accepted differences of a kind: the case and its reason.
fn accepted(kind: &str) -> BTreeMap<String, String> {
    let path = directory().join("differences.yaml");
    let text = fs::read_to_string(path).unwrap();
    let listed = yaml::parse(&Arc::from("differences.yaml"), &text).unwrap().root.to_json();
    let entries = listed[kind].as_array().cloned().unwrap_or_default();
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().trim().to_owned();
    entries.iter().map(|entry| (text(entry, "case"), text(entry, "reason"))).collect()
}

/// Fails if a difference is not accepted, or if an accepted one does not differ.
pub fn judge(kind: &str, total: usize, differences: &[Difference]) {
    let accepted = accepted(kind);
    let found: BTreeSet<&str> = differences.iter().map(|it| it.case.as_str()).collect();
    let gone: Vec<&String> = accepted.keys().filter(|case| !found.contains(case.as_str())).collect();
    let new: Vec<&Difference> = differences.iter().filter(|it| !accepted.contains_key(&it.case)).collect();
    let mut report = format!(
        "{kind}: {} of {total} cases agree, {} differ as accepted, {} differ\n",
        total - differences.len(),
        differences.len() - new.len(),
        new.len()
    );
    let mut subjects: BTreeMap<&str, usize> = BTreeMap::new();
    for difference in &new {
        *subjects.entry(difference.case.split(": ").next().unwrap()).or_default() += 1;
    }
    for (subject, count) in subjects {
        report += &format!("  {count:4} {subject}\n");
    }
    for Difference { case, home_assistant, larder } in &new {
        report += &format!("\n{case}\n  Home Assistant: {home_assistant}\n  Larder:         {larder}\n");
    }
    for case in &gone {
        report += &format!("\n{case}\n  agrees now: remove it from differences.yaml\n");
    }
    assert!(new.is_empty() && gone.is_empty(), "{report}");
    println!("{report}");
}
