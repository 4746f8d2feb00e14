//! Writing to standard error and standard output, and whether the process has a terminal.
//!
//! A closed terminal, a pipe without a reader or a full disk does not end the process; `println!` and `eprintln!` would panic.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};

use signal_hook::consts::SIGHUP;

use crate::tunables::MAX_MESSAGE;

/// Writes a line to standard error. If that fails, the line is lost.
pub fn message(text: &str) {
    // One call per line, so that lines of several threads do not mix.
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// Writes a warning to standard error, with a prefix to search for.
pub fn warn(text: &str) {
    message(&format!("warning: {text}"));
}

/// Writes an error to standard error, with a prefix to search for.
pub fn error(text: &str) {
    message(&format!("error: {text}"));
}

/// A text that is safe to print: control characters are escaped, except those in `kept`, and the length is limited.
pub(crate) fn printable(text: &str, kept: &str) -> String {
    larder_text::truncate(text, MAX_MESSAGE, kept)
}

/// Writes an answer to standard output. Unlike messages, an answer that is lost is an error.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// How this process is attached to a terminal, which decides what SIGHUP means.
pub struct Session {
    /// SIGHUP was ignored when the process started (`nohup`).
    ignores: bool,
    /// Standard input or standard error is a terminal.
    is_interactive: bool,
    /// The process has a controlling terminal.
    has_terminal: bool,
}

impl Session {
    /// The state at start. Call it before signals are handled.
    pub fn now() -> Self {
        let is_interactive = io::stdin().is_terminal() || io::stderr().is_terminal();
        Self { ignores: is_ignored(SIGHUP), is_interactive, has_terminal: has_terminal() }
    }

    /// Whether a SIGHUP that was just received means that the terminal is gone.
    pub fn is_over(&self) -> bool {
        !self.ignores && (self.is_interactive || self.has_terminal && !has_terminal())
    }
}

/// Whether the process has a controlling terminal: it can be opened only while it exists.
fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

/// Whether a signal was ignored when the process started. False if the system does not tell.
pub fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}
