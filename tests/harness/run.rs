//! One run of the command line, with its output.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::Value;

use rustix::process::{Pid, Signal, kill_process};

use crate::binary;

/// A directory without settings.
const NOWHERE: &str = "/nonexistent";

/// A command of the binary under test, without the environment and the key ring of the user who runs the tests.
pub fn command() -> Command {
    command_of(&binary())
}

/// The same for a copy of the binary.
pub(crate) fn command_of(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LARDER_") {
            command.env_remove(name);
        }
    }
    command.env("XDG_CONFIG_HOME", NOWHERE).stdin(Stdio::null());
    command
}

/// A finished run.
#[derive(Debug)]
pub struct Run {
    /// The exit status; `None` when it was killed.
    pub status: Option<i32>,
    /// The standard output.
    pub stdout: String,
    /// The standard error.
    pub stderr: String,
}

impl Run {
    /// Runs a command to its end.
    pub fn of(mut command: Command) -> Self {
        command.output().unwrap().into()
    }

    /// Runs a command that must end within a time. The time is generous: it only catches a command that never ends.
    #[track_caller]
    pub fn within(most: Duration, mut command: Command) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let process = Pid::from_child(&child);
        let (sender, receiver) = channel();
        std::thread::spawn(move || sender.send(child.wait_with_output().unwrap()));
        match receiver.recv_timeout(most) {
            Ok(output) => output.into(),
            Err(_) => {
                kill_process(process, Signal::KILL).unwrap();
                panic!("the command did not end within {most:?}: {:?}\n{:?}", command, receiver.recv());
            }
        }
    }

    /// Asserts the exit status.
    #[track_caller]
    pub fn exits(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard error contains a text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "not in standard error: {text}\nstdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// The standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr))
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
