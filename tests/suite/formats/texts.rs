//! The output about backups: whole texts, kept in `tests/snapshots`.

use std::path::{Path, PathBuf};

use larder_tests::{Run, TestHome, assert_snapshot, counterpart};

/// The text must equal the snapshot; values of this run are redacted.
#[track_caller]
fn assert_text(name: &str, home: &TestHome, text: &str, id: &str) {
    let root = home.root().canonicalize().unwrap();
    let known = [(root.to_str().unwrap(), "[root]"), (home.root().to_str().unwrap(), "[root]"), (id, "[id]")];
    assert_snapshot(name, text, &known);
}

fn id(run: &Run) -> String {
    let shown = run.json();
    shown.pointer("/backup/backup_id").or(shown.get("backup_id")).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn what_create_show_verify_and_restore_say_of_a_plain_backup() {
    let home = TestHome::example();
    home.write("tts/spoken.mp3", "excluded");
    let preview = home.larder(&["create", "--dry-run", "--name", "Before the update"]).exits(0);
    assert_text("create-dry-run", &home, &preview.stdout, "none");
    let created = home.larder(&["create", "--name", "Before the update", "--no-database"]).exits(0);
    let archive = home.archives().remove(0);
    let file = archive.to_str().unwrap();
    let id = id(&home.larder(&["--json", "show", file]).exits(0));
    assert_text("create", &home, &created.stdout, &id);
    let target = home.root().join("restored");
    let to = target.to_str().unwrap();
    let cases: [(&str, &[&str]); 4] = [
        ("show", &["show", &id]),
        ("verify", &["verify", &id]),
        ("restore-dry-run", &["restore", file, "--to", to, "--dry-run"]),
        ("restore", &["restore", file, "--to", to]),
    ];
    for (name, words) in cases {
        assert_text(name, &home, &home.larder(words).exits(0).stdout, &id);
    }
}

#[test]
fn what_show_verify_and_restore_say_of_a_supervisors_backup() {
    let home = TestHome::example();
    let archive = home.root().join("supervisor.tar");
    if counterpart(&[Path::new("create-supervisor"), &archive, &home.config()]).is_none() {
        return;
    }
    assert_reading("supervisor", &home, &archive, [0, 0, 3]);
}

#[test]
fn what_show_verify_and_restore_say_of_a_backup_with_unknown_members() {
    let home = TestHome::example();
    let Some(archive) = variant(&home, "unknown-members") else { return };
    assert_reading("unknown-members", &home, &archive, [0, 0, 3]);
}

#[test]
fn what_show_verify_and_restore_say_of_a_backup_without_a_home() {
    let home = TestHome::example();
    let Some(archive) = variant(&home, "homeassistant-null") else { return };
    assert_reading("without-home", &home, &archive, [0, 3, 1]);
}

fn variant(home: &TestHome, kind: &str) -> Option<PathBuf> {
    home.larder(&["create", "--name", "Before the update"]).exits(0);
    let archive = home.root().join(format!("{kind}.tar"));
    let original = home.archives().remove(0);
    counterpart(&[Path::new("variant"), &original, &archive, Path::new(kind)]).map(|_| archive)
}

/// The output of all three about a file, errors included.
#[track_caller]
fn assert_reading(name: &str, home: &TestHome, archive: &Path, statuses: [i32; 3]) {
    let (file, to) = (archive.to_str().unwrap(), home.root().join("restored"));
    let id = id(&home.larder(&["--json", "show", file]).exits(0));
    let cases: [&[&str]; 3] =
        [&["show", file], &["verify", file], &["restore", file, "--to", to.to_str().unwrap()]];
    for (words, status) in cases.into_iter().zip(statuses) {
        let run = home.larder(words).exits(status);
        let said = if status == 1 { errors(&run.stderr) } else { run.stdout };
        assert_text(&format!("{}-{name}", words[0]), home, &said, &id);
    }
}

/// Without the lines about progress.
fn errors(stderr: &str) -> String {
    let lines = stderr.lines().filter(|line| line.starts_with("error"));
    lines.map(|line| format!("{line}\n")).collect()
}
