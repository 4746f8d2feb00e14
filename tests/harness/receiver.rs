//! An HTTP receiver in a separate process: Python's server, `fixtures/receiver.py`.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::{missing, tests_directory};

/// A running receiver. Dropping it kills it.
pub struct Receiver {
    child: Child,
    output: BufReader<ChildStdout>,
    /// `http://127.0.0.1:PORT`.
    pub address: String,
}

impl Receiver {
    /// Starts a receiver that answers with these statuses and then repeats the last one. `None` when Python is missing.
    #[track_caller]
    pub fn start(statuses: &[u16]) -> Option<Self> {
        let mut command = Command::new("python3");
        command.arg(tests_directory().join("fixtures/receiver.py")).args(statuses.iter().map(u16::to_string));
        let Ok(mut child) = command.stdout(Stdio::piped()).spawn() else {
            missing("python3");
            return None;
        };
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        output.read_line(&mut port).unwrap();
        Some(Self { child, output, address: format!("http://127.0.0.1:{}", port.trim()) })
    }

    /// Waits for the next request: `method`, `path`, `headers`, `body`.
    #[track_caller]
    pub fn request(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Kills the receiver and returns the remaining requests.
    #[track_caller]
    pub fn rest(mut self) -> Vec<Value> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut rest = Vec::new();
        while let line = read(&mut self.output)
            && !line.is_empty()
        {
            rest.push(serde_json::from_str(&line).unwrap());
        }
        rest
    }
}

fn read(output: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    line
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
