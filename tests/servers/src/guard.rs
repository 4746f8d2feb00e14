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
    /// Starts `command`, whose output goes to `log`. With `remove`, that directory is removed when the server has ended.
    pub fn start<S: AsRef<OsStr>>(command: &[S], log: &Path, remove: Option<&Path>) -> Self {
        let output = File::options().create(true).append(true).open(log).unwrap();
        let mut guard = Command::new("python3");
        guard.arg(fixture("guard.py"));
        if let Some(directory) = remove {
            guard.arg("--remove").arg(directory);
        }
        guard.args(command).stdin(Stdio::piped()).stdout(output.try_clone().unwrap()).stderr(output);
        // Nothing of the caller's settings, such as those of its agent or its proxies, may change what a server does.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy().to_ascii_lowercase();
            if ["rclone_", "aws_", "weed_", "ssh_"].iter().any(|prefix| text.starts_with(prefix))
                || text.ends_with("_proxy")
            {
                guard.env_remove(name);
            }
        }
        Self { child: guard.spawn().unwrap(), log: log.to_owned() }
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Asks it to end, and kills it after five seconds.
    pub fn stop(&mut self) {
        if let Some(input) = &mut self.child.stdin {
            let _ = input.write_all(b"stop\n");
        }
        self.wait();
    }

    /// Kills it and everything that it started.
    pub fn kill(&mut self) {
        drop(self.child.stdin.take());
        self.wait();
    }

    fn wait(&mut self) {
        // Not `Child::wait` alone: that closes standard input first, which means to kill.
        let input = self.child.stdin.take();
        let _ = self.child.wait();
        drop(input);
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
