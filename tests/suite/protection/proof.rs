//! Written bytes are read back before they count: if they changed in between, the command fails and leaves nothing.

use std::fs;
use std::path::Path;

use larder_tests::{Run, noise};

use super::{PASSWORD, Scene};

/// Where a byte is changed in the hidden draft, and how. `$draft` is its path.
///
/// The outer tar has `backup.json` first (two blocks), then a PAX header (two blocks) and the header of the part.
const CHANGES: [(&str, &str); 5] = [
    (
        "the header's salt",
        "printf XXXXXXXX | dd of=\"$draft\" bs=1 seek=$((part + 40)) conv=notrunc status=none",
    ),
    (
        "the size in the header",
        "printf X | dd of=\"$draft\" bs=1 seek=$((part + 16)) conv=notrunc status=none",
    ),
    ("the body", "printf XXX | dd of=\"$draft\" bs=1 seek=$((part + 150000)) conv=notrunc status=none"),
    (
        "gzip instead of SecureTar",
        "printf '\\037\\213\\010\\000' | dd of=\"$draft\" bs=1 seek=$part conv=notrunc status=none",
    ),
    ("the end", "truncate -s 200000 \"$draft\""),
];

/// A script that changes the draft in a directory.
fn script(directory: &Path, change: &str) -> String {
    let find = "part=$(grep -abo 'SecureTar' \"$draft\" | head -n 1 | cut -d : -f 1)";
    // An unprotected copy has no magic number: its home begins after the fifth block.
    let find = format!("{find}; part=${{part:-2560}}; test -n \"$part\"");
    format!("draft=$(ls '{}'/.larder-*.partial); {find}; {change}", directory.display())
}

/// Runs it while the draft is changed just before it is read back.
fn meanwhile(scene: &Scene, directory: &Path, change: &str, words: &[&str]) -> Run {
    let mut command = scene.home.command(words);
    command.env("LARDER_RUN_AT", "draft: read back").env("LARDER_RUN", script(directory, change));
    Run::of(command)
}

fn scene() -> Scene {
    let scene = Scene::new();
    scene.home.write("www/large.bin", noise(300_000));
    scene
}

#[track_caller]
fn failed(run: Run, what: &str) {
    let run = run.exits(1);
    let error = run.json()["error"].clone();
    assert_eq!(error["code"], "backup_reader_writer_error", "{what}: {error}");
    let said = error["message"].as_str().unwrap();
    assert!(said.contains("does not read back as it was written"), "{what}: {said}");
    // The advice for a backup from elsewhere does not apply here.
    assert!(!["another copy", "enter the"].iter().any(|advice| said.contains(advice)), "{what}: {said}");
    assert!(!run.stdout.contains(PASSWORD) && !run.stderr.contains(PASSWORD));
}

#[test]
fn a_protected_backup_that_does_not_read_back_as_it_was_written_is_none() {
    let scene = scene();
    for version in ["2", "3"] {
        for (what, change) in CHANGES {
            let words = ["--json", "create", "--securetar", version, "--password-file", &scene.right];
            let run = meanwhile(&scene, &scene.home.backups(), change, &words);
            failed(run, &format!("version {version}, {what}"));
            assert_eq!(fs::read_dir(scene.home.backups()).unwrap().count(), 0, "version {version}, {what}");
            assert_eq!(
                scene.home.larder(&["--json", "list"]).exits(0).json()["backups"].as_array().unwrap().len(),
                0
            );
        }
    }
    // The script alone does no harm.
    let words = ["--json", "create", "--password-file", &scene.right];
    meanwhile(&scene, &scene.home.backups(), "true", &words).exits(0);
}

#[test]
fn a_copy_that_does_not_read_back_as_it_was_written_is_none() {
    let scene = scene();
    let protected = scene.ours(3);
    let plain = scene.root("plain.tar");
    scene.home.create();
    fs::rename(scene.home.archives().remove(0), &plain).unwrap();
    let target = scene.root("target");
    fs::create_dir(&target).unwrap();
    for (word, from) in [("encrypt", &plain), ("decrypt", &protected)] {
        // These do not change an unprotected copy.
        let changes = CHANGES.iter().filter(|(what, _)| {
            word == "encrypt" || !what.contains(" header") && !what.contains("SecureTar")
        });
        for (what, change) in changes.chain(&[("the other's start", SWAPPED)]) {
            let copy = target.join("copy.tar");
            let words = ["--json", word, from.to_str().unwrap(), "--to", copy.to_str().unwrap()];
            let words = [&words[..], &["--password-file", &scene.right]].concat();
            failed(meanwhile(&scene, &target, change, &words), &format!("{word}, {what}"));
            assert_eq!(fs::read_dir(&target).unwrap().count(), 0, "{word}, {what}");
        }
    }
}

/// The magic number of the other kind.
const SWAPPED: &str = "test \"$(dd if=\"$draft\" bs=1 skip=$part count=1 status=none)\" = S && mark='\\037\\213\\010' || mark='SecureTar\\003'; \
                       printf \"$mark\" | dd of=\"$draft\" bs=1 seek=$part conv=notrunc status=none";
