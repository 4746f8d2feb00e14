//! Standard error and standard output.
//!
//! A closed terminal, a pipe without a reader or a full disk behind them ends nothing: `println!` and `eprintln!` would panic.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};

use signal_hook::consts::SIGHUP;

/// Writes a line to standard error. What cannot be told is dropped.
pub fn say(text: &str) {
    // One call a line: lines of several threads do not mix.
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// Writes to standard output: an answer, whose loss is an error.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// How this process hangs on a terminal: what SIGHUP means to it.
pub struct Session {
    /// It was started so that a hang-up is nothing to it (`nohup`).
    ignores: bool,
    /// A person sees what it says, or types to it.
    is_seen: bool,
    /// It belongs to a terminal, seen or not.
    belongs: bool,
}

impl Session {
    /// As it was started: to be asked before anybody handles signals.
    pub fn now() -> Self {
        let is_seen = io::stdin().is_terminal() || io::stderr().is_terminal();
        Self { ignores: is_ignored(SIGHUP), is_seen, belongs: has_terminal() }
    }

    /// Whether SIGHUP, which has just come, says that the terminal is gone.
    pub fn is_over(&self) -> bool {
        !self.ignores && (self.is_seen || self.belongs && !has_terminal())
    }
}

/// The terminal to which this process belongs can be opened only while it is there.
fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

/// Whether this process was started so that a signal is nothing to it. Where the system does not say, it does not ignore it.
pub fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}
