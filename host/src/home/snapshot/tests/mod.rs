//! Entries that a snapshot lists and opens. Databases and contents have their own files.

mod content;
mod databases;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{CWD, Mode};
use tempfile::TempDir;

use super::{Options, Snapshot};
use crate::error::Error;
use crate::model::{Entry, Kind};

struct TestHome {
    root: TempDir,
    scratch: TempDir,
}

impl TestHome {
    fn new() -> Self {
        Self { root: TempDir::new().unwrap(), scratch: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.root.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), bytes).unwrap();
    }

    fn snapshot(&self) -> Snapshot {
        self.snapshot_with(&self.scratch.path().join("made/on/demand"))
    }

    fn snapshot_with(&self, scratch: &Path) -> Snapshot {
        Snapshot::new(Options {
            root: self.root.path().to_owned(),
            scratch: crate::home::snapshot::Scratch { directory: scratch.to_owned(), progress: None },
            hidden: vec![self.path("state"), self.path("not/there/yet")],
            lock_wait: Duration::from_secs(10),
            check_wait: Duration::from_secs(60),
        })
        .unwrap()
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.root.path()).unwrap();
        let mut names: Vec<_> = names.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn all(snapshot: &mut Snapshot) -> Vec<Entry> {
    let mut entries = Vec::new();
    loop {
        let more = snapshot.entries(3).unwrap();
        if more.is_empty() {
            return entries;
        }
        assert!(more.len() <= 3);
        entries.extend(more);
    }
}

fn listed(snapshot: &mut Snapshot) -> Vec<String> {
    all(snapshot).into_iter().map(|entry| String::from_utf8_lossy(&entry.path).into_owned()).collect()
}

fn find<'a>(entries: &'a [Entry], path: &[u8]) -> &'a Entry {
    entries.iter().find(|entry| entry.path == path).unwrap()
}

#[test]
fn parents_come_first_and_siblings_in_byte_order() {
    let home = TestHome::new();
    for name in ["b/z", "b/a", "b-c", "B", "a/deep/er/still"] {
        home.write(name, "x");
    }
    let expected = ["", "B", "a", "a/deep", "a/deep/er", "a/deep/er/still", "b", "b/a", "b/z", "b-c"];
    assert_eq!(listed(&mut home.snapshot()), expected);
}

#[test]
fn special_files_are_listed_with_a_reason_and_affect_no_others() {
    let home = TestHome::new();
    home.write("file", "12345");
    fs::create_dir(home.path("empty")).unwrap();
    rustix::fs::mkfifoat(CWD, home.path("fifo"), Mode::RUSR).unwrap();
    let _socket = UnixListener::bind(home.path("socket")).unwrap();
    symlink("/nowhere/at all", home.path("dangling")).unwrap();
    symlink("empty", home.path("to-directory")).unwrap();
    let raw = home.root.path().join(OsStr::from_bytes(b"caf\xe9"));
    fs::write(&raw, "x").unwrap();
    fs::set_permissions(&raw, fs::Permissions::from_mode(0o4751)).unwrap();

    let entries = all(&mut home.snapshot());
    assert_eq!(find(&entries, b"file").kind, Kind::File(5));
    assert_eq!(find(&entries, b"empty").kind, Kind::Directory);
    assert_eq!(find(&entries, b"dangling").kind, Kind::Symlink(b"/nowhere/at all".to_vec()));
    assert_eq!(find(&entries, b"to-directory").kind, Kind::Symlink(b"empty".to_vec()));
    assert_eq!(find(&entries, b"caf\xe9").mode, 0o4751);
    let reason = |path| match &find(&entries, path).kind {
        Kind::Unusable(reason) => reason.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(b"fifo"), "it is a FIFO, which a backup cannot store");
    assert_eq!(reason(b"socket"), "it is a socket, which a backup cannot store");
}

#[test]
fn names_of_one_file_share_an_identity() {
    let home = TestHome::new();
    home.write("a", "x");
    home.write("c", "y");
    fs::hard_link(home.path("a"), home.path("b")).unwrap();
    let entries = all(&mut home.snapshot());
    assert!(find(&entries, b"a").identity.is_some());
    assert_eq!(find(&entries, b"a").identity, find(&entries, b"b").identity);
    assert_eq!(find(&entries, b"c").identity, None);
    assert_eq!(find(&entries, b"").identity, None);
}

#[test]
fn owners_carry_the_names_that_the_system_has() {
    let home = TestHome::new();
    home.write("odd", "x");
    let entries = all(&mut home.snapshot());
    let owner = &find(&entries, b"odd").owner;
    assert_eq!(owner.uid, rustix::process::geteuid().as_raw());
    if owner.uid == 0 {
        assert_eq!(owner.user, "root");
        std::os::unix::fs::chown(home.path("odd"), Some(987_654), Some(0)).unwrap();
        let entries = all(&mut home.snapshot());
        let owner = &find(&entries, b"odd").owner;
        assert_eq!((owner.uid, owner.user.as_str(), owner.group.as_str()), (987_654, "", "root"));
    }
}

#[test]
fn a_file_that_vanishes_between_listing_and_opening_is_not_found() {
    let home = TestHome::new();
    home.write("a", "x");
    let mut snapshot = home.snapshot();
    all(&mut snapshot);
    fs::remove_file(home.path("a")).unwrap();
    assert!(matches!(snapshot.open(b"a"), Err(Error::NotFound(text)) if text.starts_with("cannot open a: ")));
}

#[test]
fn reserved_and_hidden_paths_are_neither_listed_nor_opened() {
    let home = TestHome::new();
    for name in ["state/x", "a/.larder-old/y", ".larder-new", "a/kept", "statement"] {
        home.write(name, "x");
    }
    let mut snapshot = home.snapshot();
    assert_eq!(listed(&mut snapshot), ["", "a", "a/kept", "statement"]);
    for path in [&b"state/x"[..], b"a/.larder-old/y", b".larder-new", b"not/there/yet"] {
        assert!(matches!(snapshot.open(path), Err(Error::Denied(_))));
    }
}

#[test]
fn a_path_that_leads_outside_is_refused() {
    let outside = TestHome::new();
    outside.write("secret", "x");
    let home = TestHome::new();
    home.write("a/b", "x");
    symlink(outside.root.path(), home.path("out")).unwrap();
    symlink(outside.path("secret"), home.path("link")).unwrap();
    let mut snapshot = home.snapshot();
    for path in [&b"../x"[..], b"/etc/passwd", b"a/../../x", b"a//b", b"a/", b"./a", b"a\0b"] {
        assert!(matches!(snapshot.open(path), Err(Error::Invalid(_))));
    }
    assert!(matches!(snapshot.open(b"out/secret"), Err(Error::Denied(_))));
    assert!(matches!(snapshot.open(b"a/b/c"), Err(Error::Denied(_))));
    for path in [&b"link"[..], b"out", b"a", b""] {
        assert!(matches!(snapshot.open(path), Err(Error::Invalid(_) | Error::NotFound(_))));
    }
}

#[test]
fn opening_a_fifo_is_refused_without_waiting() {
    let home = TestHome::new();
    rustix::fs::mkfifoat(CWD, home.path("fifo"), Mode::RUSR | Mode::WUSR).unwrap();
    assert_eq!(
        home.snapshot().open(b"fifo").err(),
        Some(Error::Invalid("fifo is a FIFO; only files can be opened".to_owned()))
    );
}

#[test]
fn snapshots_and_contents_may_move_between_threads() {
    fn sent<T: Send>() {}
    sent::<Snapshot>();
    sent::<super::Content>();
}
