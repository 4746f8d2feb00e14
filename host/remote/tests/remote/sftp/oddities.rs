//! Answers that only some servers give, by a program that stands in for ssh.

use std::fs;
use std::path::Path;

use larder_remote::protocol::Protocol;
use larder_remote::settings;
use larder_remote::sftp::SftpLocation;
use larder_remote::{Kind as Failure, Stop};
use tempfile::TempDir;

use super::site::{body, get, location, names, noise, put, upload};

/// A location below a new directory, at a server with this oddity.
fn odd(oddity: &str) -> Option<(TempDir, SftpLocation)> {
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        larder_test_servers::missing("python3");
        return None;
    }
    let directory = tempfile::tempdir().unwrap();
    let location = location(settings::Sftp {
        host: oddity.into(),
        port: 22,
        user: "user".into(),
        identity_file: None,
        password: None,
        known_hosts: None,
        path: directory.path().join("new/folder").display().to_string(),
        ssh: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/remote/sftp/odd_ssh.py"),
        askpass: "/nowhere".into(),
    });
    Some((directory, location))
}

#[test]
fn servers_that_are_odd_but_whole_hold_objects_like_others() {
    let bytes = noise(100_000);
    for oddity in
        ["none", "rename-11", "rename-lies", "mkdir-lies", "read-only", "offers-only", "short-reads"]
    {
        let Some((_directory, location)) = odd(oddity) else { return };
        put(&location, "a", &bytes).unwrap_or_else(|error| panic!("{oddity}: {error}"));
        assert_eq!(names(&location), ["a"], "{oddity}");
        assert!(get(&location, "a", 10..100_000) == bytes[10..], "{oddity}");
        let free = location.free(&Stop::default()).unwrap();
        assert_eq!(free, (oddity != "offers-only").then_some(500 * 4096), "{oddity}");
        location.delete("a", &Stop::default()).unwrap();
        assert_eq!(names(&location), [""; 0], "{oddity}");
    }
}

#[test]
fn a_failed_upload_says_why_and_leaves_nothing_under_the_name() {
    let cases = [
        ("quota", Failure::NoSpace),
        ("full", Failure::NoSpace),
        ("close-fails", Failure::Interrupted),
        ("shortens", Failure::Interrupted),
    ];
    for (oddity, kind) in cases {
        let Some((_directory, location)) = odd(oddity) else { return };
        let error = put(&location, "a", &noise(500_000)).unwrap_err();
        assert_eq!(error.kind, kind, "{oddity}: {error}");
        assert!(!names(&location).contains(&"a".to_owned()), "{oddity}");
        location.discard(&upload("a", "token00000000001", 0), None, &Stop::default()).unwrap();
        assert_eq!(names(&location), [""; 0], "{oddity}");
    }
}

#[test]
fn a_rename_without_an_answer_is_unclear_and_can_be_asked_for_again() {
    let Some((directory, location)) = odd("rename-lost") else { return };
    let (stop, upload) = (Stop::default(), upload("a", "token00000000000", 5));
    let handle = location.start(&upload, &stop).unwrap();
    let part = [location.send(&upload, &handle, 1, body(b"bytes"), &stop).unwrap()];
    assert_eq!(location.finish(&upload, &handle, &part, &stop).unwrap_err().kind, Failure::Unclear);
    location.finish(&upload, &handle, &part, &stop).unwrap();
    assert_eq!(fs::read(directory.path().join("new/folder/a")).unwrap(), b"bytes");
}

#[test]
fn what_is_no_sftp_is_said_to_be_none() {
    for oddity in ["greets", "huge"] {
        let Some((_directory, location)) = odd(oddity) else { return };
        let error = location.list(&Stop::default()).unwrap_err();
        assert_eq!(error.kind, Failure::Interrupted, "{oddity}");
        assert!(error.message.contains("not SFTP"), "{oddity}: {error}");
    }
}

#[test]
fn a_listing_that_never_ends_is_given_up() {
    let Some((directory, location)) = odd("endless") else { return };
    fs::create_dir_all(directory.path().join("new/folder/below")).unwrap();
    let error = location.list(&Stop::default()).unwrap_err();
    assert_eq!(error.kind, Failure::Invalid, "{error}");
}
