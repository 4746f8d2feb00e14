//! Requests for the outside (paths, names, the system), which are refused.

use std::fs;
use std::net::TcpListener;

use larder_tests::Run;

use super::{WATCHDOG, command, deed, fails, home, state_of, succeeds};

/// Every request, with the reason why it was refused.
const READING: &[(&str, &str)] = &[
    ("../../etc/passwd", "Invalid"),
    ("/etc/passwd", "Invalid"),
    ("..", "Invalid"),
    ("", "Invalid"),
    ("www/../../secret", "Invalid"),
    ("www//a", "Invalid"),
    ("configuration.yaml/", "Invalid"),
    ("configuration.yaml\\x00", "Invalid"),
    ("link/secret", "Denied"),
    ("link-file", "Invalid"),
    ("www/back/configuration.yaml", "Denied"),
    (".larder-secret", "Denied"),
    ("www/.larder-secret/a", "Denied"),
    ("configuration.yaml/a", "Denied"),
    ("fifo", "Invalid"),
    ("follow link-file", "Denied"),
    ("follow link/secret", "Denied"),
    ("follow ../../etc/passwd", "Denied"),
    ("follow secrets.yaml", "Denied"),
    ("leads ../../etc/passwd", "Invalid"),
    ("leads link/secret", "Io"),
    ("leads configuration.yaml", "Invalid"),
    ("leads .larder-secret", "Denied"),
];

const STORED: &[(&str, &str)] = &[
    ("../secret.tar", "Denied"),
    ("/etc/passwd", "Denied"),
    ("..", "Denied"),
    ("", "Denied"),
    ("a/b.tar", "Denied"),
    (".hidden.tar", "Denied"),
    ("a\\x00.tar", "Denied"),
    ("notes.txt", "Denied"),
    ("subdirectory.tar", "Invalid"),
    ("location", "NotFound"),
];

const DRAFTS: &[(&str, &str)] = &[
    ("../secret.tar", "Denied"),
    ("delete ../secret.tar", "Denied"),
    ("delete ../../etc/passwd", "Denied"),
    (".hidden.tar", "Denied"),
    ("delete a\\x00.tar", "Denied"),
    ("delete notes.txt", "Denied"),
    ("delete subdirectory.tar", "Io"),
    ("replace ../secret.tar", "Denied"),
    ("replace .hidden.tar", "Denied"),
    ("may store ../../etc/passwd", "Denied"),
    ("may store notes.txt", "Denied"),
    ("replace what is not there", "NotFound"),
    ("replace link.tar", "Denied"),
    ("replace subdirectory.tar", "Denied"),
];

const COPIES: &[(&str, &str)] = &[
    ("behind its end", "Io"),
    ("over its end", "Io"),
    ("behind all numbers", "Io"),
    ("too much", "Limit"),
    ("what is not stored", "Invalid"),
];

const STAGED: &[(&str, &str)] = &[
    ("file ../evil", "Denied"),
    ("directory ../../etc/evil", "Denied"),
    ("symlink /etc/evil", "Denied"),
    ("hard link to ../../etc/evil", "Denied"),
    ("hard link to ", "Invalid"),
    ("file ..", "Denied"),
    ("file a//b", "Denied"),
    ("directory a\\x00b", "Denied"),
    ("file out/evil", "Invalid"),
    ("hard link to out/evil", "Invalid"),
    ("hard link to a symlink", "Invalid"),
    ("over a symlink", "Exists"),
];

#[test]
fn nothing_outside_is_read_stored_deleted_or_staged() {
    let home = home();
    for (deed, expected) in [
        ("read-outside", READING),
        ("stored-outside", STORED),
        ("draft-outside", DRAFTS),
        ("draft-copy", COPIES),
        ("target-outside", STAGED),
    ] {
        for who in ["manager", "job"] {
            let run = fails(&home, &format!("{who}-{deed}"), &[], "=> ");
            let message = run.json()["error"]["message"].as_str().unwrap().to_owned();
            for (asked, reason) in expected {
                let line = format!("{asked} => \"Error::{reason}\"");
                assert!(message.contains(&line), "{deed}: not found: {line}\n{message}");
            }
        }
    }
}

#[test]
fn a_draft_keeps_its_rules_whatever_is_asked_of_it() {
    let home = home();
    for (name, says) in [
        ("job-draft-twice", "Exists"),
        ("job-draft-existing", "old.tar already exists"),
        ("job-draft-patch-behind", "cannot patch "),
        ("job-draft-published", "unknown handle index"),
        ("job-draft-and-trap", "unreachable"),
        ("manager-draft-and-trap", "unreachable"),
    ] {
        fails(&home, name, &[], says);
    }
    for name in ["job-draft-left", "manager-draft-left"] {
        succeeds(&home, name, &[]);
    }
}

#[test]
fn a_target_keeps_its_rules_whatever_is_asked_of_it() {
    let home = home();
    for (name, says) in [
        ("job-target-twice", "InUse"),
        ("job-target-nothing", "nothing was added"),
        ("job-target-after", "unknown handle index"),
        ("job-target-unfinished", "was not written completely"),
        ("job-writer-finished", "unknown handle index"),
        ("job-writers-dropped", "was not written completely"),
        ("job-target-and-trap", "unreachable"),
        ("manager-target-and-trap", "unreachable"),
    ] {
        fails(&home, name, &[], says);
    }
    for name in ["job-target-left", "manager-target-left", "job-target-own"] {
        succeeds(&home, name, &[]);
    }
}

#[test]
fn a_backup_that_is_a_link_is_neither_read_nor_listed() {
    let home = home();
    fails(&home, "job-stored-link", &[], "link.tar is a link, and links are not followed");
    let listed = home.larder(&["--json", "list"]).json();
    assert!(!listed.to_string().contains("link.tar"), "{listed}");
}

#[test]
fn a_restore_cannot_send_the_backups_elsewhere() {
    let home = home();
    fs::remove_dir_all(home.backups()).unwrap();
    succeeds(&home, "job-target-backups-link", &[]);
}

#[test]
fn a_command_that_reads_gives_no_right_to_write() {
    let home = home();
    let before = state_of(&home);
    let arguments = ["create", "--dry-run", "--name", "job-write-anything"];
    let run = Run::within(WATCHDOG, command(&home, &[], &arguments)).exits(1);
    for asked in ["draft", "replacement", "delete", "target"] {
        let run = run.stderr.contains(&format!("{asked} => Error::Denied(\"this command is read-only"));
        assert!(run, "{asked}");
    }
    assert_eq!(state_of(&home), before);
}

#[test]
fn the_system_gives_no_files_no_network_no_environment() {
    let home = home();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for who in ["manager", "job"] {
        fails(&home, &format!("{who}-files"), &[], "read /etc/passwd => ");
        fails(&home, &format!("{who}-network:{port}"), &[], "connect => ");
        let seen = deed(&home, &format!("{who}-environment"), &[]).exits(0).json();
        let none = [&seen["variables"], &seen["arguments"]].map(|list| list.as_array().unwrap().len());
        assert_eq!((none, seen["input"].as_str()), ([0, 0], Some("")), "{seen}");
    }
    assert!(listener.accept().is_err(), "somebody connected");
}
