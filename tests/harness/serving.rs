//! `larder serve` as a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use rustix::process::{Pid, Signal, kill_process};

/// A running `larder serve`.
pub struct Serving {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Serving {
    /// Starts it and waits until it serves.
    #[track_caller]
    pub fn start(command: Command) -> Self {
        let mut serving = Self::begin(command);
        serving.until("serving; ");
        serving
    }

    /// Starts it.
    pub fn begin(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines() {
                // Nobody may want to hear it any more.
                let _ = sender.send(line.unwrap());
            }
        });
        Self { child, lines, said: Vec::new() }
    }

    /// Reads until it says that. The line.
    #[track_caller]
    pub fn until(&mut self, text: &str) -> String {
        loop {
            let Ok(line) = self.lines.recv() else { panic!("not said: {text}\n{}", self.said.join("\n")) };
            self.said.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end: its exit status.
    pub fn ends(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// All that it said, once everybody who can say something has ended.
    pub fn said(mut self) -> String {
        self.said.extend(self.lines.iter());
        self.said.join("\n")
    }
}

/// Nothing that a failed test leaves runs on.
impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
