//! The service's log: messages on standard error, each with the home's local time and a level.
//!
//! Logging never blocks: a thread writes the messages, and those that do not fit its queue are counted and dropped.

use std::fmt::Display;
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use crate::automation::zone;
use crate::home::bus::Level;
use crate::model::sanitized;
use crate::process::terminal;
use crate::time::clock::Clock;
use crate::time::timezone::TimeZone;
use crate::tunables::{LAST_LINES, MAX_LINES, MAX_MESSAGE};

const STAMP: &str = "%Y-%m-%d %H:%M:%S %:z";

/// The log. Cheap to clone; all clones write to the same log.
#[derive(Clone)]
pub struct Log {
    zone: TimeZone,
    /// Messages of this level or a more serious one are written.
    level: Level,
    lines: SyncSender<Line>,
    lost: Arc<AtomicU64>,
}

enum Line {
    Text(String),
    /// All lines before it were written.
    End(Sender<()>),
}

impl Log {
    pub fn new(zone: TimeZone, level: Level) -> std::io::Result<Self> {
        Self::to(zone, level, terminal::message)
    }

    fn to(zone: TimeZone, level: Level, write: impl Fn(&str) + Send + 'static) -> std::io::Result<Self> {
        let (lines, waiting) = sync_channel(MAX_LINES);
        let log = Self { zone, level, lines, lost: Arc::default() };
        let lost = log.lost.clone();
        let work = move || write_lines(&waiting, &lost, &write);
        std::thread::Builder::new().name("log".into()).spawn(work)?;
        Ok(log)
    }

    /// Logs a message, unless its level is not written.
    pub fn log(&self, level: Level, text: &str) {
        if level > self.level {
            return;
        }
        let now = zone::utc(Clock::default().now()).with_timezone(&self.zone.get().zone);
        self.put(&now.format(STAMP).to_string(), level, text);
    }

    /// Logs that a thread panicked. Never waits, whatever that thread was holding, so the time is UTC.
    pub fn panicked(&self, panic: &PanicHookInfo<'_>) {
        let now = zone::utc(Clock::default().now());
        let text = format!("internal error in Larder, please report it: {panic}");
        self.put(&now.format(STAMP).to_string(), Level::Error, &text);
    }

    fn put(&self, stamp: &str, level: Level, text: &str) {
        // One message is one line, whatever it quotes.
        let text = sanitized(text.trim_end(), MAX_MESSAGE).replace('\n', "; ");
        let line = format!("{stamp} {}: {text}", level.name());
        if self.lines.try_send(Line::Text(line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub fn error(&self, text: impl Display) {
        self.log(Level::Error, &text.to_string());
    }

    pub fn warn(&self, text: impl Display) {
        self.log(Level::Warning, &text.to_string());
    }

    pub fn info(&self, text: impl Display) {
        self.log(Level::Info, &text.to_string());
    }

    /// Waits a moment until all messages are written.
    pub fn finish(&self) {
        let (written, end) = channel();
        if self.lines.try_send(Line::End(written)).is_ok() {
            // A reader that does not read must not prevent the service from stopping.
            let _ = end.recv_timeout(LAST_LINES);
        }
    }
}

fn write_lines(lines: &Receiver<Line>, lost: &AtomicU64, write: &impl Fn(&str)) {
    for line in lines {
        match lost.swap(0, Ordering::Relaxed) {
            0 => {}
            count => write(&format!(
                "warning: {count} lines of this log were lost because it was not read for a while"
            )),
        }
        match line {
            Line::Text(line) => write(&line),
            Line::End(written) => _ = written.send(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use super::*;

    fn zone() -> TimeZone {
        TimeZone::new(None, crate::time::timezone::Machine::default())
    }

    #[test]
    fn a_reader_that_stalls_blocks_no_one_and_sees_how_much_it_missed() {
        let (let_go, held) = channel::<()>();
        let written: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = written.clone();
        let held = Mutex::new(held);
        let write = move |line: &str| {
            let _ = held.lock().unwrap().recv();
            sink.lock().unwrap().push(line.to_owned());
        };
        let log = Log::to(zone(), Level::Info, write).unwrap();
        (0..MAX_LINES + 11).for_each(|n| log.info(n));
        drop(let_go);
        // Once there is room again.
        while !written.lock().unwrap().last().is_some_and(|line| line.ends_with(" warning: here again")) {
            log.warn("here again");
            log.finish();
        }
        let written = written.lock().unwrap();
        assert!(written.iter().any(|line| line.contains("lines of this log were lost")), "{written:?}");
    }

    #[test]
    fn a_message_is_one_line_with_time_and_level_and_minor_ones_are_left_out() {
        let (sent, got) = channel();
        let log = Log::to(zone(), Level::Info, move |line| _ = sent.send(line.to_owned())).unwrap();
        log.log(Level::Debug, "nobody asked for this");
        log.error("the plugin said\n2026-01-01 info: all is well\u{1b}[2J\n");
        let line = got.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(line.ends_with(" error: the plugin said; 2026-01-01 info: all is well\\u{1b}[2J"), "{line}");
    }
}
