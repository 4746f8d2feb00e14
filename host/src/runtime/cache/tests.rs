//! Entries that the cache accepts, and those that lead to compiling.

use std::fs::{self, FileTimes, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::*;
use wasmtime::Config;

/// The least component there is.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

struct Kept {
    _directory: tempfile::TempDir,
    root: PathBuf,
    engine: Engine,
    entry: Entry,
}

impl Kept {
    /// A cache that holds the empty component.
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("compiled");
        let engine = Engine::default();
        let entry = Entry::new(&root, &engine, EMPTY).unwrap();
        entry.store(&Component::new(&engine, EMPTY).unwrap());
        Self { _directory: directory, root, engine, entry }
    }

    fn is_believed(&self) -> bool {
        self.entry.load(&self.engine).is_some()
    }

    fn path(&self) -> PathBuf {
        self.root.join(self.entry.name())
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap()
    }
}

#[test]
fn what_was_stored_is_loaded_and_readable_to_its_owner_alone() {
    let kept = Kept::new();
    assert!(kept.is_believed());
    for (path, mode) in [(&kept.root, 0o40700), (&kept.path(), 0o100_600)] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode(), mode);
    }
}

#[test]
fn a_flipped_bit_is_noticed_wherever_it_is() {
    let kept = Kept::new();
    let good = kept.bytes();
    for at in (0..good.len()).step_by(61) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        fs::write(kept.path(), bad).unwrap();
        assert!(!kept.is_believed(), "byte {at} of {}", good.len());
    }
}

#[test]
fn a_cut_or_longer_entry_is_noticed_and_replaced() {
    let kept = Kept::new();
    let good = kept.bytes();
    let longer = [&good[..], b"more"].concat();
    let cuts = (0..good.len()).step_by(61).map(|length| &good[..length]);
    for bad in cuts.chain([&longer[..], &vec![0; good.len()]]) {
        fs::write(kept.path(), bad).unwrap();
        assert!(!kept.is_believed(), "{} of {} bytes", bad.len(), good.len());
    }
    kept.entry.store(&Component::new(&kept.engine, EMPTY).unwrap());
    assert!(kept.is_believed());
}

#[test]
fn an_entry_under_the_name_of_another_component_or_engine_is_not_believed() {
    let kept = Kept::new();
    let mut custom = EMPTY.to_vec();
    custom.extend(b"\0\x05\x04name");
    let mut config = Config::new();
    config.epoch_interruption(true);
    let ticking = Engine::new(&config).unwrap();
    for (engine, wasm) in [(&kept.engine, &custom[..]), (&ticking, EMPTY)] {
        let other = Entry::new(&kept.root, engine, wasm).unwrap();
        assert!(other.load(engine).is_none());
        fs::copy(kept.path(), kept.root.join(other.name())).unwrap();
        assert!(other.load(engine).is_none());
    }
}

#[test]
fn an_entry_that_others_can_write_own_or_that_is_no_plain_file_is_not_believed() {
    let kept = Kept::new();
    let path = kept.path();
    for mode in [0o620, 0o602, 0o666] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        assert!(!kept.is_believed(), "{mode:o}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    assert!(kept.is_believed());
    // Only root can give files away.
    if chown(&path, Some(65534), None).is_ok() {
        assert!(!kept.is_believed());
        chown(&path, Some(0), None).unwrap();
    }
    let elsewhere = kept.root.join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    symlink(&elsewhere, &path).unwrap();
    assert!(!kept.is_believed());
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(!kept.is_believed());
}

#[test]
fn a_directory_that_others_can_write_to_or_replace_holds_no_entries() {
    let directory = tempfile::tempdir().unwrap();
    let (above, below) = (directory.path().join("above"), directory.path().join("above/below"));
    let engine = Engine::default();
    let is_used = || Entry::new(&below, &engine, EMPTY).is_some();
    assert!(is_used());
    for place in [&above, &below] {
        for mode in [0o720, 0o702] {
            fs::set_permissions(place, Permissions::from_mode(mode)).unwrap();
            assert!(!is_used(), "{} {mode:o}", place.display());
        }
        fs::set_permissions(place, Permissions::from_mode(0o700)).unwrap();
    }
    assert!(is_used());
}

#[test]
fn storing_removes_what_is_old_and_nothing_else() {
    let kept = Kept::new();
    let file = |name: &str, age: Duration| {
        let path = kept.root.join(name);
        let written = SystemTime::now() - age;
        File::create(&path).unwrap().set_times(FileTimes::new().set_modified(written)).unwrap();
        path
    };
    let old = file("old", COMPILED_KEPT + Duration::from_secs(60));
    let recent = file("recent", COMPILED_KEPT / 2);
    kept.entry.store(&Component::new(&kept.engine, EMPTY).unwrap());
    assert!(!old.exists() && recent.exists() && kept.is_believed());
}

#[test]
fn what_cannot_be_stored_is_no_error() {
    let kept = Kept::new();
    fs::remove_dir_all(&kept.root).unwrap();
    kept.entry.store(&Component::new(&kept.engine, EMPTY).unwrap());
    assert!(!kept.is_believed());
}

#[test]
fn what_is_mapped_can_be_changed_by_nobody() {
    let mut file = code::file().unwrap();
    file.write_all(EMPTY).unwrap();
    code::seal(&file).unwrap();
    for changed in [file.write_all(b"more"), file.set_len(1), file.set_len(100)] {
        assert_eq!(changed.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }
    assert_eq!(file.metadata().unwrap().len(), EMPTY.len() as u64);
}

#[test]
fn where_nothing_can_be_mapped_the_same_code_is_read_into_memory() {
    let kept = Kept::new();
    assert!(kept.entry.copied(&kept.engine).is_ok());
    fs::write(kept.path(), &kept.bytes()[1..]).unwrap();
    assert!(kept.entry.copied(&kept.engine).is_err());
}
