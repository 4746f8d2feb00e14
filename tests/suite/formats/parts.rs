//! The other parts of a Supervisor's backup: all are read to their end, and files can be extracted from each.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use larder_tests::tar::{Tar, gzip, manifest, members_in};
use larder_tests::{Run, TestHome, counterpart};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery staple";

/// A Supervisor's backup with an add-on and two folders, and what opens it.
fn supervisor(is_protected: bool) -> Option<(TestHome, PathBuf, Vec<String>)> {
    let home = TestHome::example();
    let archive = home.root().join("supervisor.tar");
    let options = match is_protected {
        false => Vec::new(),
        true => vec!["--password-file".to_owned(), home.password_file("password", PASSWORD)],
    };
    let mut words =
        vec![OsStr::new("create-supervisor").to_owned(), archive.clone().into(), home.config().into()];
    words.extend(options.iter().map(Into::into));
    counterpart(&words)?;
    Some((home, archive, options))
}

fn run(home: &TestHome, words: &[&str], options: &[String]) -> Run {
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    home.larder(&[words, &options[..]].concat())
}

/// The archive with a bit flipped in a member: in gzip's checksum or, if encrypted, in that of the last message. One in the
/// middle may be a distance between zeros, which has no effect.
fn flipped(archive: &Path, member: &str) -> PathBuf {
    let mut bytes = fs::read(archive).unwrap();
    let place = members_in(&bytes).into_iter().find(|(name, _)| name == member).unwrap().1;
    bytes[place.end - 6] ^= 0x10;
    let path = archive.with_file_name("flipped.tar");
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn every_part_is_read_to_its_end_and_one_that_is_damaged_is_named() {
    for is_protected in [false, true] {
        let Some((home, archive, options)) = supervisor(is_protected) else { return };
        let said = run(&home, &["--json", "verify", archive.to_str().unwrap()], &options).exits(0).json();
        assert_eq!(said["parts"], json!(["core_mosquitto.tar.gz", "ssl.tar.gz", "media.tar.gz"]));
        for part in ["core_mosquitto.tar.gz", "ssl.tar.gz", "media.tar.gz"] {
            let bad = flipped(&archive, part);
            let run = run(&home, &["verify", bad.to_str().unwrap()], &options).exits(1).says(part);
            run.says("the Home Assistant configuration in it is intact");
        }
        let bad = flipped(&archive, "homeassistant.tar.gz");
        run(&home, &["verify", bad.to_str().unwrap()], &options).exits(1).says("damaged");
    }
}

/// A backup with that `backup.json` and these members.
fn archive(home: &TestHome, changes: &[(&str, Value)], members: &[(&str, Vec<u8>)]) -> PathBuf {
    let mut manifest = manifest();
    changes.iter().for_each(|(key, value)| manifest[*key] = value.clone());
    let outer = Tar::default().file("./backup.json", manifest.to_string());
    let path = home.root().join("made.tar");
    fs::write(&path, members.iter().fold(outer, |tar, (name, bytes)| tar.file(name, bytes)).end()).unwrap();
    path
}

fn part() -> Vec<u8> {
    gzip(&Tar::home().end())
}

#[test]
fn what_backup_json_promises_and_the_archive_lacks_is_named() {
    let home = TestHome::in_memory();
    let promised = [
        ("folders", json!(["ssl", "addons/local"])),
        (
            "addons",
            json!([{"name": "SSH", "slug": "core_ssh", "version": "1"}, {"name": "Git", "slug": "core_git", "version": "2"}]),
        ),
    ];
    let members =
        [("homeassistant.tar.gz", part()), ("addons_local.tar.gz", part()), ("core_git.tar.gz", part())];
    let archive = archive(&home, &promised, &members);
    let file = archive.to_str().unwrap();
    let said = home.larder(&["--json", "verify", file]).exits(3).json();
    let missing = |said: &Value| -> Vec<_> {
        said["missing"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["path"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(missing(&said), ["add-on SSH 1", "folder ssl"]);
    assert_eq!(said["restorable"], true);
    let shown = home.larder(&["--json", "show", file]).exits(0).json();
    assert_eq!(missing(&shown["backup"]), ["add-on SSH 1", "folder ssl"]);
    let text = home.larder(&["verify", file]).exits(3).stdout;
    assert!(text.contains("Missing:") && text.contains("the archive has no core_ssh.tar.gz"), "{text}");
}

#[test]
fn verify_and_restore_are_of_one_opinion() {
    let cases = [
        ("whole", json!({"version": "2026.11.0"}), true, 0, 0, ""),
        ("no version", json!({}), true, 3, 1, "names no Home Assistant version"),
        ("null", json!(null), true, 3, 1, "names no Home Assistant version"),
        ("nothing of it", json!(null), false, 3, 1, "contains no Home Assistant configuration"),
        (
            "promised only",
            json!({"version": "2026.11.0"}),
            false,
            1,
            1,
            "lists a Home Assistant configuration",
        ),
    ];
    for (name, homeassistant, has_home, verify, restore, says) in cases {
        let home = TestHome::in_memory();
        let member = if has_home { "homeassistant.tar.gz" } else { "ssl.tar.gz" };
        let archive = archive(&home, &[("homeassistant", homeassistant)], &[(member, part())]);
        let (file, to) = (archive.to_str().unwrap(), home.root().join("out"));
        let verified = home.larder(&["verify", file]).exits(verify);
        assert!((verified.stdout.clone() + &verified.stderr).contains(says), "{name}: {verified:?}");
        let dry = home.larder(&["restore", file, "--to", to.to_str().unwrap(), "--dry-run"]).exits(restore);
        let done = home.larder(&["restore", file, "--to", to.to_str().unwrap()]).exits(restore);
        assert!(dry.stderr.contains(says) && done.stderr.contains(says), "{name}: {dry:?} {done:?}");
        if restore == 1 && has_home {
            home.larder(&["extract", file, "configuration.yaml", "--to", to.to_str().unwrap()]).exits(0);
        }
    }
}

#[test]
fn a_damaged_backup_without_a_home_is_told_from_a_whole_one() {
    let home = TestHome::in_memory();
    let changes = [("homeassistant", json!(null)), ("folders", json!(["ssl"]))];
    let archive = archive(&home, &changes, &[("ssl.tar.gz", part())]);
    let run = home.larder(&["verify", archive.to_str().unwrap()]).exits(3);
    assert!(run.stdout.contains("is complete, but cannot be restored here"), "{}", run.stdout);
    let bad = flipped(&archive, "ssl.tar.gz");
    home.larder(&["verify", bad.to_str().unwrap()]).exits(1).says("ssl.tar.gz").says("damaged");
}

#[test]
fn files_come_out_of_any_part() {
    for is_protected in [false, true] {
        let Some((home, archive, options)) = supervisor(is_protected) else { return };
        let to = home.root().join("out");
        let (file, out) = (archive.to_str().unwrap(), to.to_str().unwrap());
        let parts = [
            ("core_mosquitto", "data/mosquitto.conf", "listener 1883\n"),
            ("core_mosquitto.tar.gz", "data/mosquitto.conf", "listener 1883\n"),
            ("ssl", "readme.txt", "The folder ssl.\n"),
            ("media", "./readme.txt", "The folder media.\n"),
        ];
        for (part, path, content) in parts {
            run(&home, &["extract", file, "--part", part, path, "--to", out], &options).exits(0);
            assert_eq!(fs::read_to_string(to.join(path)).unwrap(), content, "{part}");
            fs::remove_dir_all(&to).unwrap();
        }
        run(&home, &["extract", file, "--part", "core_mosquitto", ".", "--to", out], &options).exits(0);
        assert!(to.join("addon.json").exists() && to.join("data/mosquitto.conf").exists());
        fs::remove_dir_all(&to).unwrap();
        let run = run(&home, &["extract", file, "--part", "core_ssh", ".", "--to", out], &options).exits(1);
        run.says("there is no part core_ssh").says("core_mosquitto, homeassistant, ssl, media");
    }
}

#[test]
fn a_path_that_is_not_utf_8_comes_out_by_its_name() {
    let home = TestHome::in_memory();
    let name = b"latin1-\xe9.txt";
    home.write(name.as_slice(), "text");
    let id = home.create();
    let to = home.root().join("out");
    let mut command = home.command(&["extract", &id, "--to", to.to_str().unwrap()]);
    command.arg(OsStr::from_bytes(name));
    Run::of(command).exits(0);
    assert_eq!(fs::read_to_string(to.join(OsStr::from_bytes(name))).unwrap(), "text");
}
