//! File systems of a given size and kind, mounted for one test. Only root may mount them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::missing;

/// A mount, until it is dropped.
pub struct Mount(PathBuf);

impl Mount {
    /// Mounts a file system in memory with that many bytes. `None` when this user may not mount.
    pub fn tmpfs(at: &Path, bytes: u64) -> Option<Self> {
        let options = format!("size={bytes},mode=755");
        Self::new(at, &["-t", "tmpfs", "-o", &options, "tmpfs"])
    }

    /// Mounts a directory on itself, as a container sees a volume.
    pub fn bind(at: &Path) -> Option<Self> {
        Self::new(at, &["--bind", at.to_str().unwrap()])
    }

    /// Mounts a file on itself, as a container sees a single file of the host.
    pub fn bind_file(at: &Path) -> Option<Self> {
        Self::mounted(at, &["--bind", at.to_str().unwrap()])
    }

    fn new(at: &Path, arguments: &[&str]) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        Self::mounted(at, arguments)
    }

    fn mounted(at: &Path, arguments: &[&str]) -> Option<Self> {
        let done = Command::new("mount").args(arguments).arg(at).output();
        if done.is_ok_and(|output| output.status.success()) {
            return Some(Self(at.canonicalize().unwrap()));
        }
        missing("the right to mount a file system");
        None
    }

    /// Remounts it read-only.
    pub fn make_read_only(&self) {
        let status = Command::new("mount").args(["-o", "remount,ro"]).arg(&self.0).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Unmount lazily: a process that still uses it must not keep the test from ending.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
