//! A home with every kind of entry that a Unix tree can contain and a backup must restore: the cases, as data.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};

use larder_tests::{TestHome, missing};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps};

/// The precision of the home's times. Python's archives keep no more than microseconds reliably.
#[derive(Clone, Copy)]
pub enum Grain {
    Nanoseconds = 1,
    Microseconds = 1000,
}

type Bytes = Cow<'static, [u8]>;

#[derive(Clone)]
enum Kind {
    Directory,
    File(Bytes),
    Symlink(Bytes),
    /// Another name of that earlier file.
    HardLink(Bytes),
}

struct Thing {
    path: Bytes,
    kind: Kind,
    mode: u32,
    owner: Option<(u32, u32)>,
    mtime: (i64, u32),
}

/// The values of everything else.
const MTIME: (i64, u32) = (1_795_444_780, 988_981_713);

impl Thing {
    fn new(path: impl Into<Bytes>, kind: Kind, mode: u32) -> Self {
        Self { path: path.into(), kind, mode, owner: None, mtime: MTIME }
    }

    fn mode(self, mode: u32) -> Self {
        Self { mode, ..self }
    }

    fn of(self, uid: u32, gid: u32) -> Self {
        Self { owner: Some((uid, gid)), ..self }
    }

    fn at(self, seconds: i64, nanoseconds: u32) -> Self {
        Self { mtime: (seconds, nanoseconds), ..self }
    }
}

fn directory(path: &'static [u8]) -> Thing {
    Thing::new(path, Kind::Directory, 0o755)
}

fn file(path: impl Into<Bytes>, content: impl Into<Bytes>) -> Thing {
    Thing::new(path, Kind::File(content.into()), 0o644)
}

fn link(path: &'static [u8], target: impl Into<Bytes>) -> Thing {
    Thing::new(path, Kind::Symlink(target.into()), 0o777)
}

fn same(path: &'static [u8], earlier: impl Into<Bytes>) -> Thing {
    Thing::new(path, Kind::HardLink(earlier.into()), 0o644)
}

/// A path of `length` bytes whose parts have at most 120.
fn long(start: &str, length: usize) -> Vec<u8> {
    let part = |at: usize| if at.is_multiple_of(121) { b'/' } else { b'a' + (at % 26) as u8 };
    start.bytes().chain((1..).map(part)).take(length).collect()
}

fn things() -> Vec<Thing> {
    let parts = [contents(), modes_and_owners(), links(), names(), long_names(), times()];
    parts.into_iter().flatten().collect()
}

fn contents() -> Vec<Thing> {
    let bytes = |count: usize| (0..count).map(|n| (n * 31 % 251) as u8).collect::<Vec<_>>();
    let mut things: Vec<_> = [0, 1, 511, 512, 513, 10_240, 262_144, 262_145, 1_000_003]
        .map(|count| file(format!("contents/{count}.bin").into_bytes(), bytes(count)))
        .into();
    things.extend([
        directory(b"empty"),
        directory(b"empty/and/deep"),
        directory(b"backups"),
        file(b"backups/kept.txt", b"not an archive"),
        file(b"www/backups/album.tar", b"named like a backup, deeper down"),
        file(b"home-assistant_v2.db", b"not a database"),
    ]);
    things
}

fn modes_and_owners() -> Vec<Thing> {
    vec![
        file(b"modes/set-id", b"#!").mode(0o6755).of(1234, 5678),
        file(b"modes/set-group", b"#!").mode(0o2755).of(0, 5678),
        file(b"modes/group-write", b"").mode(0o664).of(1234, 5678),
        file(b"modes/everyone", b"").mode(0o666),
        file(b"modes/nobody", b"secret").mode(0),
        directory(b"modes/shared").mode(0o2775).of(1234, 5678),
        directory(b"modes/sticky").mode(0o1777),
        directory(b"modes/read-only").mode(0o555),
        file(b"modes/read-only/inside", b"x").mode(0o400),
        file(b"owners/high", b"").of(3_000_000, 4_000_000_000),
        link(b"owners/link", b"high").of(1234, 5678),
    ]
}

fn links() -> Vec<Thing> {
    vec![
        link(b"links/relative", b"../contents/513.bin"),
        link(b"links/absolute", b"/etc/hostname"),
        link(b"links/dangling", b"nowhere/at all"),
        link(b"links/to-directory", b"../empty"),
        link(b"links/to-itself", b"to-itself"),
        link(b"links/upwards", b"../../../../outside"),
        link(b"links/long", long("../", 300)),
        link(b"links/latin-\xfc", b"m\xfcnchen"),
        file(b"links/a-first", b"three names, one file"),
        same(b"links/b-second", b"links/a-first"),
        same(b"zzz/third", b"links/a-first"),
        file(b"links/\xe4-first", b"two names, one not UTF-8"),
        same(b"links/\xf6-second", b"links/\xe4-first"),
    ]
}

fn names() -> Vec<Thing> {
    let names: [&[u8]; 18] = [
        "Grundriss Küche · 台所.svg".as_bytes(),
        "caf\u{e9}".as_bytes(),
        "cafe\u{301}".as_bytes(),
        "🏡/🚪".as_bytes(),
        b"latin-\xe4\xf6\xfc.txt",
        b"\xff\xfe/\x80",
        b"two\nlines.txt",
        b"\nfirst",
        b"tab\tand\x07bell\x7f",
        b"back\\slash",
        b" blanks ",
        b"\"quoted\" 'twice'",
        b"-rf",
        b"..hidden",
        b"...",
        b"100=percent %s",
        b"12 path=data/elsewhere\n",
        b"data/data",
    ];
    names.into_iter().map(|name| file([b"names/", name].concat(), name)).collect()
}

/// Around each limit of a tar header: `data/` takes five bytes of them.
fn long_names() -> Vec<Thing> {
    let mut things: Vec<_> = [94, 95, 96, 150, 155, 156, 250, 251, 256, 300, 1000]
        .map(|length| file(long("long", length), b"x"))
        .into();
    let widest = |start: &str| [start.as_bytes(), &[b'n'; 255]].concat();
    things.push(file(widest(""), b"255 bytes in one part"));
    let umlauts = "ü".repeat(127);
    things.push(file(umlauts.into_bytes(), b"254 bytes in one part"));
    things.push(file(long("first name", 200), b"a long name linked to"));
    things.push(same(b"a-short-name", long("first name", 200)));
    things.push(Thing::new(widest("wide/"), Kind::Directory, 0o750));
    things
}

fn times() -> Vec<Thing> {
    vec![
        file(b"times/epoch", b"").at(0, 0),
        file(b"times/first microsecond", b"").at(0, 1_000),
        file(b"times/just before", b"").at(-1, 999_999_000),
        file(b"times/half before", b"").at(-1, 500_000_000),
        file(b"times/1938", b"").at(-1_000_000_000, 250_000_000),
        file(b"times/1906", b"").at(-2_000_000_000, 123_456_789),
        file(b"times/last nanosecond", b"").at(1_795_444_779, 999_999_999),
        file(b"times/whole", b"").at(1_795_444_779, 0),
        file(b"times/2100", b"").at(4_102_444_800, 654_321_987),
        directory(b"times/directory").at(-86_400, 7_000),
        link(b"times/link", b"whole").at(-1_795_444_779, 987_654_321),
    ]
}

/// Makes the home. Only root can give files away; otherwise all belong to the user who runs the tests.
pub fn home(grain: Grain) -> TestHome {
    let home = TestHome::new();
    let things = things();
    things.iter().for_each(|thing| make(&home, thing));
    settle(&home.config(), MTIME, grain);
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        for thing in &things {
            let owner = thing.owner.unwrap_or((0, 0));
            lchown(home.path(&thing.path), Some(owner.0), Some(owner.1)).unwrap();
        }
    } else {
        missing("root, who can give files to others,");
    }
    // Only root could back up a file that no user may read.
    let readable = if is_root { 0 } else { 0o400 };
    // Last, and the deepest first: changing the owner clears set-id bits, and a directory's time follows its content.
    for thing in things.iter().rev() {
        let path = home.path(&thing.path);
        if !matches!(thing.kind, Kind::Symlink(_) | Kind::HardLink(_)) {
            fs::set_permissions(&path, Permissions::from_mode(thing.mode | readable)).unwrap();
        }
        set_mtime(&path, thing.mtime, grain);
    }
    home
}

fn make(home: &TestHome, thing: &Thing) {
    let path = home.path(&thing.path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    match &thing.kind {
        Kind::Directory => fs::create_dir_all(path).unwrap(),
        Kind::File(content) => fs::write(path, content).unwrap(),
        Kind::Symlink(target) => symlink(OsStr::from_bytes(target), path).unwrap(),
        Kind::HardLink(earlier) => fs::hard_link(home.path(earlier), path).unwrap(),
    }
}

/// One time for all, the deepest first.
fn settle(path: &Path, mtime: (i64, u32), grain: Grain) {
    if fs::symlink_metadata(path).unwrap().is_dir() {
        let children: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        children.iter().for_each(|child| settle(child, mtime, grain));
    }
    set_mtime(path, mtime, grain);
}

pub fn set_mtime(path: &Path, (seconds, nanoseconds): (i64, u32), grain: Grain) {
    let grain = grain as u32;
    let time = Timespec { tv_sec: seconds, tv_nsec: (nanoseconds / grain * grain).into() };
    let times = Timestamps { last_access: time, last_modification: time };
    rustix::fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}
