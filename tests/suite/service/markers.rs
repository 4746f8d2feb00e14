//! Markers: nothing is written to a backups directory whose disk is missing.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use larder_tests::{Mount, Run, TestHome, archives_in, describe_inside};
use serde_json::Value;

use super::{home, shown};

const MARKER: &str = ".larder-location";
const SAYS: &str = "is not the directory that backups were stored in";

fn larder(home: &TestHome, backups: &Path, arguments: &[&str]) -> Run {
    let mut command = home.command(&["--backups", backups.to_str().unwrap()]);
    command.args(arguments);
    Run::of(command)
}

/// Every command that reads the backups reports that they are missing, and nothing is written.
fn refuses(home: &TestHome, backups: &Path) {
    let before = describe_inside(home.root(), &["state"]);
    larder(home, backups, &["settings", "set", "create_backup.agent_ids=backup.local", "retention.copies=1"])
        .exits(0);
    larder(home, backups, &["create"]).exits(1).says(SAYS);
    larder(home, backups, &["call", "backup.create"]).exits(1).says(SAYS);
    larder(home, backups, &["call", "backup.create_automatic"]).exits(1).says(SAYS);
    for arguments in [&["list"][..], &["retention"], &["retention", "--dry-run"]] {
        let run = larder(home, backups, arguments).exits(3);
        assert!((run.stdout.clone() + &run.stderr).contains(SAYS), "{arguments:?}: {run:?}");
    }
    assert_eq!(describe_inside(home.root(), &["state"]), before);
}

/// Does what the message says.
fn follow_the_message(home: &TestHome, backups: &Path) {
    let run = larder(home, backups, &["create"]).exits(1);
    let (_, advice) = run.stderr.trim().split_once("on purpose, run: ").unwrap();
    assert!(Command::new("sh").args(["-e", "-c", advice]).status().unwrap().success(), "{advice}");
}

/// A way to lose the directory, and where backups are kept before and after.
type Loss = fn(&TestHome, &Path);

#[test]
fn backups_whose_directory_is_empty_missing_or_another_are_said_to_be_missing() {
    let losses: [(&str, Loss); 4] = [
        ("empty", |_, backups| {
            fs::remove_dir_all(backups).unwrap();
            fs::create_dir(backups).unwrap();
        }),
        ("missing", |_, backups| fs::remove_dir_all(backups).unwrap()),
        ("missing with what is above", |_, backups| fs::remove_dir_all(backups.parent().unwrap()).unwrap()),
        ("another", |_, backups| {
            fs::remove_dir_all(backups).unwrap();
            fs::create_dir(backups).unwrap();
            fs::write(backups.join("other.tar"), "of somebody else").unwrap();
        }),
    ];
    for (name, lose) in losses {
        for existed in [true, false] {
            let home = home();
            let backups = home.root().join("disk/backups");
            fs::create_dir_all(if existed { &backups } else { backups.parent().unwrap() }).unwrap();
            larder(&home, &backups, &["create"]).exits(0);
            assert!(backups.join(MARKER).exists());
            lose(&home, &backups);
            refuses(&home, &backups);
            follow_the_message(&home, &backups);
            larder(&home, &backups, &["create"]).exits(0);
            let count = archives_in(&backups).len() - usize::from(name == "another");
            assert_eq!(count, 1, "{name}, existed: {existed}");
        }
    }
}

#[test]
fn a_link_to_a_disk_that_is_not_there_leads_nowhere_else() {
    let named: [fn(&TestHome, &[&str]) -> Run; 2] = [
        |home, arguments| home.larder(arguments),
        |home, arguments| larder(home, &home.backups(), arguments),
    ];
    for larder in named {
        let home = home();
        let disk = home.root().join("disk");
        let is_not_there = || {
            let run = larder(&home, &["create"]).exits(1);
            assert!(run.stderr.contains("Is its disk or share mounted?"), "{}", run.stderr);
            assert!(larder(&home, &["list"]).exits(3).stdout.contains("Is its disk or share mounted?"));
            assert!(home.backups().is_symlink() && !disk.exists());
        };
        symlink("../disk", home.backups()).unwrap();
        is_not_there();
        fs::create_dir(&disk).unwrap();
        larder(&home, &["create"]).exits(0);
        fs::rename(&disk, home.root().join("unplugged")).unwrap();
        is_not_there();
        fs::rename(home.root().join("unplugged"), &disk).unwrap();
        larder(&home, &["create"]).exits(0);
        assert_eq!(archives_in(&disk).len(), 2);
    }
}

#[test]
fn a_mount_point_without_its_disk_takes_nothing_and_works_again_with_it() {
    let home = home();
    let backups = home.root().join("disk");
    let Some(mount) = Mount::tmpfs(&backups, 8 << 20) else { return };
    larder(&home, &backups, &["create"]).exits(0);
    let kept: Vec<(PathBuf, Vec<u8>)> = fs::read_dir(&backups)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    drop(mount);
    assert_eq!(fs::read_dir(&backups).unwrap().count(), 0);
    refuses(&home, &backups);

    let Some(_mount) = Mount::tmpfs(&backups, 8 << 20) else { return };
    kept.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    larder(&home, &backups, &["create"]).exits(0);
    assert_eq!(archives_in(&backups).len(), 2);
}

#[test]
fn a_run_of_the_schedule_without_its_disk_fails_and_the_next_one_works() {
    let home = home();
    home.create();
    let away = home.root().join("away");
    fs::rename(home.backups(), &away).unwrap();
    let mut service = home.serve(super::START);
    service.set(super::daily());
    service.advance("2026-05-05T03:10:00+00:00");
    assert_eq!(shown(&mut service), ["failed", "upload_failed", "automatic", "idle"]);
    assert!(super::told(&mut service).iter().any(|line| line.contains(SAYS)));
    assert!(!home.backups().exists());
    fs::rename(&away, home.backups()).unwrap();
    service.advance("2026-05-06T03:10:00+00:00");
    assert_eq!(shown(&mut service)[..2], [Value::from("completed"), Value::Null]);
    assert_eq!(home.archives().len(), 2);
}

#[test]
fn backups_that_became_a_file_are_named() {
    let home = home();
    home.create();
    fs::remove_dir_all(home.backups()).unwrap();
    home.write("backups", "a file");
    home.larder(&["create"]).exits(1).says(SAYS).says(home.backups().to_str().unwrap());
    assert_eq!(fs::read_to_string(home.backups()).unwrap(), "a file");
}

#[test]
fn what_is_remembered_of_directories_is_a_help_and_no_condition() {
    let damages: [fn(&Path); 3] = [
        |memory| fs::write(memory, "torn {").unwrap(),
        |memory| fs::write(memory, [0xff, 0xfe]).unwrap(),
        |memory| {
            fs::remove_file(memory).unwrap();
            fs::create_dir(memory).unwrap();
        },
    ];
    for damage in damages {
        let home = home();
        home.create();
        damage(&home.state().join("host/locations.json"));
        home.create();
        assert_eq!(home.archives().len(), 2);
    }
}

#[test]
fn a_marker_is_never_part_of_a_backup() {
    let home = home();
    home.create();
    home.create();
    let restored = home.restore_latest();
    assert!(!restored.join("backups").join(MARKER).exists());
    assert!(home.backups().join(MARKER).exists());
}

/// A user who can write to the directory could otherwise choose a file that is created with the rights of the user who makes
/// the backup.
#[test]
fn the_marker_is_never_written_through_a_link() {
    let home = home();
    let elsewhere = home.root().join("nologin");
    fs::create_dir(home.backups()).unwrap();
    symlink(&elsewhere, home.backups().join(MARKER)).unwrap();
    home.larder(&["create"]).exits(0);
    assert!(!elsewhere.exists());
    home.larder(&["list"]).exits(0);
}
