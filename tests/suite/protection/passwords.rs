//! Passwords: wrong, missing, oddly given, given for nothing, and backups that lie about having one.

use larder_tests::Run;
use larder_tests::tar::{Tar, gzip};

use super::{INCORRECT, PASSWORD, Scene, backup, part, refused, ways};

#[test]
fn a_wrong_password_is_told_before_anything_is_written_whatever_the_version() {
    let scene = Scene::new();
    for (version, archive) in scene.every_version() {
        for way in ways(&scene, &archive) {
            let said = refused(&scene, &way, Some(&scene.wrong), INCORRECT);
            assert!(said.contains("the password does not fit"), "{version}, {way:?}: {said}");
            assert!(said.contains("enter the"), "what to do: {version}, {way:?}: {said}");
            // The format of version 3 can tell damage apart, the older ones cannot.
            assert_eq!(said.contains("cannot tell apart"), version < 3, "{version}, {way:?}: {said}");
        }
        let file = archive.to_str().unwrap();
        let checked = scene.with(&scene.wrong, &["--json", "check-password", file]).exits(1).json();
        assert_eq!((&checked["verdict"], &checked["securetar"]), (&"wrong".into(), &version.into()));
        let staging = scene.home.state().join("scratch");
        assert!(!staging.exists() || std::fs::read_dir(staging).unwrap().count() == 0);
    }
}

#[test]
fn a_damaged_file_is_not_called_a_wrong_password() {
    let scene = Scene::new();
    for (version, archive) in scene.every_version() {
        let mut part = part(&archive);
        let at = part.len() - 30;
        part[at] ^= 1;
        let damaged = scene.save(&backup(&part, true));
        let mut verify = ways(&scene, &damaged);
        let said = refused(&scene, &verify.swap_remove(0), Some(&scene.right), "backup_damaged");
        assert!(!said.contains("password"), "version {version}: {said}");
    }
}

#[test]
fn without_a_password_it_is_said_how_to_give_one() {
    let scene = Scene::new();
    for (version, archive) in scene.every_version() {
        for way in ways(&scene, &archive) {
            let said = refused(&scene, &way, None, INCORRECT);
            for advice in ["none was given", "--password-file", "LARDER_PASSWORD", "key ring"] {
                assert!(said.contains(advice), "{version}, {way:?}: {advice} is not in: {said}");
            }
        }
    }
}

/// What stands in a password file, and what makes of it: none where it is the right password.
const FILES: &[(&str, &[u8], Option<&str>)] = &[
    ("without a line end", PASSWORD.as_bytes(), None),
    ("with a line end of Windows", CRLF.as_bytes(), None),
    ("with more lines", LINES.as_bytes(), None),
    ("empty", b"", Some("the first line of [file] is empty: there is no password")),
    ("with an empty first line", b"\nsecond\n", Some("the first line of [file] is empty")),
    ("with an empty first line of Windows", b"\r\nsecond\n", Some("the first line of [file] is empty")),
    ("not of UTF-8", b"Schl\xfcssel\n", Some("[file] is not UTF-8 text")),
];
const CRLF: &str = "Schlüssel unterm Blumentopf, links der Tür: 4711-ΩΨ\r\n";
const LINES: &str = "Schlüssel unterm Blumentopf, links der Tür: 4711-ΩΨ\nkeep this safe\n\n";

#[test]
fn the_first_line_of_a_password_file_counts_and_a_file_without_one_is_named() {
    let scene = Scene::new();
    let archive = scene.ours(2);
    let archive = archive.to_str().unwrap();
    for (what, text, wrong) in FILES {
        let file = scene.home.password_file("odd.txt", text);
        let run = scene.with(&file, &["verify", archive]);
        match wrong {
            None => run.exits(0),
            Some(says) => run.exits(2).says(&says.replace("[file]", &file)),
        };
        let created = scene.with(&file, &["create", "--name", what]);
        assert_eq!(created.status, Some(if wrong.is_some() { 2 } else { 0 }), "{what}");
    }
    let missing = scene.root("missing.txt");
    let run = scene.with(missing.to_str().unwrap(), &["verify", archive]).exits(1);
    run.says(missing.to_str().unwrap()).says("No such file");
    assert_eq!(scene.home.archives().len(), FILES.iter().filter(|(.., wrong)| wrong.is_none()).count());
}

#[test]
fn spaces_around_a_password_belong_to_it() {
    let scene = Scene::new();
    let archive = scene.ours(3);
    let spaced = scene.home.password_file("spaced.txt", format!("{PASSWORD} \n"));
    scene.with(&spaced, &["verify", archive.to_str().unwrap()]).exits(1).says("does not fit");
}

#[test]
fn the_environment_gives_a_password_where_no_option_does() {
    let scene = Scene::new();
    let run = |password: &str, words: &[&str]| {
        let mut command = scene.home.command(words);
        command.env("LARDER_PASSWORD", password);
        Run::of(command)
    };
    let created = run(PASSWORD, &["--json", "create"]).exits(0).json();
    assert_eq!(created["securetar"], 3);
    let id = created["backup_id"].as_str().unwrap();
    let listed = scene.home.larder(&["list"]).exits(0).stdout;
    assert!(listed.contains("SecureTar 3"), "{listed}");
    run(PASSWORD, &["verify", id]).exits(0);
    scene.opened(&["verify", id]).exits(0);
    run("another", &["verify", id]).exits(1).says("does not fit");
    run("another", &["verify", id, "--password-file", &scene.right]).exits(0);
    run("", &["verify", id]).exits(2).says("LARDER_PASSWORD is set but empty");
    run("", &["create"]).exits(2).says("LARDER_PASSWORD is set but empty");
    assert_eq!(scene.home.archives().len(), 1);
}

#[test]
fn what_would_show_or_forget_the_password_is_wrong_use() {
    let scene = Scene::new();
    let before = scene.describe();
    let cases: [(&[&str], &str); 7] = [
        (&["create", "--password", "hunter2"], "--password-file"),
        (&["create", "--password=hunter2"], "--password-file"),
        (&["create", "hunter2"], "unexpected argument"),
        (&["create", "--securetar", "2"], "there is no password"),
        (&["create", "--securetar", "1", "--password-file", &scene.right], "1 is not in 2..=3"),
        (&["create", "--password-file", &scene.right, "--key", "x"], "cannot be used with"),
        (&["create", "--password-prompt"], "nobody can be asked"),
    ];
    for (words, says) in cases {
        Run::of(detached(&scene.home.command(words))).exits(2).says(says);
    }
    assert_eq!(scene.describe(), before);
}

/// The command in a session of its own: without a terminal even where the tests have one.
fn detached(command: &std::process::Command) -> std::process::Command {
    let mut detached = std::process::Command::new("setsid");
    detached.arg("--wait").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => detached.env(name, value),
            None => detached.env_remove(name),
        };
    }
    detached.stdin(std::process::Stdio::null());
    detached
}

#[test]
fn a_password_for_a_backup_that_has_none_is_not_taken_for_protection() {
    let scene = Scene::new();
    let id = scene.home.create();
    let note = "a password was given, but this backup is not protected";
    let verified = scene.opened(&["verify", &id]).exits(0);
    assert!(verified.stdout.contains(note), "{}", verified.stdout);
    assert!(verified.stdout.contains("no: anyone can read it"), "{}", verified.stdout);
    let without = scene.home.larder(&["verify", &id]).exits(0);
    assert!(!without.stdout.contains("Note:"), "{}", without.stdout);
    let checked = scene.opened(&["check-password", &id]).exits(3);
    assert!(checked.stdout.contains("is not protected: anyone can read it"), "{}", checked.stdout);
    scene.opened(&["restore", &id, "--yes"]).exits(0);
}

#[test]
fn a_backup_that_says_it_is_protected_and_is_not_is_neither_good_nor_restored() {
    let scene = Scene::new();
    let archive = scene.save(&backup(&gzip(&Tar::home().end()), true));
    let file = archive.to_str().unwrap();
    let lie =
        "backup.json says that it is protected by a password, but homeassistant.tar.gz can be read by anyone";
    let shown = scene.home.larder(&["show", file]).exits(0);
    assert!(shown.stdout.contains(lie), "{}", shown.stdout);
    assert!(shown.stdout.contains("protected       no: anyone can read it"), "{}", shown.stdout);
    for way in ways(&scene, &archive) {
        let code = if way[0] == "decrypt" { "backup_unsupported" } else { "backup_damaged" };
        for password in [None, Some(scene.right.as_str())] {
            let said = refused(&scene, &way, password, code);
            assert!(said.contains(lie) || way[0] == "decrypt", "{way:?}: {said}");
        }
    }
    // The list follows the bytes as well, for people and for programs.
    scene.home.write("backups/lie.tar", std::fs::read(&archive).unwrap());
    let listed = scene.home.larder(&["--json", "list"]).exits(0).json();
    let record = &listed["backups"][0];
    assert_eq!(record["agents"]["backup.local"]["protected"], false, "{record}");
    assert_eq!(record["securetar"], serde_json::Value::Null, "{record}");
    std::fs::remove_dir_all(scene.home.backups()).unwrap();
    // What it advises.
    let copy = scene.root("copy.tar");
    scene.opened(&["encrypt", file, "--to", copy.to_str().unwrap()]).exits(0);
    scene.opened(&["restore", copy.to_str().unwrap(), "--yes"]).exits(0);
}

#[test]
fn a_backup_that_says_it_is_not_protected_and_is_opens_but_is_not_good() {
    let scene = Scene::new();
    for version in [2, 3] {
        let archive = scene.save(&backup(&part(&scene.ours(version)), false));
        let file = archive.to_str().unwrap();
        let lie = "backup.json says that it is not protected, but homeassistant.tar.gz is";
        let shown = scene.home.larder(&["show", file]).exits(0);
        assert!(shown.stdout.contains(lie), "{}", shown.stdout);
        assert!(shown.stdout.contains(&format!("by a password, SecureTar {version}")), "{}", shown.stdout);
        let ways = ways(&scene, &archive);
        let said = refused(&scene, &ways[0], Some(&scene.right), "backup_damaged");
        assert!(said.contains(lie) && said.contains("larder decrypt"), "{said}");
        refused(&scene, &ways[1], None, INCORRECT);
        scene.opened(&["restore", file, "--yes"]).exits(0);
        // What it advises.
        let copy = scene.root(&format!("mended {version}.tar"));
        scene.opened(&["decrypt", file, "--to", copy.to_str().unwrap()]).exits(0);
        scene.home.larder(&["verify", copy.to_str().unwrap()]).exits(0);
    }
}
