//! The guarantees of a restore: the state of a directory before and after.

mod hostile;
mod in_use;
mod interruption;
mod replacement;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::metadata::is_root;
use super::*;
use crate::error::{Error, Result};
use crate::model::{Entry, Kind, Owner, Scope, Timestamp};

const MIB: usize = 1 << 20;

/// Kind, mode, owner, time and content of each path.
type Tree = BTreeMap<Vec<u8>, String>;

/// A home in a temporary directory.
struct Home {
    _temporary: tempfile::TempDir,
    path: PathBuf,
}

impl Drop for Home {
    /// Also removes directories that even their owner may not change.
    fn drop(&mut self) {
        let above = fs::File::open(self.path.parent().unwrap()).unwrap();
        remove::remove(above.as_fd(), b"home").unwrap();
    }
}

impl Home {
    fn empty() -> Self {
        Self::within(tempfile::tempdir().unwrap())
    }

    /// In memory where possible: syncing waits for the disk that all tests share.
    fn in_memory() -> Self {
        Self::within(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap())
    }

    fn within(temporary: tempfile::TempDir) -> Self {
        let path = temporary.path().canonicalize().unwrap().join("home");
        fs::create_dir(&path).unwrap();
        Self { _temporary: temporary, path }
    }

    fn with(files: &[&str]) -> Self {
        let this = Self::empty();
        files.iter().for_each(|name| this.write(name, "old"));
        this
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path.join(name)).ok()
    }

    fn options(&self) -> Options {
        let (directory, steps) = (self.path.clone(), Steps::default());
        Options { directory, keep: Vec::new(), reserve: 0, keep_setuid: false, steps }
    }

    fn open(&self, scope: Scope) -> Result<Target> {
        Target::open(self.options(), scope, false)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&self.path)
            .unwrap()
            .map(|item| item.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

/// Everything below a directory, and the directory itself without its time.
fn tree(root: &Path) -> Tree {
    let mut all = Tree::new();
    let mut waiting = vec![root.to_path_buf()];
    while let Some(path) = waiting.pop() {
        let status = path.symlink_metadata().unwrap();
        let content = if status.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|item| item.unwrap().path()));
            "directory".to_owned()
        } else if status.is_symlink() {
            format!("link to {:?}", fs::read_link(&path).unwrap())
        } else {
            format!("{} {:?}", status.nlink(), fs::read(&path).unwrap())
        };
        let time = if path == root { (0, 0) } else { (status.mtime(), status.mtime_nsec()) };
        let description = format!("{:o} {}:{} {time:?} {content}", status.mode(), status.uid(), status.gid());
        all.insert(path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec(), description);
    }
    all
}

fn all() -> Scope {
    Scope::AllBut(Vec::new())
}

fn names(names: &[&str]) -> Vec<Vec<u8>> {
    names.iter().map(|name| name.as_bytes().to_vec()).collect()
}

fn us() -> Owner {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    Owner { uid, gid, ..Owner::default() }
}

fn entry(path: impl AsRef<[u8]>, kind: Kind) -> Entry {
    let mode = if kind == Kind::Directory { 0o755 } else { 0o644 };
    let modified = Timestamp { seconds: 1_700_000_000, nanoseconds: 123_456_789 };
    Entry { path: path.as_ref().to_vec(), kind, mode, owner: us(), modified, identity: None }
}

fn directory(path: impl AsRef<[u8]>) -> Entry {
    entry(path, Kind::Directory)
}

fn symlink(path: &str, says: impl AsRef<[u8]>) -> Entry {
    entry(path, Kind::Symlink(says.as_ref().to_vec()))
}

fn hard_link(path: &str, file: &str) -> Entry {
    entry(path, Kind::HardLink(file.as_bytes().to_vec()))
}

fn put(target: &mut Target, path: impl AsRef<[u8]>, text: impl AsRef<[u8]>) -> Result<()> {
    put_as(target, entry(path, Kind::File(text.as_ref().len() as u64)), text)
}

fn put_as(target: &mut Target, entry: Entry, text: impl AsRef<[u8]>) -> Result<()> {
    let mut writer = target.add_file(&entry)?;
    writer.append(text.as_ref())?;
    writer.finish()
}

fn refusal<T>(outcome: Result<T>) -> Error {
    outcome.err().expect("that should have been refused")
}

#[test]
fn odd_modes_owners_times_and_names_come_back_equal() {
    let home = Home::with(&["old.yaml"]);
    let options = Options { keep_setuid: true, ..home.options() };
    let mut target = Target::open(options, all(), false).unwrap();
    let long = "n".repeat(255);
    let foreign = Owner { uid: 1234, gid: 5678, ..Owner::default() };
    let owner = if is_root() { foreign } else { us() };
    let before = Timestamp { seconds: -86_400, nanoseconds: 999_999_999 };
    let odd =
        |path: &[u8], kind, mode| Entry { mode, owner: owner.clone(), modified: before, ..entry(path, kind) };
    target.add(&odd(b"", Kind::Directory, 0o2750)).unwrap();
    target.add(&odd(b"locked", Kind::Directory, 0o500)).unwrap();
    target.add(&odd(b"locked/inner", Kind::Directory, 0o1777)).unwrap();
    put_as(&mut target, odd(b"locked/inner/tool", Kind::File(3), 0o106_755), "abc").unwrap();
    put_as(&mut target, odd(b"secret \xff\n", Kind::File(0), 0o0), "").unwrap();
    put(&mut target, format!("deep/{long}/{long}/file"), "deep").unwrap();
    target.add(&odd(b"link", Kind::Symlink(b"/nowhere/\xfe".to_vec()), 0o777)).unwrap();
    target.commit().unwrap();

    let status = |path: &[u8]| home.path.join(OsStr::from_bytes(path)).symlink_metadata().unwrap();
    let expected: [(&[u8], u32); 5] = [
        (b"", 0o42750),
        (b"locked", 0o40500),
        (b"locked/inner", 0o41777),
        (b"secret \xff\n", 0o100_000),
        (b"link", 0o120_777),
    ];
    for (path, mode) in expected {
        let status = status(path);
        assert_eq!((status.mode(), status.uid(), status.gid()), (mode, owner.uid, owner.gid), "{path:?}");
        assert_eq!((status.mtime(), status.mtime_nsec()), (-86_400, 999_999_999), "{path:?}");
    }
    assert_eq!(status(b"locked/inner/tool").mode(), 0o106_755);
    assert_eq!(fs::read(home.path.join(format!("deep/{long}/{long}/file"))).unwrap(), b"deep");
    assert_eq!(fs::read_link(home.path.join("link")).unwrap().as_os_str().as_bytes(), b"/nowhere/\xfe");
    assert_eq!(status(b"deep").mode(), 0o40755, "what was only made on the way is usable");
    assert!(!home.path.join("old.yaml").exists());
}

#[test]
fn hard_links_are_one_file_again_and_directories_may_come_after_what_they_hold() {
    let home = Home::empty();
    let mut target = home.open(all()).unwrap();
    put(&mut target, "www/one", "shared").unwrap();
    target.add(&hard_link("other/two", "www/one")).unwrap();
    let www = Entry { mode: 0o711, ..directory("www") };
    target.add(&www).unwrap();
    target.commit().unwrap();
    let inode = |name: &str| home.path.join(name).metadata().unwrap().ino();
    assert_eq!(inode("www/one"), inode("other/two"));
    let status = home.path.join("www").metadata().unwrap();
    assert_eq!((status.mode(), status.mtime()), (0o40711, 1_700_000_000));
}

#[test]
fn a_set_user_id_bit_is_not_given_to_somebody_else() {
    let home = Home::empty();
    let mut target = home.open(all()).unwrap();
    let owner = Owner { uid: if is_root() { u32::MAX } else { 0 }, ..us() };
    put_as(&mut target, Entry { mode: 0o4755, owner, ..entry("tool", Kind::File(1)) }, "x").unwrap();
    target.commit().unwrap();
    assert_eq!(home.path.join("tool").metadata().unwrap().mode(), 0o100_755);
}

#[test]
fn long_runs_of_zeros_take_no_space_and_every_byte_comes_back() {
    let home = Home::empty();
    let mut target = home.open(all()).unwrap();
    let mut content = vec![0_u8; 8 * MIB];
    for at in [0, 1, 4095, 4096, 70_001, 3 * MIB + 17, 3 * MIB + 9000, 5 * MIB, 7 * MIB - 1] {
        content[at] = 7;
    }
    let before = target.available();
    let mut writer = target.add_file(&entry("sparse", Kind::File(content.len() as u64))).unwrap();
    let mut rest = content.as_slice();
    for step in [1, 511, 4096, 65_537, 300_000, 17].into_iter().cycle() {
        let (now, later) = rest.split_at(rest.len().min(step));
        writer.append(now).unwrap();
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    writer.finish().unwrap();
    assert!(before - target.available() < MIB as u64);
    target.commit().unwrap();
    assert!(fs::read(home.path.join("sparse")).unwrap() == content);
    assert!(home.path.join("sparse").metadata().unwrap().blocks() * 512 < MIB as u64);
}

#[test]
fn a_target_that_is_dropped_leaves_nothing_behind() {
    let home = Home::with(&["a", "b/c"]);
    let before = tree(&home.path);
    let mut target = home.open(all()).unwrap();
    put(&mut target, "a", "new").unwrap();
    let unfinished = target.add_file(&entry("locked/b", Kind::File(3))).unwrap();
    drop(target);
    drop(unfinished);
    assert_eq!(tree(&home.path), before);
}

#[test]
fn more_bytes_than_may_be_used_are_refused_with_figures() {
    let home = Home::empty();
    let free = home.open(all()).unwrap().available();
    let reserve = free.saturating_sub(MIB as u64);
    let mut target = Target::open(Options { reserve, ..home.options() }, all(), false).unwrap();
    let mut writer = target.add_file(&entry("big", Kind::File(16 * MIB as u64))).unwrap();
    let error = (0..16).find_map(|_| writer.append(&vec![1; MIB]).err()).expect("a refusal");
    assert!(
        matches!(&error, Error::NoSpace(text) if text.starts_with("not enough space for big: ") && text.contains(" may still be used")),
        "{error}"
    );
    assert!(
        matches!(refusal(target.commit()), Error::Invalid(_)),
        "an unfinished file keeps it from being committed"
    );
    assert_eq!(home.names(), Vec::<String>::new());
}

#[test]
fn a_file_gets_exactly_the_announced_size() {
    let home = Home::empty();
    let mut target = home.open(all()).unwrap();
    let mut writer = target.add_file(&entry("short", Kind::File(3))).unwrap();
    writer.append(b"ab").unwrap();
    assert_eq!(
        refusal(writer.append(b"cd")).to_string(),
        "short was announced with 3 bytes, but 4 were written"
    );
    assert_eq!(
        refusal(writer.finish()).to_string(),
        "short was announced with 3 bytes, but only 2 were written"
    );
    let error = refusal(target.commit());
    assert_eq!(error.to_string(), "short was not written completely: nothing was restored");
}
