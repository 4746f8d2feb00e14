//! Standard error and standard output.
//!
//! A closed terminal, a pipe without a reader or a full disk behind them ends nothing: `println!` and `eprintln!` would panic.

use std::io::{self, Write};

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
