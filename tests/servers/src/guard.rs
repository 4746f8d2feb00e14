//! A server's process, under `fixtures/guard.py`, which ends it when this process ends.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::programs::fixture;

/// A running server. Dropping it kills the server.
pub struct Guarded {
    child: Child,
    log: PathBuf,
}

impl Guarded {
    /// Starts `command`, whose output goes to the file `log` in `root`. If this process ends without ending it, `root` is removed.
    pub fn start<S: AsRef<OsStr>>(command: &[S], root: &Path) -> Self {
        let log = root.join("log");
        let output = File::options().create(true).append(true).open(&log).unwrap();
        let mut guard = Command::new("python3");
        guard.arg(fixture("guard.py")).arg(root).args(command);
        guard.stdin(Stdio::piped()).stdout(output.try_clone().unwrap()).stderr(output);
        // Nothing of the caller's settings, such as those of its agent or its proxies, may change what a server does.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy().to_ascii_lowercase();
            if ["rclone_", "aws_", "weed_", "ssh_"].iter().any(|prefix| text.starts_with(prefix))
                || text.ends_with("_proxy")
            {
                guard.env_remove(name);
            }
        }
        Self { child: guard.spawn().unwrap(), log }
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Asks it to end, and kills it after five seconds.
    pub fn stop(&mut self) {
        self.end(b"stop\n");
    }

    /// Kills it and everything that it started.
    pub fn kill(&mut self) {
        self.end(b"kill\n");
    }

    fn end(&mut self, how: &[u8]) {
        // `Child::wait` closes standard input first, which would be the end of the input for the guard.
        let mut input = self.child.stdin.take();
        if let Some(input) = &mut input {
            let _ = input.write_all(how);
        }
        let _ = self.child.wait();
    }

    /// The last lines that it has written.
    pub fn last_lines(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.kill();
    }
}
