//! Reading: paths that lead outside, invalid names, and unlimited amounts.

use crate::component::{Answer, Asked, Deed, GOOD, failure, files, refused, storage, types};

pub const LOCAL: &str = "backup.local";

pub const DEEDS: &[(&str, Deed)] = &[
    ("read-outside", read_outside),
    ("stored-outside", stored_outside),
    ("stored-link", || refused(storage::open(LOCAL, "link.tar"))),
    ("read-much", read_much),
    ("contents-endless", contents_endless),
    ("snapshots-endless", snapshots_endless),
    ("snapshot-handles-endless", || {
        let mut kept = Vec::new();
        loop {
            kept.push(files::Snapshot::new());
        }
    }),
    ("database-again", database_again),
];

/// Paths that a snapshot must not open. `link` in the home leads to a directory outside, `link-file` to a file.
const PATHS: &[&[u8]] = &[
    b"../../etc/passwd",
    b"/etc/passwd",
    b"..",
    b".",
    b"",
    b"www/../../secret",
    b"www/./a",
    b"www//a",
    b"configuration.yaml/",
    b"configuration.yaml\0",
    b"\0",
    b"link/secret",
    b"link-file",
    b"www/back/configuration.yaml",
    b".larder-secret",
    b"www/.larder-secret/a",
    b"configuration.yaml/a",
    b"fifo",
];

fn read_outside() -> Answer {
    let snapshot = files::Snapshot::new();
    let mut asked = Asked::default();
    for path in PATHS {
        asked.ask_briefly(path, snapshot.open(path));
    }
    for path in [b"link-file".as_slice(), b"link/secret", b"../../etc/passwd", b"secrets.yaml"] {
        asked.ask_briefly([b"follow ", path].concat(), snapshot.follow(path));
    }
    for path in [b"../../etc/passwd".as_slice(), b"link/secret", b"configuration.yaml", b".larder-secret"] {
        asked.ask_briefly([b"leads ", path].concat(), snapshot.link_destination(path));
    }
    asked.answer()
}

/// Names that are not stored objects.
pub const NAMES: &[&str] = &[
    "../secret.tar",
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    ".",
    "",
    "a/b.tar",
    ".hidden.tar",
    ".larder-1-a.tar",
    "a\0.tar",
    "notes.txt",
    "subdirectory.tar",
];

fn stored_outside() -> Answer {
    let mut asked = Asked::default();
    for name in NAMES {
        asked.ask_briefly(name, storage::open(LOCAL, name));
    }
    asked.ask_briefly("location", storage::open("/etc", "passwd"));
    asked.ask_briefly("locations", storage::objects("../etc"));
    asked.answer()
}

fn read_much() -> Answer {
    let snapshot = files::Snapshot::new();
    let content = snapshot.open(b"large").unwrap();
    let read = |offset| content.read(offset, u32::MAX).map(|bytes| bytes.len());
    let lengths = [read(0).unwrap(), read(1).unwrap(), read(3 << 20).unwrap(), read(u64::MAX).unwrap()];
    assert_eq!(lengths, [1 << 20, 1 << 20, 0, 0]);
    assert!(snapshot.entries(0).unwrap().is_empty());
    assert!(!snapshot.entries(u32::MAX).unwrap().is_empty());
    Ok(GOOD.into())
}

fn contents_endless() -> Answer {
    let snapshot = files::Snapshot::new();
    let mut kept = Vec::new();
    loop {
        match snapshot.open(b"configuration.yaml") {
            Ok(content) => kept.push(content),
            Err(error) => return refused::<()>(Err(error)),
        }
    }
}

fn snapshots_endless() -> Answer {
    let mut kept = Vec::new();
    loop {
        let snapshot = files::Snapshot::new();
        match snapshot.entries(1) {
            Ok(_) => kept.push(snapshot),
            Err(error) => return refused::<()>(Err(error)),
        }
    }
}

/// Opens one database a thousand times, which must be cheap.
fn database_again() -> Answer {
    let snapshot = files::Snapshot::new();
    let first = snapshot.open(b"home-assistant_v2.db").unwrap();
    let failed = |error: types::Error| failure("failed", format!("{error:?}"));
    for _ in 0..1000 {
        snapshot.open(b"home-assistant_v2.db").map_err(failed)?;
        snapshot.open(b"home-assistant_v2.db-wal").map_err(failed)?;
    }
    assert!(first.size() > 0);
    Ok(GOOD.into())
}
