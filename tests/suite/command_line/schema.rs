//! The output of `--json` follows the schema in `docs/json-schema.json`, including errors and wrong usage.

use std::fs;

use larder_tests::{TestHome, counterpart};
use serde_json::{Value, json};

/// Prints a document and says which definition of the schema it must follow.
fn document(home: &TestHome, definition: &str, status: i32, words: &[&str]) -> Value {
    let run = home.larder(&[&["--json"], words].concat()).exits(status);
    let json = run.json();
    if json.is_object() {
        assert_eq!(json["json_version"], 1, "{words:?}");
    }
    json!({"definition": definition, "command": words, "document": json})
}

#[test]
fn every_document_follows_the_schema() {
    let home = TestHome::example();
    let to = |name: &str| home.root().join(name).to_str().unwrap().to_owned();
    let key = home.password_file("key", "correct horse battery");
    let id = home.create();
    let mut all = Vec::new();
    let mut add = |definition: &str, status: i32, words: &[&str]| {
        all.push(document(&home, definition, status, words));
    };
    add("preview", 0, &["create", "--dry-run"]);
    add("created", 0, &["create", "--password-file", &key]);
    add("list", 0, &["list"]);
    add("status", 0, &["status"]);
    add("show", 0, &["show", &id]);
    add("verified", 0, &["verify", &id]);
    add("several", 1, &["verify", "--all"]);
    add("checked", 3, &["check-password", &id]);
    add("restored", 0, &["restore", &id, "--dry-run"]);
    add("restored", 0, &["restore", &id, "--to", &to("restored")]);
    add("restored", 0, &["extract", &id, "www", "--to", &to("extracted")]);
    add("copied", 0, &["encrypt", &id, "--to", &to("protected.tar"), "--password-file", &key]);
    add("copied", 0, &["decrypt", &to("protected.tar"), "--to", &to("plain.tar"), "--password-file", &key]);
    add("settings", 0, &["settings"]);
    add("schedule", 0, &["schedule"]);
    add("retention", 0, &["retention", "--dry-run"]);
    add("adopted", 0, &["adopt"]);
    add("states", 0, &["states"]);
    add("automations", 0, &["automations"]);
    add("plugin", 0, &["plugin"]);
    add("keys", 0, &["key", "list"]);
    add("kept", 0, &["keep", &id]);
    add("key", 0, &["key", "new", "--label", "home"]);
    add("key", 0, &["key", "rename", "home", "away"]);
    add("key", 0, &["key", "kit", "--key", "away", "--to", &to("kit.txt")]);
    add("key", 0, &["key", "remove", "away", "--yes"]);
    add("run", 0, &["automations", "trigger", "Backup Home Assistant every night at 3 AM"]);
    add("runs", 0, &["automations", "trace", "Backup Home Assistant every night at 3 AM"]);
    let share = to("share");
    fs::create_dir(&share).unwrap();
    let options = home
        .options(format!("[locations.share]\nkind = \"directory\"\npath = \"{share}\"\nlayout = \"s3\"\n"));
    add("locations", 0, &["--options", &options, "locations"]);
    add("tested", 0, &["--options", &options, "locations", "test", "share"]);
    add("stored", 0, &["--options", &options, "copy", &id, "--to", "share"]);
    add("several_stored", 0, &["--options", &options, "copy", "--all", "--to", "share"]);
    add("created", 0, &["--options", &options, "create", "--location", "local", "--location", "share"]);
    add("list", 0, &["--options", &options, "list"]);
    add("several_deleted", 1, &["delete", "--force", &id, "nope"]);
    add("imported", 0, &["import", &to("plain.tar")]);
    add("deleted", 0, &["delete", "--force", &id]);
    add("error", 1, &["show", "nope"]);
    add("error", 2, &["show"]);
    add("error", 2, &["nope"]);
    add("error", 1, &["verify", &id]);
    let file = to("documents.json");
    fs::write(&file, Value::from(all).to_string()).unwrap();
    let schema = larder_tests::tests_directory().parent().unwrap().join("docs/json-schema.json");
    let Some(found) = counterpart(&["schema", schema.to_str().unwrap(), &file]) else { return };
    assert_eq!(found, json!([]));
}

#[test]
fn help_is_no_error_in_json_either() {
    let home = TestHome::new();
    let run = home.larder(&["--json", "list", "--help"]).exits(0);
    assert!(run.stdout.contains("Usage"), "{}", run.stdout);
}
