//! Writing: misused drafts and targets.

use crate::component::{Answer, Asked, Deed, GOOD, failure, files, refused, storage, types};
use crate::reading::{LOCAL, NAMES};

const NAME: &str = "misbehaving.tar";

pub const DEEDS: &[(&str, Deed)] = &[
    ("draft-outside", draft_outside),
    ("draft-twice", || {
        let _first = draft();
        refused(storage::Draft::create(LOCAL, NAME))
    }),
    ("draft-existing", || refused(storage::Draft::create(LOCAL, "old.tar"))),
    ("draft-left", || {
        std::mem::forget(draft());
        Ok(GOOD.into())
    }),
    ("draft-and-trap", || {
        let _draft = draft();
        core::arch::wasm32::unreachable()
    }),
    ("draft-and-sleep", || {
        let _draft = draft();
        loop {
            std::thread::sleep(std::time::Duration::from_secs(1 << 40));
        }
    }),
    ("draft-patch-behind", || {
        let draft = draft();
        let mut asked = Asked::default();
        for offset in [1, 1 << 40, u64::MAX] {
            asked.ask(offset.to_string(), draft.patch(offset, &[0; 16]));
        }
        asked.answer()
    }),
    ("draft-copy", draft_copy),
    ("draft-published", draft_published),
    ("drafts-endless", drafts_endless),
    ("target-outside", target_outside),
    ("target-twice", || {
        let _first = target(&[]);
        refused(files::Target::open(&files::Scope::AllBut(Vec::new()), false))
    }),
    ("target-nothing", || refused(files::Target::commit(target(&[])))),
    ("target-after", || {
        let target = target(&[]);
        let again = forged(&target);
        let _ = files::Target::commit(target);
        refused(again.add(&entry(b"a", files::Kind::Directory)))
    }),
    ("target-unfinished", target_unfinished),
    ("writer-finished", writer_finished),
    ("target-left", || {
        let target = target(&[]);
        write(&target, b"configuration.yaml");
        std::mem::forget(target);
        Ok(GOOD.into())
    }),
    ("target-and-trap", || {
        let target = target(&[]);
        write(&target, b"configuration.yaml");
        core::arch::wasm32::unreachable()
    }),
    ("target-own", || {
        let target = target(&[b".larder-own", b"backups"]);
        write(&target, b".larder-own");
        write(&target, b"backups/new.tar");
        files::Target::commit(target)
            .map(|_| GOOD.into())
            .map_err(|error| failure("failed", format!("{error:?}")))
    }),
    ("target-backups-link", || {
        let target = target(&[b"backups"]);
        let link = files::Kind::Symlink(b"/etc".to_vec());
        target.add(&entry(b"backups", link)).unwrap();
        files::Target::commit(target)
            .map(|_| GOOD.into())
            .map_err(|error| failure("failed", format!("{error:?}")))
    }),
    ("writers-dropped", || {
        let target = target(&[]);
        for number in 0..1000 {
            let path = format!("{number:0>200}");
            drop(target.add_file(&entry(path.as_bytes(), files::Kind::File(1))).unwrap());
        }
        refused(files::Target::commit(target))
    }),
    ("write-anything", write_anything),
];

fn draft() -> storage::Draft {
    let draft = storage::Draft::create(LOCAL, NAME).unwrap();
    draft.append(b"something").unwrap();
    draft
}

/// Everything but these names, or only these.
fn target(only: &[&[u8]]) -> files::Target {
    let scope = match only {
        [] => files::Scope::AllBut(Vec::new()),
        only => files::Scope::Only(only.iter().map(|name| name.to_vec()).collect()),
    };
    files::Target::open(&scope, false).unwrap()
}

fn entry(path: &[u8], kind: files::Kind) -> files::Entry {
    files::Entry {
        path: path.to_vec(),
        kind,
        mode: 0o755,
        owner: files::Owner { uid: 0, gid: 0, user: String::new(), group: String::new() },
        modified: types::Instant { seconds: 0, nanoseconds: 0 },
        identity: None,
    }
}

fn write(target: &files::Target, path: &[u8]) {
    let writer = target.add_file(&entry(path, files::Kind::File(4))).unwrap();
    writer.append(b"evil").unwrap();
    files::Writer::finish(writer).unwrap();
}

fn draft_outside() -> Answer {
    let mut asked = Asked::default();
    for name in NAMES.iter().filter(|name| **name != "subdirectory.tar") {
        asked.ask_briefly(name, storage::Draft::create(LOCAL, name));
        asked.ask_briefly(format!("delete {name}"), storage::delete(LOCAL, name));
        asked.ask_briefly(format!("replace {name}"), storage::Draft::replace(LOCAL, name));
        asked.ask_briefly(format!("may store {name}"), storage::may_store(LOCAL, name));
    }
    asked.ask_briefly("replace what is not there", storage::Draft::replace(LOCAL, "none.tar"));
    asked.ask_briefly("replace link.tar", storage::Draft::replace(LOCAL, "link.tar"));
    asked.ask_briefly("replace subdirectory.tar", storage::Draft::replace(LOCAL, "subdirectory.tar"));
    asked.ask_briefly("delete subdirectory.tar", storage::delete(LOCAL, "subdirectory.tar"));
    asked.answer()
}

fn draft_copy() -> Answer {
    let (draft, old) = (draft(), storage::open(LOCAL, "old.tar").unwrap());
    let home = files::Snapshot::new().open(b"configuration.yaml").unwrap();
    let mut asked = Asked::default();
    asked.ask_briefly("behind its end", draft.append_from(&old, old.size(), 1));
    asked.ask_briefly("over its end", draft.append_from(&old, 0, u32::try_from(old.size()).unwrap() + 1));
    asked.ask_briefly("behind all numbers", draft.append_from(&old, u64::MAX, 1));
    asked.ask_briefly("too much", draft.append_from(&old, 0, u32::MAX));
    asked.ask_briefly("what is not stored", draft.append_from(&home, 0, 1));
    asked.answer()
}

/// A second handle to the same target: the contract does not give it, but a component can use any number as a handle.
#[allow(unsafe_code)]
fn forged(target: &files::Target) -> files::Target {
    unsafe { files::Target::from_handle(target.handle()) }
}

/// Uses a draft that is no longer its own.
#[allow(unsafe_code)]
fn draft_published() -> Answer {
    let draft = draft();
    let again = unsafe { storage::Draft::from_handle(draft.handle()) };
    storage::Draft::publish(draft).unwrap();
    storage::delete(LOCAL, NAME).unwrap();
    refused(again.append(b"more"))
}

/// Uses a writer that is no longer its own.
#[allow(unsafe_code)]
fn writer_finished() -> Answer {
    let target = target(&[]);
    let writer = target.add_file(&entry(b"a", files::Kind::File(0))).unwrap();
    let again = unsafe { files::Writer::from_handle(writer.handle()) };
    files::Writer::finish(writer).unwrap();
    refused(again.append(b"more"))
}

fn drafts_endless() -> Answer {
    let mut kept = Vec::new();
    loop {
        match storage::Draft::create(LOCAL, &format!("{}.tar", kept.len())) {
            Ok(draft) => kept.push(draft),
            Err(error) => return refused::<()>(Err(error)),
        }
    }
}

/// Paths at which nothing can be staged.
const PATHS: &[&[u8]] = &[
    b"../evil",
    b"../../etc/evil",
    b"/etc/evil",
    b"..",
    b".",
    b"",
    b"a/../../evil",
    b"a//b",
    b"a/",
    b"a\0b",
    b"out/evil",
];

fn target_outside() -> Answer {
    use files::Kind;
    let target = target(&[]);
    target.add(&entry(b"out", Kind::Symlink(b"/etc".to_vec()))).unwrap();
    let mut asked = Asked::default();
    for path in PATHS {
        let path: &[u8] = path;
        let name = |kind: &str| [kind.as_bytes(), b" ", path].concat();
        asked.ask_briefly(name("file"), target.add_file(&entry(path, Kind::File(0))));
        asked.ask_briefly(name("symlink"), target.add(&entry(path, Kind::Symlink(b"/etc".to_vec()))));
        asked.ask_briefly(name("hard link to"), target.add(&entry(b"hard", Kind::HardLink(path.to_vec()))));
        // The empty path is the directory itself, which may get its mode and time.
        if !path.is_empty() {
            asked.ask_briefly(name("directory"), target.add(&entry(path, Kind::Directory)));
        }
    }
    asked.ask_briefly("hard link to a symlink", target.add(&entry(b"hard", Kind::HardLink(b"out".to_vec()))));
    asked.ask_briefly("over a symlink", target.add_file(&entry(b"out", Kind::File(0))));
    asked.answer()
}

fn target_unfinished() -> Answer {
    let target = target(&[]);
    let writer = target.add_file(&entry(b"a", files::Kind::File(4))).unwrap();
    let mut asked = Asked::default();
    asked.ask("more than announced", writer.append(b"hello"));
    asked.ask("less than announced", files::Writer::finish(writer));
    asked.ask("commit", files::Target::commit(target));
    asked.answer()
}

/// Writes that an action that only reads has no right to.
fn write_anything() -> Answer {
    let mut asked = Asked::default();
    asked.ask("draft", storage::Draft::create(LOCAL, NAME));
    asked.ask("replacement", storage::Draft::replace(LOCAL, "old.tar"));
    asked.ask("delete", storage::delete(LOCAL, "old.tar"));
    asked.ask("target", files::Target::open(&files::Scope::AllBut(Vec::new()), true));
    asked.answer()
}
