//! Lists: how a backup was made and verified, what it contains, and lists without entries.

use std::fs;

use larder_tests::{TestHome, on_terminal};

#[test]
fn the_list_says_how_each_was_made_its_age_and_when_it_was_verified() {
    let home = TestHome::new();
    home.write("home-assistant_v2.db", vec![0; 4096]);
    let id = home.create();
    home.larder(&["settings", "set", "create_backup.agent_ids=backup.local"]).exits(0);
    home.larder(&["call", "backup.create_automatic"]).exits(0);
    let run = home.larder(&["list"]).exits(0);
    let lines: Vec<_> = run.stdout.lines().collect();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let head = ["ID", "DATE", "AGE", "SIZE", "MADE", "DATABASE", "PASSWORD", "VERIFIED", "NAME"];
    assert_eq!(words(lines[0]), head, "{}", run.stdout);
    assert!(lines[1].contains("automatic") && lines[2].contains("by hand"), "{}", run.stdout);
    assert!(lines[2].starts_with(&id) && lines[2].contains("0 min ago"), "{}", run.stdout);
    assert!(lines[3].starts_with("2 backups, "), "{}", run.stdout);
    // A backup that changed since it was verified is not called verified.
    let archive = &home.archives()[0];
    fs::write(archive, [fs::read(archive).unwrap(), vec![0; 10240]].concat()).unwrap();
    let listed = home.larder(&["--json", "list"]).exits(0).json();
    let verified = |at: usize| listed["backups"][at]["verified"].is_string();
    assert_ne!(verified(0), verified(1), "{listed}");
}

#[test]
fn a_narrow_terminal_gets_fewer_columns_and_no_wrapped_lines() {
    let home = TestHome::new();
    home.larder(&["create", "--name", "Night"]).exits(0);
    let narrow = "stty rows 24 cols 60; exec \"$@\"";
    let own = home.command(&["list"]);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", narrow, "sh"]).arg(own.get_program()).args(own.get_args());
    let Some(run) = on_terminal(&command, "") else { return };
    let run = run.exits(0);
    assert!(run.stdout.lines().all(|line| line.trim_end().chars().count() <= 60), "{}", run.stdout);
    assert!(run.stdout.contains("Night"), "{}", run.stdout);
}

#[test]
fn a_database_is_listed_only_where_there_is_one() {
    let home = TestHome::new();
    let id = home.create();
    for words in [&["--json", "list"][..], &["--json", "show", &id], &["--json", "verify", &id]] {
        let text = home.larder(words).exits(0).stdout;
        assert!(text.contains("\"database_included\": false"), "{words:?}: {text}");
    }
    let preview = home.larder(&["--json", "create", "--dry-run"]).exits(0).json();
    assert_eq!(preview["database_included"], false);
}

#[test]
fn a_recorder_that_keeps_its_database_elsewhere_is_named_without_its_address() {
    let home = TestHome::new();
    home.write("configuration.yaml", "recorder:\n  db_url: mysql://somebody:secret@server/ha\n");
    for words in [&["create"][..], &["create", "--dry-run"]] {
        let run = home.larder(words).exits(0);
        assert!(run.stdout.contains("the recorder's database is elsewhere (mysql"), "{}", run.stdout);
        assert!(!run.stdout.contains("secret") && !run.stdout.contains("server/ha"), "{}", run.stdout);
    }
}

#[test]
fn a_directory_that_is_no_home_is_refused_by_list_as_by_create() {
    let home = TestHome::new();
    let empty = home.root().join("empty");
    fs::create_dir(&empty).unwrap();
    for words in [&["list"][..], &["create"], &["status"]] {
        let mut command = larder_tests::command();
        command.arg("--config").arg(&empty).arg("--state").arg(home.state()).args(words);
        let run = larder_tests::Run::of(command).exits(1);
        assert!(run.stderr.contains("not a Home Assistant configuration directory"), "{}", run.stderr);
    }
}

#[test]
fn backups_are_not_kept_where_not_even_the_parent_is_there() {
    let home = TestHome::new();
    let missing = home.root().join("not/mounted");
    for words in [&["create"][..], &["list"], &["serve"]] {
        let run = home.larder(&[&["--backups", missing.to_str().unwrap()], words].concat()).exits(1);
        assert!(run.stderr.contains("does not exist. Correct the path, mount its disk"), "{}", run.stderr);
    }
    assert!(!home.root().join("not").exists());
    let fresh = home.root().join("fresh");
    let mut command = home.command(&["create"]);
    command.env("LARDER_BACKUPS", &fresh);
    larder_tests::Run::of(command).exits(0);
    assert_eq!(larder_tests::archives_in(&fresh).len(), 1);
}

#[test]
fn an_answer_that_cannot_be_written_is_an_error() {
    let home = TestHome::new();
    home.create();
    for words in [&["list"][..], &["--json", "list"], &["create"], &["--json", "states"]] {
        let mut command = home.command(words);
        command.stdout(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
        let output =
            command.stderr(std::process::Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{words:?}: {told}");
        assert!(told.contains("cannot write the answer to standard output: No space left"), "{told}");
    }
}
