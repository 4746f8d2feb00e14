//! The standard error of a plugin. Writing never blocks, and only the end is kept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::model::sanitized;
use crate::tunables::{MAX_MESSAGE, STDERR_BYTES};

#[derive(Clone, Default)]
pub(crate) struct Stderr(Arc<Mutex<VecDeque<u8>>>);

impl Stderr {
    fn kept(&self) -> MutexGuard<'_, VecDeque<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place and message of a panic, if there was one.
    pub(super) fn panic(&self) -> Option<String> {
        let lines = self.lines();
        let at = lines.iter().rposition(|line| line.contains("panicked at"))?;
        let words = lines.get(at..).unwrap_or_default().iter().take_while(|line| !is_note(line));
        let words = words.map(String::as_str).collect::<Vec<_>>().join(" ");
        // The text starts with a thread's name, which means nothing in a component.
        let panic = words.find("panicked at").and_then(|at| words.get(at..));
        panic.map(|panic| sanitized(panic, MAX_MESSAGE))
    }

    /// The last line, if there is one.
    pub(super) fn last_line(&self) -> Option<String> {
        Some(sanitized(self.lines().iter().rfind(|line| !is_note(line))?, MAX_MESSAGE))
    }

    fn lines(&self) -> Vec<String> {
        let bytes: Vec<u8> = self.kept().iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }
}

/// Rust's own advice after a panic, which does not help users of a plugin.
fn is_note(line: &str) -> bool {
    line.starts_with("note: run with `RUST_BACKTRACE=")
}

impl IsTerminal for Stderr {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Stderr {
    /// Only for interfaces that plugins do not get.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(MemoryOutputPipe::new(0))
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl OutputStream for Stderr {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let mut kept = self.kept();
        kept.extend(bytes);
        let surplus = kept.len().saturating_sub(STDERR_BYTES);
        kept.drain(..surplus);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(STDERR_BYTES)
    }
}

#[async_trait]
impl Pollable for Stderr {
    async fn ready(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Stderr {
        let mut stderr = Stderr::default();
        stderr.write(Bytes::copy_from_slice(text.as_bytes())).unwrap();
        stderr
    }

    const NOTE: &str = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";

    #[test]
    fn a_panic_is_told_whole_and_without_rusts_advice() {
        let text =
            "before\nthread 'main' (1) panicked at src/a.rs:1:2:\nassertion failed\n  left: 1\n right: 2\n";
        let panic = said(&format!("{text}{NOTE}")).panic();
        assert_eq!(panic.as_deref(), Some("panicked at src/a.rs:1:2: assertion failed left: 1 right: 2"));
    }

    #[test]
    fn the_last_words_are_never_rusts_advice() {
        let long = "x".repeat(STDERR_BYTES);
        let words = said(&format!("thread 'main' panicked at src/a.rs:1:2:\n{long}\nthe end\n{NOTE}"));
        assert_eq!((words.panic(), words.last_line().as_deref()), (None, Some("the end")));
    }
}
