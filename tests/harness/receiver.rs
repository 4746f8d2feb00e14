//! A real HTTP receiver in a process of its own: Python's server, `fixtures/receiver.py`.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::{missing, tests_directory};

/// Dropping it ends it.
pub struct Receiver {
    child: Child,
    said: BufReader<ChildStdout>,
    /// `http://127.0.0.1:PORT`.
    pub address: String,
}

impl Receiver {
    /// Answers with these statuses, the last for ever; none when there is no Python.
    #[track_caller]
    pub fn start(statuses: &[u16]) -> Option<Self> {
        let mut command = Command::new("python3");
        command.arg(tests_directory().join("fixtures/receiver.py")).args(statuses.iter().map(u16::to_string));
        let Ok(mut child) = command.stdout(Stdio::piped()).spawn() else {
            missing("python3");
            return None;
        };
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        said.read_line(&mut port).unwrap();
        Some(Self { child, said, address: format!("http://127.0.0.1:{}", port.trim()) })
    }

    /// The next request: `method`, `path`, `headers`, `body`. Waits for it.
    #[track_caller]
    pub fn request(&mut self) -> Value {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Ends it: the requests that nobody asked for.
    #[track_caller]
    pub fn rest(mut self) -> Vec<Value> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut rest = Vec::new();
        while let line = read(&mut self.said)
            && !line.is_empty()
        {
            rest.push(serde_json::from_str(&line).unwrap());
        }
        rest
    }
}

fn read(said: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    line
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
