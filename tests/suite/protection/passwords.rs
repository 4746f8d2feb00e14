//! Passwords: wrong, missing, irregular or unnecessary ones, and backups that make false claims about having one.

use larder_tests::Run;
use larder_tests::tar::{Tar, gzip};

use super::{INCORRECT, PASSWORD, Scene, backup, part, refused, ways};

#[test]
fn a_wrong_password_is_told_before_anything_is_written_whatever_the_version() {
    let scene = Scene::new();
    for (version, archive) in scene.every_version() {
        for way in ways(&scene, &archive) {
            let said = refused(&scene, &way, Some(&scene.wrong), INCORRECT);
            assert!(said.contains("wrong password"), "{version}, {way:?}: {said}");
            assert!(said.contains("enter the"), "what to do: {version}, {way:?}: {said}");
            // Version 3 can distinguish damage from a wrong password; older versions cannot.
            assert_eq!(said.contains("cannot tell which"), version < 3, "{version}, {way:?}: {said}");
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

/// The contents of a password file, and the resulting error; `None` where it is the right password.
const FILES: &[(&str, &[u8], Option<&str>)] = &[
    ("without a line end", PASSWORD.as_bytes(), None),
    ("with a line end of Windows", CRLF.as_bytes(), None),
    ("with more lines", LINES.as_bytes(), None),
    ("of a Windows editor", MARKED.as_bytes(), None),
    ("empty", b"", Some("the first line of [file] is empty; it must be the password")),
    ("with an empty first line", b"\nsecond\n", Some("the first line of [file] is empty")),
    ("with an empty first line of Windows", b"\r\nsecond\n", Some("the first line of [file] is empty")),
    ("not of UTF-8", b"Schl\xfcssel\n", Some("[file] is not UTF-8 text")),
];
const CRLF: &str = "Schlüssel unterm Blumentopf, links der Tür: 4711-ΩΨ\r\n";
const MARKED: &str = "\u{feff}Schlüssel unterm Blumentopf, links der Tür: 4711-ΩΨ\r\n";
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

/// Variants of the right password with which the backup may have been made, and the note when it is now given in another form.
const MEANT: &[(&str, &str)] = &[
    ("\u{feff}Schlüssel 4711", "with a byte order mark (U+FEFF) in front of it"),
    ("Schlüssel 4711 ", "without the whitespace at its ends"),
    ("Schlu\u{308}ssel 4711", "composed accents"),
];

#[test]
fn a_password_that_fits_only_otherwise_opens_and_it_is_said_how_it_differs() {
    let scene = Scene::new();
    let archive = scene.ours(3);
    let archive = archive.to_str().unwrap();
    // The given variant, and the note about the right one.
    for (given, says) in [
        (format!("{PASSWORD} "), "without the whitespace at its ends"),
        (PASSWORD.replace('ü', "u\u{308}"), "(NFC)"),
    ] {
        let file = scene.home.password_file("otherwise.txt", format!("{given}\n"));
        for word in ["verify", "check-password"] {
            let run = scene.with(&file, &[word, archive]).exits(0);
            let note = format!("the password does not work as given, but does {says}");
            let note = if says.starts_with('(') {
                "the password does not work as given, but does with composed accents"
            } else {
                &note
            };
            assert!(run.stdout.contains(note) && run.stdout.contains(says), "{word}: {}", run.stdout);
            assert!(!run.stdout.contains("4711"), "{}", run.stdout);
        }
        let to = scene.root("restored");
        scene.with(&file, &["restore", archive, "--to", to.to_str().unwrap()]).exits(0);
        std::fs::remove_dir_all(to).unwrap();
    }
    let said = scene.opened(&["verify", archive]).exits(0).stdout;
    assert!(!said.contains("Note:"), "{said}");
}

#[test]
fn a_backup_of_a_password_that_nobody_can_type_is_opened_by_what_was_meant() {
    let scene = Scene::new();
    for (made_with, says) in MEANT {
        let meant = made_with.trim().trim_start_matches('\u{feff}').replace("u\u{308}", "ü");
        // The environment's value is used unchanged.
        let mut create = scene.home.command(&["--json", "create"]);
        create.env("LARDER_PASSWORD", made_with);
        let created = Run::of(create).exits(0).json();
        assert_eq!(created["warnings"].as_array().unwrap().len(), 1, "{created}");
        let id = created["backup_id"].as_str().unwrap();
        let file = scene.home.password_file("meant.txt", format!("{meant}\n"));
        let run = scene.with(&file, &["check-password", id]);
        // A password with additional blanks is not tried: there could be any number.
        match made_with.ends_with(' ') {
            true => drop(run.exits(1)),
            false => assert!(run.exits(0).stdout.contains(says)),
        }
    }
}

#[test]
fn a_doubtful_password_is_warned_of_whatever_new_it_protects() {
    let scene = Scene::new();
    let plain = scene.home.create();
    let to = scene.root("copy.tar");
    let to = to.to_str().unwrap();
    for (password, says) in [
        ("1234567", "fewer than 8 characters"),
        (" begins with a blank", "begins or ends with whitespace"),
        ("Schlu\u{308}ssel ohne Ende", "not NFC"),
    ] {
        let file = scene.home.password_file("doubtful.txt", format!("{password}\n"));
        let ways: [&[&str]; 6] = [
            &["create"],
            &["create", "--dry-run"],
            &["encrypt", &plain, "--to", to],
            &["settings", "set", "create_backup.agent_ids=backup.local"],
            &["key", "add", "--label", says],
            &["create", "--name", "for rekey"],
        ];
        for way in ways {
            let run = scene.with(&file, way).exits(0);
            let all = run.stdout + &run.stderr;
            assert!(all.contains(says) && !all.contains(password), "{way:?}: {all}");
        }
        let protected = scene.opened(&["--json", "create"]).exits(0).json();
        let id = protected["backup_id"].as_str().unwrap();
        let run = scene.opened(&["rekey", id, "--new-password-file", &file]).exits(0);
        assert!(run.stdout.contains(says), "{}", run.stdout);
        std::fs::remove_file(to).unwrap();
    }
    // A good one causes no warning, and automatic backups do not repeat one each night.
    for way in [&["create"][..], &["settings", "set"]] {
        let said = scene.opened(way).exits(0).stdout;
        assert!(!said.contains("the password has") && !said.contains("whitespace"), "{said}");
    }
    let file = scene.home.password_file("short.txt", "short\n");
    scene.with(&file, &["settings", "set", "create_backup.agent_ids=backup.local"]).exits(0);
    let run = scene.home.larder(&["--json", "call", "backup.create_automatic"]).exits(0);
    assert_eq!(run.json()["warnings"], serde_json::json!([]));
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
    assert!(
        listed.lines().nth(1).is_some_and(|line| line.split_whitespace().any(|word| word == "yes")),
        "{listed}"
    );
    run(PASSWORD, &["verify", id]).exits(0);
    scene.opened(&["verify", id]).exits(0);
    run("another", &["verify", id]).exits(1).says("wrong password");
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
        (&["create", "--securetar", "2"], "--securetar needs a password"),
        (&["create", "--securetar", "1", "--password-file", &scene.right], "1 is not in 2..=3"),
        (&["create", "--password-file", &scene.right, "--key", "x"], "cannot be used with"),
        (&["create", "--password-prompt"], "cannot ask for a password here"),
    ];
    for (words, says) in cases {
        Run::of(detached(&scene.home.command(words))).exits(2).says(says);
    }
    assert_eq!(scene.describe(), before);
}

/// The command in a separate session, without a terminal even where the tests have one.
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
    // The list also follows the bytes, in text and in JSON.
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
