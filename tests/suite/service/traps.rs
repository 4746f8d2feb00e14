//! Links that another user puts where Larder creates or replaces files: nothing is written through them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use larder_tests::{Serving, TestHome, TestService};

use super::{START, daily, home};

const PASSWORD: &str = "Pa55-w0rd-rig";

/// A home that was backed up with stored settings, so that everything that Larder stores exists.
fn template() -> TestHome {
    let home = home();
    let file = home.root().join("settings.json");
    fs::write(&file, daily().to_string()).unwrap();
    home.larder(&["settings", "set", "--file", file.to_str().unwrap()]).exits(0);
    home.larder(&["call", "backup.create_automatic"]).exits(0);
    drop(TestService::start(home.setting(START)).unwrap());
    home
}

/// All files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn what_is_stored_is_written_through_no_link_whatever_is_exchanged() {
    let template = template();
    let root = template.root().to_owned();
    let stored = [
        files(&template.state()),
        vec![
            template.backups().join(".larder-location"),
            template.backups().join(".larder-lock"),
            template.path(".larder-lock"),
        ],
    ]
    .concat();
    assert!(stored.len() >= 7, "{stored:?}");
    for path in stored {
        for exists in [false, true] {
            let home = template.copy();
            let place = home.root().join(path.strip_prefix(&root).unwrap());
            let theirs = home.root().join("theirs");
            if exists {
                fs::write(&theirs, "theirs").unwrap();
            }
            let _ = fs::remove_file(&place);
            symlink(&theirs, &place).unwrap();
            // Some commands fail; only what was written matters.
            home.larder(&["call", "backup.create_automatic"]);
            let _ = TestService::start(home.setting(START));
            home.larder(&["settings", "set", "retention.copies=3"]);
            home.larder(&["list"]);
            let found = fs::read_to_string(&theirs).ok();
            assert_eq!(found.as_deref(), exists.then_some("theirs"), "{}", place.display());
        }
    }
}

#[test]
fn the_sockets_name_is_taken_from_whoever_put_a_link_there() {
    let home = template();
    let theirs = home.root().join("theirs");
    fs::write(&theirs, "theirs").unwrap();
    symlink(&theirs, home.state().join("host/control")).unwrap();
    let serving = Serving::start(home.command(&["serve"]));
    home.larder(&["automations"]).exits(0);
    drop(serving);
    assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
}

#[test]
fn keys_kits_and_copies_are_written_through_no_link() {
    let home = template();
    let password = home.password_file("password.txt", PASSWORD);
    let archive = home.archives().remove(0);
    let (theirs, link) = (home.root().join("theirs"), home.root().join("link.tar"));
    symlink(&theirs, &link).unwrap();
    let (link, archive) = (link.to_str().unwrap(), archive.to_str().unwrap());
    for arguments in [
        &["key", "new", "--to", link][..],
        &["key", "kit", "--to", link, "--password-file", &password],
        &["encrypt", archive, "--to", link, "--password-file", &password],
        &["decrypt", archive, "--to", link],
    ] {
        for exists in [false, true] {
            let _ = fs::remove_file(&theirs);
            if exists {
                fs::write(&theirs, "theirs").unwrap();
            }
            home.larder(arguments).exits(1);
            let found = fs::read_to_string(&theirs).ok();
            assert_eq!(found.as_deref(), exists.then_some("theirs"), "{arguments:?}");
        }
    }
}
