//! What a snapshot lists and opens, seen from outside. Databases have a file of their own.

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
            scratch: crate::home::snapshot::Scratch { directory: scratch.to_owned(), copying: None },
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
fn odd_things_are_listed_with_a_reason_and_cost_nothing_else() {
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
    assert_eq!(reason(b"fifo"), "it is a FIFO, which no backup can hold");
    assert_eq!(reason(b"socket"), "it is a socket, which no backup can hold");
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
fn what_vanishes_between_listing_and_opening_is_not_found() {
    let home = TestHome::new();
    home.write("a", "x");
    let mut snapshot = home.snapshot();
    all(&mut snapshot);
    fs::remove_file(home.path("a")).unwrap();
    assert!(matches!(snapshot.open(b"a"), Err(Error::NotFound(text)) if text.starts_with("cannot open a: ")));
}

#[test]
fn what_is_reserved_or_hidden_is_neither_listed_nor_opened() {
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
fn a_content_keeps_its_size_whatever_happens_to_the_file() {
    let home = TestHome::new();
    home.write("f", "0123456789");
    let mut snapshot = home.snapshot();
    let content = snapshot.open(b"f").unwrap();
    drop(snapshot);
    assert_eq!((content.size(), content.note()), (10, None));
    home.write("f", "abcdefghijklmnop");
    let note = content.note().unwrap();
    assert_eq!(note, "it grew to 16 bytes while it was read; stored are the first 10");
    assert_eq!(content.size(), 10);
    assert_eq!(content.read(8, 100).unwrap(), b"ij");
    assert_eq!(content.read(10, 100).unwrap(), b"");
    assert_eq!(content.read(u64::MAX, usize::MAX).unwrap(), b"");
    home.write("f", "abc");
    assert_eq!(content.read(0, 100).unwrap(), b"abc");
    let note = content.note().unwrap();
    assert_eq!(note, "it shrank to 3 bytes while it was read; stored are the 10 of before");
}

#[test]
fn a_read_never_returns_more_than_a_mebibyte() {
    let home = TestHome::new();
    File::create(home.path("big")).unwrap().set_len(10 << 30).unwrap();
    let content = home.snapshot().open(b"big").unwrap();
    assert_eq!(content.size(), 10 << 30);
    assert_eq!(content.read((10 << 30) - 5, usize::MAX).unwrap().len(), 5);
    assert_eq!(content.read(0, usize::MAX).unwrap().len(), 1 << 20);
}

#[test]
fn snapshots_and_contents_may_move_between_threads() {
    fn sent<T: Send>() {}
    sent::<Snapshot>();
    sent::<super::Content>();
}

#[test]
fn a_small_file_that_is_expected_is_as_it_was_when_it_was_read_and_others_are_opened_like_any() {
    let home = TestHome::new();
    for (name, bytes) in [("a", "first"), ("b", "second"), ("c", "third"), ("sub/d", "fourth")] {
        home.write(name, bytes);
    }
    home.write("large", vec![7; 300 * 1024]);
    home.write("empty", "");
    symlink("a", home.path("link")).unwrap();
    let mut snapshot = home.snapshot();
    let expected = ["a", "gone", "link", "state/x", "b", "large", "empty", "sub/d"];
    snapshot.expect(expected.map(|path| path.as_bytes().to_vec()).to_vec());

    let a = snapshot.open(b"a").unwrap();
    home.write("a", "written anew and longer");
    assert_eq!((a.read(0, 100).unwrap(), a.read(2, 2).unwrap()), (b"first".to_vec(), b"rs".to_vec()));
    assert_eq!((a.size(), a.note(), a.read(5, 1).unwrap()), (5, None, Vec::new()));

    let c = snapshot.open(b"c").unwrap();
    assert_eq!(c.read(0, 100).unwrap(), b"third", "it was not expected, and costs the others nothing");
    assert!(matches!(snapshot.open(b"gone"), Err(Error::NotFound(_))));
    assert!(matches!(snapshot.open(b"state/x"), Err(Error::Denied(_))));
    // `link`, which lay before, is expected no more.
    assert!(snapshot.open(b"link").is_err());
    let large = snapshot.open(b"large").unwrap();
    home.write("large", "shrunk");
    assert!(large.note().unwrap().contains("it shrank"), "it is read when it is asked for");
    assert_eq!(snapshot.open(b"empty").unwrap().size(), 0);
    assert_eq!(snapshot.open(b"sub/d").unwrap().read(0, 100).unwrap(), b"fourth");
    assert_eq!(snapshot.open(b"b").unwrap().read(0, 100).unwrap(), b"second");
}

#[test]
fn no_more_is_expected_than_may_be_and_nobody_waits_for_it() {
    let home = TestHome::new();
    home.write("a", "first");
    let mut snapshot = home.snapshot();
    snapshot.expect(vec![b"a".to_vec(); 5000]);
    for _ in 0..5000 {
        assert_eq!(snapshot.open(b"a").unwrap().read(0, 10).unwrap(), b"first");
    }
    snapshot.expect(vec![b"a".to_vec(); 10]);
    drop(snapshot);
}

#[test]
fn a_large_file_that_is_read_on_is_what_it_was_in_whatever_pieces_it_is_asked_for() {
    let home = TestHome::new();
    let bytes: Vec<u8> = (0..5_000_003_u32).map(|at| (at / 7).to_le_bytes()[0]).collect();
    home.write("media/film.bin", &bytes);
    let size = bytes.len() as u64;
    // Which part is said to be read, and how: (from, count, bytes at once).
    for (from, count, most) in [
        (0, size, 256 * 1024),
        (0, size, 1 << 20),
        (0, size, 100_000),
        (100, size, 256 * 1024),
        (0, 2_000_000, 300_000),
        (size - 10, 10, 3),
    ] {
        let mut content = home.snapshot().open(b"media/film.bin").unwrap();
        content.ahead(from, count);
        let (mut at, mut found) = (0, Vec::new());
        while at < size {
            let piece = content.read(at, most).unwrap();
            at += piece.len() as u64;
            found.extend_from_slice(&piece);
        }
        assert!(found == bytes, "{from} {count} {most}");
        assert!(content.read(at, most).unwrap().is_empty());
        assert!(content.read(7, 100).unwrap() == bytes[7..107], "and once more, from elsewhere");
    }
}

#[test]
fn a_large_file_that_shrinks_while_it_is_read_on_ends_where_it_ends_now() {
    let home = TestHome::new();
    home.write("media/film.bin", vec![7; 4 << 20]);
    let mut content = home.snapshot().open(b"media/film.bin").unwrap();
    File::options().write(true).open(home.path("media/film.bin")).unwrap().set_len(1 << 20).unwrap();
    content.ahead(0, content.size());
    let (mut at, most) = (0, 256 * 1024);
    while let Some(count) = Some(content.read(at, most).unwrap().len()).filter(|count| *count > 0) {
        at += count as u64;
    }
    assert_eq!(at, 1 << 20);
    assert!(content.note().unwrap().contains("shrank"));
}
