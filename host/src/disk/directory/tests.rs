//! Traps that another user can set in a directory: links, FIFOs, sockets, and names that are exchanged at any moment.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::disk::atomic;

/// The name of a trap, and the function that sets it.
type Trap = (&'static str, Box<dyn Fn()>);

/// Everything that another user can put in the place of a file. Links lead to `elsewhere`.
fn traps(place: &Path, elsewhere: &Path) -> [Trap; 5] {
    let (place, elsewhere) = (place.to_owned(), elsewhere.to_owned());
    let theirs = |path: &Path| fs::write(path, "theirs").unwrap();
    let (p, e) = (place.clone(), elsewhere.clone());
    let dangling = move || symlink(&e, &p).unwrap();
    let (p, e) = (place.clone(), elsewhere.clone());
    let to_a_file = move || {
        theirs(&e);
        symlink(&e, &p).unwrap();
    };
    let (p, e) = (place.clone(), elsewhere);
    let hard = move || {
        theirs(&e);
        fs::hard_link(&e, &p).unwrap();
    };
    let p = place.clone();
    let fifo = move || assert!(std::process::Command::new("mkfifo").arg(&p).status().unwrap().success());
    let socket = move || drop(std::os::unix::net::UnixListener::bind(&place).unwrap());
    [
        ("a dangling link", Box::new(dangling)),
        ("a link to a file", Box::new(to_a_file)),
        ("another name of a file", Box::new(hard)),
        ("a FIFO", Box::new(fifo)),
        ("a socket", Box::new(socket)),
    ]
}

struct Case {
    _root: tempfile::TempDir,
    directory: Directory,
    place: PathBuf,
    elsewhere: PathBuf,
}

impl Case {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let (inside, elsewhere) = (root.path().join("inside"), root.path().join("elsewhere"));
        let directory = Directory::make(&inside, 0o700).unwrap();
        Self { _root: root, directory, place: inside.join("name"), elsewhere }
    }

    /// Whether the file outside the directory is unchanged.
    fn is_untouched(&self) -> bool {
        fs::read(&self.elsewhere).map_or(true, |bytes| bytes == b"theirs")
    }
}

#[test]
fn creating_a_file_never_follows_what_has_its_name() {
    for number in 0..5 {
        let case = Case::new();
        let (name, set) = &traps(&case.place, &case.elsewhere)[number];
        set();
        let before = case.elsewhere.exists();
        let error = case.directory.create_new("name", 0o600).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{name}");
        assert!(case.is_untouched() && case.elsewhere.exists() == before, "{name}");
    }
}

#[test]
fn only_regular_files_are_opened_and_opening_never_blocks() {
    for number in [0, 1, 3, 4] {
        let case = Case::new();
        let (name, set) = &traps(&case.place, &case.elsewhere)[number];
        set();
        let opened = [
            case.directory.open_existing("name"),
            case.directory.open_to_write("name"),
            case.directory.open_to_append("name", 0o600),
        ];
        for error in opened.map(Result::unwrap_err) {
            assert!(error.to_string().starts_with("it is a "), "{name}: {error}");
        }
        assert!(case.is_untouched(), "{name}");
    }
}

#[test]
fn replacing_and_removing_never_follow_a_link() {
    for number in 0..5 {
        let case = Case::new();
        let (name, set) = &traps(&case.place, &case.elsewhere)[number];
        set();
        let draft = atomic::draft(&case.directory, ".draft-", b"ours").unwrap();
        atomic::replace(draft, "name").unwrap();
        assert_eq!(fs::read(&case.place).unwrap(), b"ours", "{name}");
        assert!(case.is_untouched(), "{name}");
        fs::remove_file(&case.place).unwrap();
        let _ = fs::remove_file(&case.elsewhere);
        set();
        case.directory.remove("name").unwrap();
        assert!(case.is_untouched(), "{name}");
        assert_eq!(case.directory.names().unwrap(), [""; 0], "{name}");
    }
}

/// Another thread exchanges the name between nothing, a dangling link and a link to a file, as fast as it can, while files of that name are
/// created, opened and replaced.
#[test]
fn a_name_that_is_exchanged_at_any_moment_is_never_followed() {
    const ROUNDS: usize = 3000;
    let case = Case::new();
    let theirs = case.place.with_file_name("theirs");
    fs::write(&theirs, "theirs").unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                for target in [&case.elsewhere, &theirs] {
                    let _ = symlink(target, &case.place);
                    let _ = fs::remove_file(&case.place);
                }
            }
        });
        let mut made = 0;
        for round in 0..ROUNDS {
            match round % 3 {
                0 => made += usize::from(case.directory.create_new("name", 0o600).is_ok_and(written)),
                1 => made += usize::from(case.directory.open_to_append("name", 0o600).is_ok_and(written)),
                _ => {
                    let draft = atomic::draft(&case.directory, ".draft-", b"ours").unwrap();
                    let _ = atomic::replace(draft, "name");
                }
            }
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(made > 0);
    });
    assert!(!case.elsewhere.exists());
    assert_eq!(fs::read(&theirs).unwrap(), b"theirs");
}

fn written(file: File) -> bool {
    std::io::Write::write_all(&mut &file, b"ours").is_ok()
}

#[test]
fn setting_permissions_never_follows_a_link() {
    let case = Case::new();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    fs::write(&case.place, "").unwrap();
    fs::set_permissions(&case.place, Permissions::from_mode(0o644)).unwrap();
    case.directory.set_mode("name", 0o600).unwrap();
    assert_eq!(mode(&case.place), 0o600);
    fs::write(&case.elsewhere, "theirs").unwrap();
    fs::set_permissions(&case.elsewhere, Permissions::from_mode(0o644)).unwrap();
    fs::remove_file(&case.place).unwrap();
    symlink(&case.elsewhere, &case.place).unwrap();
    let _ = case.directory.set_mode("name", 0o600);
    assert_eq!(mode(&case.elsewhere), 0o644);
}

#[test]
fn renaming_to_a_taken_name_fails() {
    let case = Case::new();
    fs::write(&case.place, "there").unwrap();
    drop(case.directory.create_new("new", 0o600).unwrap());
    let error = case.directory.rename_new("new", "name").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    case.directory.rename_new("new", "free").unwrap();
    assert_eq!(fs::read(&case.place).unwrap(), b"there");
}
