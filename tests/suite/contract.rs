//! The contract's own rules: every item has a version and a description, and the world `job` has no async functions.

use std::collections::BTreeMap;
use std::fs;

/// The contract's files by name, without those of other packages.
fn contract() -> BTreeMap<String, String> {
    let directory = larder_tests::tests_directory().parent().unwrap().join("wit");
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "wit"));
    files
        .map(|path| {
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// Whether a line begins something that a version can be given to.
fn is_item(line: &str) -> bool {
    let words = ["interface ", "world ", "type ", "record ", "variant ", "enum ", "flags ", "resource "];
    let is_named = |line: &str| words.iter().any(|word| line.starts_with(word));
    is_named(line)
        || ["import ", "export ", "include "].iter().any(|word| line.starts_with(word))
        || line.contains("func(")
        || line.starts_with("constructor(")
}

/// Whether a line begins a field or a case.
fn is_part(line: &str) -> bool {
    line.ends_with(',') && !line.contains(['{', '}'])
}

#[test]
fn every_item_of_the_contract_has_a_version_and_a_description() {
    let mut count = 0;
    for (name, text) in contract() {
        assert!(text.starts_with("package larder:automation@0.2.0;\n"), "{name}");
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        let code = |at: usize| !lines[at].starts_with("//");
        for at in (0..lines.len()).filter(|at| code(*at)) {
            if is_item(lines[at]) {
                count += 1;
                assert_eq!(lines[at - 1], "@since(version = 0.2.0)", "{name}.wit, before: {}", lines[at]);
                assert!(lines[at - 2].starts_with("///"), "{name}.wit has no description of: {}", lines[at]);
            } else if is_part(lines[at]) {
                assert!(lines[at - 1].starts_with("///"), "{name}.wit has no description of: {}", lines[at]);
            }
        }
        let promises = text.matches("/// Promise: ").count();
        let owners = lines.iter().filter(|line| line.starts_with("interface ") || line.starts_with("world "));
        assert_eq!(promises, owners.count(), "{name}.wit: a promise for each interface and world");
    }
    assert!(count > 100, "{count} items were found");
}

#[test]
fn a_world_for_jobs_needs_no_async_functions() {
    let contract = contract();
    let worlds = &contract["world"];
    let world = worlds.split("\nworld job {").nth(1).unwrap().split("\n}").next().unwrap();
    let named: Vec<_> = world
        .lines()
        .filter_map(|line| {
            line.trim().strip_prefix("import ").or_else(|| line.trim().strip_prefix("export "))
        })
        .map(|name| name.trim_end_matches(';'))
        .collect();
    assert!(named.contains(&"task") && named.contains(&"progress") && named.contains(&"files"), "{named:?}");
    for name in named {
        let code = contract[name].lines().map(str::trim).filter(|line| !line.starts_with("//"));
        for line in code {
            assert!(!line.contains("async "), "{name}.wit, which world job uses: {line}");
            // The interfaces whose types it uses must be imported, too.
            if let Some((other, _)) = line.strip_prefix("use ").and_then(|rest| rest.split_once('.')) {
                assert!(world.contains(&format!("import {other};")), "{name}.wit uses {other}");
            }
        }
    }
    assert!(contract["jobs"].contains("async func"), "the reason why `progress` is apart from `jobs`");
}

#[test]
fn what_built_components_import_of_wasi_is_declared() {
    let worlds = &contract()["world"];
    let declared: Vec<_> =
        worlds.lines().filter_map(|line| line.trim().strip_prefix("import wasi:")).collect();
    let shown = larder_tests::TestHome::new().larder(&["--json", "plugin"]).exits(0).json();
    for import in shown["imports"].as_array().unwrap() {
        let Some(import) = import.as_str().unwrap().strip_prefix("wasi:") else { continue };
        let interface = import.split('@').next();
        let is_declared = declared.iter().any(|name| name.split('@').next() == interface);
        assert!(is_declared, "wasi:{import} is not in wit/world.wit");
    }
}
