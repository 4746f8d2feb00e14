//! The service's log: sentences on standard error, each with the time that the home's clocks show and a level.
//!
//! Writing never holds up who says something: a thread writes, and what it cannot write in time is counted and dropped.

use std::fmt::Display;
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use crate::automation::zone;
use crate::home::bus::Level;
use crate::model::sanitized;
use crate::options::{LAST_LINES, MAX_LINES, MAX_MESSAGE};
use crate::process::terminal;
use crate::time::clock::Clock;
use crate::time::timezone::TimeZone;

const STAMP: &str = "%Y-%m-%d %H:%M:%S %:z";

/// Cheap to clone; every clone is the same log.
#[derive(Clone)]
pub struct Log {
    zone: TimeZone,
    /// What matters less is not written.
    least: Level,
    lines: SyncSender<Line>,
    lost: Arc<AtomicU64>,
}

enum Line {
    Text(String),
    /// Everything before it was written.
    End(Sender<()>),
}

impl Log {
    pub fn new(zone: TimeZone, least: Level) -> std::io::Result<Self> {
        Self::to(zone, least, terminal::say)
    }

    fn to(zone: TimeZone, least: Level, write: impl Fn(&str) + Send + 'static) -> std::io::Result<Self> {
        let (lines, waiting) = sync_channel(MAX_LINES);
        let log = Self { zone, least, lines, lost: Arc::default() };
        let lost = log.lost.clone();
        let work = move || keep(&waiting, &lost, &write);
        std::thread::Builder::new().name("log".into()).spawn(work)?;
        Ok(log)
    }

    /// Says something of a level that is written.
    pub fn say(&self, level: Level, text: &str) {
        if level > self.least {
            return;
        }
        let now = zone::utc(Clock::default().now()).with_timezone(&self.zone.get().zone);
        self.put(&now.format(STAMP).to_string(), level, text);
    }

    /// Says that a thread of this program panicked, wherever it stood: nothing is waited for.
    pub fn panicked(&self, panic: &PanicHookInfo<'_>) {
        let now = zone::utc(Clock::default().now());
        let text = format!("Larder has a fault, please report it: {panic}");
        self.put(&now.format(STAMP).to_string(), Level::Error, &text);
    }

    fn put(&self, stamp: &str, level: Level, text: &str) {
        // One sentence is one line, whatever it quotes.
        let text = sanitized(text.trim_end(), MAX_MESSAGE).replace('\n', "; ");
        let line = format!("{stamp} {}: {text}", level.name());
        if self.lines.try_send(Line::Text(line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub fn error(&self, text: impl Display) {
        self.say(Level::Error, &text.to_string());
    }

    pub fn warn(&self, text: impl Display) {
        self.say(Level::Warning, &text.to_string());
    }

    pub fn info(&self, text: impl Display) {
        self.say(Level::Info, &text.to_string());
    }

    /// Waits a moment until all that was said is written.
    pub fn finish(&self) {
        let (written, end) = channel();
        if self.lines.try_send(Line::End(written)).is_ok() {
            // Somebody who does not read must not keep the service from ending.
            let _ = end.recv_timeout(LAST_LINES);
        }
    }
}

fn keep(lines: &Receiver<Line>, lost: &AtomicU64, write: &impl Fn(&str)) {
    for line in lines {
        match lost.swap(0, Ordering::Relaxed) {
            0 => {}
            count => {
                write(&format!("warning: {count} lines of this log were lost: nobody read it for a while"))
            }
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
    fn a_reader_that_stands_still_holds_nobody_up_and_is_told_what_it_missed() {
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
    fn a_sentence_is_one_line_with_stamp_and_level_and_what_matters_less_is_left_out() {
        let (sent, got) = channel();
        let log = Log::to(zone(), Level::Info, move |line| _ = sent.send(line.to_owned())).unwrap();
        log.say(Level::Debug, "nobody asked for this");
        log.error("the plugin said\n2026-01-01 info: all is well\u{1b}[2J\n");
        let line = got.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(line.ends_with(" error: the plugin said; 2026-01-01 info: all is well\\u{1b}[2J"), "{line}");
    }
}
