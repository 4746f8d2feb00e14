//! Parsing: typed automations from valid text, and the messages for invalid text.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Given, load};
use crate::automation::files;

/// Invalid texts, and their messages.
const WRONG: &[(&str, &str)] = &[
    ("a: [", "2:1: not valid YAML: "),
    (
        "- triggers: []\n  actions: []\n  colour: red",
        "3:3: unknown key `colour` in an automation; remove it or use one of actions, alias, conditions, description",
    ),
    ("- actions: []", "1:3: an automation needs `triggers` (what starts it); add it"),
    ("- triggers: []\n  trigger: []\n  actions: []", "2:3: `trigger` and `triggers` mean the same; keep one"),
    (
        "- mode: twice\n  triggers: []\n  actions: []",
        "1:9: `mode` cannot be `twice`; use one of single, restart, queued, parallel",
    ),
    ("just text", "1:1: expected a list of automations or a single one, found text"),
    ("- use_blueprint: {path: x}", "1:3: blueprints are not supported; write the automation in full"),
    (
        "- triggers: {trigger: sun}\n  actions: []",
        "1:23: the trigger `sun` is not supported here; supported are ",
    ),
    ("- triggers: {trigger: state, entity_id: a}\n  actions: []", "1:41: `a` is not an entity ID"),
    (
        "- triggers: {trigger: state, entity_id: a.b, to: on}\n  actions: []",
        "1:50: YAML reads the value of `to` as true or false; put it in quotes",
    ),
    (
        "- triggers: {trigger: time, at: 12:30:00}\n  actions: []",
        "1:33: `at`: expected a time in quotes such as \"07:30:00\", found a number",
    ),
    (
        "- triggers: {trigger: time, at: '25:00'}\n  actions: []",
        "1:33: `25:00` is neither a time nor an entity",
    ),
    (
        "- triggers: {trigger: time, at: '05:00', weekday: monday}\n  actions: []",
        "1:51: `monday` is not a weekday",
    ),
    (
        "- triggers: {trigger: time_pattern, minutes: 60}\n  actions: []",
        "1:46: `minutes` must be a number below 60",
    ),
    (
        "- triggers: {trigger: numeric_state, entity_id: a.b}\n  actions: []",
        "1:13: `above` and `below` are missing; add one or both",
    ),
    (
        "- triggers: {trigger: template, value_template: '{{ 1 + }}'}\n  actions: []",
        "1:49: template error in line 1: unexpected `}}`",
    ),
    (
        "- triggers: {trigger: state, entity_id: a.b, for: soon}\n  actions: []",
        "1:51: `for` is not a time span; use",
    ),
    (
        "- triggers: []\n  conditions: {condition: sun}\n  actions: []",
        "2:27: the condition `sun` is not supported here; supported are ",
    ),
    (
        "- triggers: []\n  conditions: true\n  actions: []",
        "2:15: expected a condition as `key: value`, found true or false",
    ),
    ("- triggers: []\n  actions:\n  - conditions: []", "3:5: unsupported action"),
    (
        "- triggers: []\n  actions:\n  - action: Backup",
        "3:13: `Backup` is not an action name; use one like `backup.create`",
    ),
    (
        "- triggers: []\n  actions:\n  - action: a.b\n    date: {}",
        "4:5: unknown key `date` in an action call",
    ),
    ("- triggers: []\n  actions:\n  - delay: soon", "3:12: `delay` is not a time span"),
    (
        "- triggers: []\n  actions:\n  - repeat: {sequence: []}",
        "3:13: a repeat needs exactly one of count, while, until and for_each",
    ),
    ("- triggers: []\n  actions: !input x", "2:12: blueprints are not supported"),
    ("- triggers: []\n  actions: !include none.yaml", "2:12: cannot read /config/none.yaml: no such file"),
    ("- triggers: []\n  actions: !secret none", "2:12: no secret `none` in /config/secrets.yaml; add a line"),
    ("- triggers: []\n  actions: !env_var NONE", "2:12: the environment variable `NONE` is not set; set it"),
    ("a: &a [*a]", "this alias refers to a value that contains it"),
    (
        "automation: []\nlight: []",
        "2:1: unexpected key `light` next to `automation`; keep only automations in this file",
    ),
];

#[test]
fn errors_have_a_place_and_advice() {
    let told = |text: &str| load(text).problems.iter().map(ToString::to_string).collect::<Vec<_>>();
    let is_told = |text: &str, expected: &str| match &told(text)[..] {
        [problem] => problem.starts_with("automations.yaml:") && problem.contains(expected),
        _ => false,
    };
    let missed: Vec<_> = WRONG.iter().filter(|(text, expected)| !is_told(text, expected)).collect();
    let missed: Vec<_> = missed.iter().map(|(text, expected)| (text, expected, told(text))).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn old_spellings_mean_the_same_as_new_ones() {
    let new = load(
        "triggers:\n- trigger: time\n  at: '03:00'\nconditions: []\nactions:\n- action: a.b\n  target: {entity_id: c.d}",
    );
    let old = load(
        "automation:\n- trigger:\n    platform: time\n    at: '03:00'\n  condition: []\n  action:\n    service: a.b\n    target: {entity_id: c.d}",
    );
    let json = |loaded: files::Loaded| serde_json::to_value(&loaded.automations).unwrap();
    assert_eq!((new.problems.len(), old.problems.len()), (0, 0));
    let new = json(new);
    assert_eq!(new, json(old));
    assert_eq!(
        new[0]["triggers"][0]["kind"],
        json!({"time": {"at": [{"time": "03:00:00"}], "weekdays": []}})
    );
}

#[test]
fn an_invalid_automation_leaves_the_others() {
    let loaded =
        load("- {id: a, triggers: [], actions: []}\n- {id: b}\n- {id: a, triggers: [], actions: []}");
    assert_eq!((loaded.automations.len(), loaded.problems.len()), (1, 2));
}

#[test]
fn includes_secrets_and_variables_are_resolved() {
    let files = [
        ("/config/automations.yaml", "- !include parts/one.yaml\n"),
        (
            "/config/parts/one.yaml",
            "alias: !env_var NAME nobody\ntriggers: []\nactions:\n- action: !secret where\n  data: {n: !env_var N 5}\n",
        ),
        ("/config/secrets.yaml", "where: notify.me\n"),
    ];
    let files = files.map(|(path, text)| (PathBuf::from(path), text.to_owned()));
    let given = Given { files: BTreeMap::from(files), variables: BTreeMap::from([("N".into(), "7".into())]) };
    let loaded = files::load(&given, Path::new("/config"), Path::new("/config/automations.yaml"));
    assert_eq!(loaded.problems, []);
    let json = serde_json::to_value(&loaded.automations).unwrap();
    assert_eq!(json[0]["alias"], "nobody");
    assert_eq!(json[0]["actions"][0]["kind"]["call"]["action"], "notify.me");
    assert_eq!(json[0]["actions"][0]["kind"]["call"]["data"], json!({"n": "7"}));
    assert_eq!(loaded.secrets, ["notify.me"]);
    assert_eq!(loaded.files.len(), 3);
}

#[test]
fn an_empty_file_that_is_included_is_an_empty_mapping() {
    let files = [
        ("/config/automations.yaml", "automation: !include none.yaml\nautomation two: !include two.yaml\n"),
        ("/config/none.yaml", "# Nothing yet.\n"),
        ("/config/two.yaml", "{triggers: [], actions: [], variables: !include none.yaml}"),
    ];
    let files = files.map(|(path, text)| (PathBuf::from(path), text.to_owned()));
    let given = Given { files: BTreeMap::from(files), ..Given::default() };
    let loaded = files::load(&given, Path::new("/config"), Path::new("/config/automations.yaml"));
    assert_eq!((loaded.problems, loaded.automations.len()), (vec![], 1));
}

#[test]
fn files_that_include_each_other_and_aliases_that_explode_are_refused() {
    let path = PathBuf::from("/config/automations.yaml");
    let files = BTreeMap::from([(path.clone(), "!include automations.yaml".to_owned())]);
    let given = Given { files, ..Given::default() };
    let loaded = files::load(&given, Path::new("/config"), &path);
    assert!(loaded.problems[0].text.contains("nested more than 8 levels deep"), "{:?}", loaded.problems);
    let mut bomb = "a: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let before = format!("*a{}, ", level - 1).repeat(9);
        bomb += &format!("b{level}: &a{level} [{before}]\n");
    }
    assert!(load(&bomb).problems[0].text.contains("more than 500000 values"));
    assert!(load(&"- ".repeat(200)).problems[0].text.contains("more than 128 levels"));
    assert_eq!(load(&"[".repeat(100_000)).problems.len(), 1);
}

#[test]
fn the_parsed_form_shows_mappings_as_mappings() {
    let loaded = load(
        "triggers: {trigger: state, entity_id: a.b, for: {minutes: '{{ 1 }}'}}\nactions: [{action: a.b, data: {x: '{{ 2 }}'}}]",
    );
    let json = serde_json::to_value(&loaded.automations).unwrap();
    assert_eq!(json[0]["triggers"][0]["kind"]["state"]["hold"], json!({"minutes": {"template": "{{ 1 }}"}}));
    assert_eq!(json[0]["actions"][0]["kind"]["call"]["data"], json!({"x": {"template": "{{ 2 }}"}}));
}
