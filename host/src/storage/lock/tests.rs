//! Lock files on a disk: their permissions, and the process that messages name as the holder.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::Lock;
use super::file::{Failure, LockFile};
use crate::disk::directory::Directory;
use crate::error::Result;

const NONE: Duration = Duration::ZERO;

fn take(directory: &Path) -> Result<Lock> {
    Lock::take(directory, "lock", "create", NONE)
}

/// Takes the lock, waiting for it: a process that another test starts inherits the open file for a moment, until it runs its own program.
fn take_when_free(directory: &Path) -> Lock {
    Lock::take(directory, "lock", "create", Duration::from_secs(30)).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Another process that holds a lock until it is dropped.
struct Other(Child);

impl Other {
    fn holding(path: &Path) -> Self {
        let mut command = Command::new("flock");
        command.args(["-o", "-s"]).arg(path).args(["sh", "-c", "echo held; exec cat"]);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut this = Self(child.unwrap());
        let mut held = [0; 5];
        std::io::Read::read_exact(this.0.stdout.as_mut().unwrap(), &mut held).unwrap();
        this
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn a_lock_file_is_private_even_if_an_earlier_version_created_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lock");
    drop(take_when_free(directory.path()));
    assert_eq!(mode(&path), 0o600);
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    let lock = take_when_free(directory.path());
    assert_eq!(mode(&path), 0o600);
    let message = take(directory.path()).unwrap_err().to_string();
    let process = std::process::id();
    let shown = directory.path().display();
    assert_eq!(
        message,
        format!("larder create (process {process}) is using {shown}; wait until it has ended")
    );
    drop(lock);
    take_when_free(directory.path());
}

#[test]
fn the_holder_is_the_process_with_the_lock_not_the_last_that_signed() {
    let directory = tempfile::tempdir().unwrap();
    drop(take_when_free(directory.path()));
    let other = Other::holding(&directory.path().join("lock"));
    let message = take(directory.path()).unwrap_err().to_string();
    let process = other.0.id();
    assert!(message.starts_with(&format!("flock (process {process}) is using ")), "{message}");
    drop(other);
    take_when_free(directory.path());
}

#[test]
fn a_user_who_may_not_open_the_file_learns_who_holds_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lock");
    let _lock = take_when_free(directory.path());
    let opened = Directory::open(directory.path()).unwrap();
    let file = LockFile::new(directory.path(), "lock", "it");
    let refused = || io::Error::from(ErrorKind::PermissionDenied);
    assert!(matches!(file.cannot_open(&opened, refused()), Failure::Held(_)));
    fs::remove_file(path).unwrap();
    assert!(matches!(file.cannot_open(&opened, refused()), Failure::Impossible(_)));
}

#[test]
fn a_link_a_fifo_or_a_directory_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let (path, elsewhere) = (directory.path().join("lock"), directory.path().join("elsewhere"));
    let refuses = |words: &str| {
        let message = take(directory.path()).unwrap_err().to_string();
        assert!(message.starts_with("cannot lock ") && message.contains(words), "{message}");
    };
    symlink(&elsewhere, &path).unwrap();
    refuses("it is a symbolic link, which is not followed here");
    assert!(!elsewhere.exists());
    fs::write(&elsewhere, "theirs").unwrap();
    refuses("it is a symbolic link, which is not followed here");
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "theirs");
    fs::remove_file(&path).unwrap();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    refuses("it is a FIFO, not a regular file");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    refuses("directory");
}

#[test]
fn a_lock_file_of_an_unrelated_user_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lock");
    OpenOptions::new().write(true).create_new(true).mode(0o666).open(&path).unwrap();
    // Only root can give files away.
    if std::os::unix::fs::chown(&path, Some(65534), None).is_err() {
        return;
    }
    let message = take(directory.path()).unwrap_err().to_string();
    assert!(
        message.contains("it belongs to user 65534, who could lock everyone else out; remove it"),
        "{message}"
    );
    std::os::unix::fs::chown(directory.path(), Some(65534), None).unwrap();
    take_when_free(directory.path());
}

#[test]
fn a_removed_lock_file_does_not_block_a_new_one() {
    let directory = tempfile::tempdir().unwrap();
    let first = take_when_free(directory.path());
    fs::remove_file(directory.path().join("lock")).unwrap();
    let second = take_when_free(directory.path());
    take(directory.path()).unwrap_err();
    drop((first, second));
}
