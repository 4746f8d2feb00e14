//! `larder serve` as a separate process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use rustix::process::{Pid, Signal, kill_process};

/// A running `larder serve`. Dropping it kills it, so that a failed test leaves no process.
pub struct Serving {
    child: Child,
    lines: Receiver<String>,
    output: Vec<String>,
}

impl Serving {
    /// Starts the service and waits until it is ready.
    #[track_caller]
    pub fn start(command: Command) -> Self {
        let mut serving = Self::begin(command);
        serving.until("serving; ");
        serving
    }

    /// Starts the service without waiting.
    pub fn begin(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines() {
                // The receiver may be gone.
                let _ = sender.send(line.unwrap());
            }
        });
        Self { child, lines, output: Vec::new() }
    }

    /// Reads its log until a line contains the text. Returns the line.
    #[track_caller]
    pub fn until(&mut self, text: &str) -> String {
        loop {
            let Ok(line) = self.lines.recv() else {
                panic!("not in the log: {text}\n{}", self.output.join("\n"))
            };
            self.output.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end and returns the exit status.
    pub fn ends(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Its whole log. Waits until all processes that can write to it have ended.
    pub fn log(mut self) -> String {
        self.output.extend(self.lines.iter());
        self.output.join("\n")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
