//! Entries that a backup cannot store: sockets, FIFOs, devices and paths that are too long. Also homes with very many files.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::Path;

use larder_tests::{TestHome, missing};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};

use super::{comes_back, must_equal, restored, skipped, tree};

#[test]
fn sockets_fifos_and_devices_are_named_and_everything_else_comes_back() {
    let home = TestHome::example();
    home.write("run/file.txt", "beside them");
    let before = tree(&home);
    let _socket = UnixListener::bind(home.path("run/socket")).unwrap();
    rustix::fs::mkfifoat(CWD, home.path("run/fifo"), Mode::RUSR | Mode::WUSR).unwrap();
    rustix::fs::mkfifoat(CWD, home.path("run/fifo.db"), Mode::RUSR | Mode::WUSR).unwrap();
    let said =
        |path: &str, what: &str| (path.to_owned(), format!("it is {what}, which a backup cannot store"));
    let mut reasons =
        vec![said("run/fifo", "a FIFO"), said("run/fifo.db", "a FIFO"), said("run/socket", "a socket")];
    for (name, kind) in [("block", FileType::BlockDevice), ("character", FileType::CharacterDevice)] {
        let path = format!("run/{name}");
        let number = rustix::fs::makedev(1, 3);
        match rustix::fs::mknodat(CWD, home.path(&path), kind, Mode::RUSR, number) {
            Ok(()) => reasons.push(said(&path, "a device")),
            Err(_) => missing("the right to make a device"),
        }
    }
    reasons.sort();
    assert_eq!(skipped(&home.larder(&["--json", "create", "--dry-run"]).exits(3)), reasons);
    assert_eq!(skipped(&home.larder(&["--json", "create"]).exits(3)), reasons);
    must_equal(&without(comes_back(&home), "run"), &without(before, "run"));
    // Excluded on purpose, they are not reported.
    home.larder(&["--json", "create", "--exclude", "run"]).exits(0);
}

/// Removes a directory from the tree: its time shows that something was created in it.
fn without(mut tree: super::Tree, path: &str) -> super::Tree {
    assert!(tree.remove(Path::new(path)).is_some());
    tree
}

/// Nested directories with a file in the innermost. Entered one by one, since the path may be too long for the system.
fn nest(root: &Path, depth: usize, name: &str) {
    let mut directory = enter(CWD, root).unwrap();
    for _ in 0..depth {
        rustix::fs::mkdirat(&directory, name, Mode::RWXU).unwrap();
        directory = enter(&directory, Path::new(name)).unwrap();
    }
    let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
    rustix::fs::openat(&directory, "file.txt", flags, Mode::RUSR).unwrap();
}

/// How many of these directories exist, and whether the file is in the innermost.
fn nested(root: &Path, name: &str) -> (usize, bool) {
    let (mut depth, mut directory) = (0, enter(CWD, root).unwrap());
    while let Ok(below) = enter(&directory, Path::new(name)) {
        (depth, directory) = (depth + 1, below);
    }
    (depth, rustix::fs::statat(&directory, "file.txt", AtFlags::SYMLINK_NOFOLLOW).is_ok())
}

fn enter(above: impl AsFd, name: &Path) -> rustix::io::Result<OwnedFd> {
    rustix::fs::openat(above, name, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

#[test]
fn what_lies_too_deep_to_be_restored_is_named_and_everything_else_comes_back() {
    let (long, short) = ("n".repeat(255), "d".to_owned());
    // The depth, the name of each directory, how many are restored, and the reason if not all.
    let cases = [
        (15, &long, 15, None),
        (255, &short, 255, None),
        (16, &long, 16, Some("its path is longer than 4095 bytes")),
        (17, &long, 16, Some("its path is longer than 4095 bytes")),
        (256, &short, 256, Some("it is more than 256 levels deep")),
        (300, &short, 256, Some("it is more than 256 levels deep")),
    ];
    for (depth, name, kept, reason) in cases {
        let home = TestHome::new();
        nest(&home.config(), depth, name);
        let run = home.larder(&["--json", "create"]).exits(if reason.is_some() { 3 } else { 0 });
        let reasons: Vec<_> = skipped(&run).into_iter().map(|(_, reason)| reason).collect();
        assert_eq!(reasons, Vec::from_iter(reason.map(str::to_owned)));
        let restored = restored(&home);
        assert_eq!(nested(&restored, name), (kept, reason.is_none()));
        assert!(restored.join("configuration.yaml").is_file());
    }
}

#[test]
fn a_home_of_twenty_thousand_tiny_files_comes_back() {
    let home = TestHome::new();
    for n in 0..20_000 {
        let content = if n % 3 == 0 { String::new() } else { n.to_string() };
        home.write(format!("many/{}/{}/{n}", n % 10, n % 41), content);
    }
    let before = tree(&home);
    let created = home.larder(&["--json", "create"]).exits(0).json();
    assert_eq!(created["files"], 20_002);
    must_equal(&comes_back(&home), &before);
}
