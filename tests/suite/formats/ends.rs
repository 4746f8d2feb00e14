//! Irregular ends of archives, and entries that cannot be restored: Larder restores what Home Assistant does, with a note.

use std::fs;
use std::path::{Path, PathBuf};

use larder_tests::tar::{Tar, backup_of, gzip, manifest, members_in};
use larder_tests::{TestHome, counterpart, describe};
use serde_json::Value;

fn save(home: &TestHome, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = home.root().join("odd.tar");
    fs::write(&path, bytes).unwrap();
    path
}

/// Restores to a new directory. Returns the files in it, and the answer.
#[track_caller]
fn restored(home: &TestHome, archive: &Path, status: i32) -> (Vec<String>, Value) {
    let to = home.root().join("restored");
    let words = ["--json", "restore", archive.to_str().unwrap(), "--to", to.to_str().unwrap()];
    let said = home.larder(&words).exits(status).json();
    let found = files(&to);
    fs::remove_dir_all(to).unwrap();
    (found, said)
}

/// The result of unpacking as Home Assistant does.
fn unpacked(home: &TestHome, archive: &Path) -> Option<Vec<String>> {
    let to = home.root().join("theirs");
    counterpart(&[Path::new("extract"), archive, &to])?;
    let found = files(&to.join("data"));
    fs::remove_dir_all(to).unwrap();
    Some(found)
}

fn files(root: &Path) -> Vec<String> {
    let paths = describe(root, &[]).into_iter().filter(|(_, what)| what.starts_with("file"));
    paths.map(|(path, _)| path.to_str().unwrap().to_owned()).collect()
}

fn verified(home: &TestHome, archive: &Path, status: i32) -> String {
    home.larder(&["verify", archive.to_str().unwrap()]).exits(status).stdout
}

/// A whole backup up to the end of its last member.
fn up_to_the_last_member() -> Vec<u8> {
    let mut bytes = Tar::home().backup();
    let end = members_in(&bytes).last().unwrap().1.end;
    bytes.truncate(end.next_multiple_of(512));
    bytes
}

#[test]
fn whatever_end_home_assistant_takes_is_restored_and_noted() {
    let with = |count: usize| [up_to_the_last_member(), vec![0; count]].concat();
    let more = |gap: usize| Tar::home().raw(vec![0; gap]).file("data/behind", "x").end();
    let plain = |inner: Vec<u8>| {
        let mut manifest = manifest();
        manifest["compressed"] = false.into();
        let outer = Tar::default().file("./backup.json", manifest.to_string());
        outer.file("homeassistant.tar", inner).end()
    };
    let ends = [
        ("no zeros at all", with(0), "the end-of-archive marker is missing"),
        ("one block of zeros", with(512), "the end-of-archive marker is missing"),
        ("2 MiB of zeros", with(2 << 20), ""),
        ("20 MiB of zeros", with(20 << 20), ""),
        (
            "something behind",
            [with(1024), b"<html>".to_vec()].concat(),
            "is ignored here and by Home Assistant",
        ),
        (
            "inside: no zeros at all",
            backup_of(&gzip(&Tar::home().cut())),
            "homeassistant.tar.gz: the end-of-archive marker is missing",
        ),
        (
            "inside: one block",
            backup_of(&gzip(&Tar::home().raw([0; 512]).cut())),
            "the end-of-archive marker is missing",
        ),
        ("inside: 3 MiB of zeros", backup_of(&gzip(&Tar::home().raw(vec![0; 3 << 20]).cut())), ""),
        (
            "inside: more behind one block",
            backup_of(&gzip(&more(512))),
            "is ignored here and by Home Assistant",
        ),
        ("inside: more behind both", backup_of(&gzip(&more(1024))), "is ignored here and by Home Assistant"),
        (
            "inside, not compressed: no zeros",
            plain(Tar::home().cut()),
            "the end-of-archive marker is missing",
        ),
    ];
    for (name, bytes, note) in ends {
        let home = TestHome::in_memory();
        let archive = save(&home, bytes);
        fs::create_dir_all(home.backups()).unwrap();
        fs::copy(&archive, home.backups().join("odd.tar")).unwrap();
        home.larder(&["list"]).exits(0);
        home.larder(&["show", archive.to_str().unwrap()]).exits(0);
        let said = verified(&home, &archive, 0);
        assert_eq!(said.contains("Note:"), !note.is_empty(), "{name}: {said}");
        assert!(said.contains(note), "{name}: {said}");
        let (found, _) = restored(&home, &archive, 0);
        assert_eq!(found, ["configuration.yaml"], "{name}");
        let to = home.root().join("one");
        home.larder(&[
            "extract",
            archive.to_str().unwrap(),
            "configuration.yaml",
            "--to",
            to.to_str().unwrap(),
        ])
        .exits(0);
        let Some(theirs) = unpacked(&home, &archive) else { continue };
        assert_eq!(found, theirs, "{name}");
    }
}

#[test]
fn a_device_node_is_left_out_and_named_like_a_fifo_and_everything_else_comes_back() {
    for (flag, what) in [(b'3', "a device node"), (b'4', "a device node"), (b'6', "a FIFO")] {
        let home = TestHome::in_memory();
        let inner = Tar::home().directory("data/www").member(flag, "data/www/whiteout", "", 0, "");
        let archive =
            save(&home, inner.file("data/www/z", "behind").member(flag, "dev/null", "", 0, "").backup());
        let (file, to) = (archive.to_str().unwrap(), home.root().join("out"));
        let to = to.to_str().unwrap();
        let named = format!("www/whiteout: {what}");
        assert!(verified(&home, &archive, 3).contains(&named));
        let run = home.larder(&["restore", file, "--to", to, "--dry-run"]).exits(3);
        assert!(run.stdout.contains(&named), "{}", run.stdout);
        let (found, said) = restored(&home, &archive, 3);
        assert_eq!(found, ["configuration.yaml", "www/z"]);
        assert_eq!(said["skipped"][0]["path"], "www/whiteout");
        home.larder(&["extract", file, "configuration.yaml", "www/z", "--to", to]).exits(0);
        fs::remove_dir_all(to).unwrap();
        let run = home.larder(&["extract", file, "www", "--to", to]).exits(3);
        assert!(run.stdout.contains(&named), "{}", run.stdout);
        fs::remove_dir_all(to).unwrap();
        home.larder(&["extract", file, "www/whiteout", "--to", to]).exits(1).says(what);
    }
}

#[test]
fn where_home_assistant_stops_early_verify_says_so() {
    let home = TestHome::in_memory();
    // The owner in the extension's own header is not a number; the one that it gives is.
    let inner = Tar::home()
        .pax(&[("path", b"data/second")])
        .garbled_owner()
        .file("data/short", "x")
        .file("data/third", "x");
    let archive = save(&home, inner.backup());
    let said = verified(&home, &archive, 0);
    let note =
        "invalid number in a header after `data/configuration.yaml`: Home Assistant would restore only what";
    assert!(said.contains(note), "{said}");
    assert_eq!(restored(&home, &archive, 0).0, ["configuration.yaml", "second", "third"]);
    let Some(theirs) = unpacked(&home, &archive) else { return };
    assert_eq!(theirs, ["configuration.yaml"]);
}
