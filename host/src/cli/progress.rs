//! Progress for people: a bar on a terminal, plain lines otherwise, nothing beside JSON.

use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use super::args::Global;
use super::text::{size, word};
use crate::home::bus::{Event, LOG, Level, PROGRESS};
use crate::model::sanitized;
use crate::options::{MAX_MESSAGE, MAX_WORD};
use crate::process::terminal::say;

const WIDE: &str = "{prefix} {wide_bar} {bytes} of {total_bytes} {msg}";
const NARROW: &str = "{prefix} {wide_bar} {percent}% {msg}";
const UNKNOWN: &str = "{spinner} {prefix} {elapsed}";
/// Columns below which the sizes are left out.
const NARROW_TERMINAL: u16 = 90;
/// Plain lines say each of these parts of a stage.
const PARTS: u64 = 4;
/// How long nothing has to be said, how soon it can be told how long it takes, and when it stands still.
const PATIENCE: Duration = Duration::from_millis(500);
const TELLING: Duration = Duration::from_secs(2);
const STANDSTILL: Duration = Duration::from_secs(1);
/// How often it is drawn.
const TICK: Duration = Duration::from_millis(200);

pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    is_plain: bool,
    /// How much a sentence must matter to be shown.
    least: Level,
    /// Whether events are shown, too.
    events: bool,
    stage: String,
    part: u64,
    done: u64,
    total: Option<u64>,
    /// When all began, when the stage did, and when it moved last.
    started: Instant,
    begun: Instant,
    moved: Instant,
}

impl Progress {
    pub(crate) fn new(global: &Global) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = (is_terminal && !global.json)
            .then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()));
        Self {
            bar,
            is_plain: !is_terminal && !global.json,
            least: if global.verbose > 0 { Level::Debug } else { Level::Warning },
            events: global.verbose > 1,
            stage: String::new(),
            part: 0,
            done: 0,
            total: None,
            started: Instant::now(),
            begun: Instant::now(),
            moved: Instant::now(),
        }
    }

    pub(crate) fn heard(&mut self, event: &Event) {
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        match event.topic.as_str() {
            PROGRESS => self.show(&data),
            // What the answer says, too, is not said twice.
            LOG if Level::of(&data) <= self.least && data.get("answered") != Some(&Value::Bool(true)) => {
                self.say(&word(&data, "message"));
            }
            LOG => {}
            _ if self.events => {
                self.say(&sanitized(&format!("{}: {}", event.topic, event.data), MAX_MESSAGE));
            }
            _ => {}
        }
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self) {
        let Some(bar) = &self.bar else { return };
        if bar.is_hidden() && self.begun.elapsed() >= PATIENCE {
            if self.stage.is_empty() {
                bar.set_prefix("working");
                bar.set_style(style(UNKNOWN));
            }
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(TICK);
        }
        bar.set_message(self.left());
    }

    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(line)),
            None => say(line),
        }
    }

    fn show(&mut self, data: &Value) {
        let number = |key: &str| data.get(key).and_then(Value::as_u64);
        let text = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or_default();
        let total = number("total").filter(|total| *total > 0);
        let done = number("done").unwrap_or(0).min(total.unwrap_or(u64::MAX));
        let is_over = total.is_some_and(|total| done >= total);
        let stage = sanitized(&label(text("job"), text("stage"), is_over), MAX_WORD);
        let is_new = stage != self.stage;
        if is_new {
            (self.part, self.begun) = (0, Instant::now());
            self.stage.clone_from(&stage);
        }
        if is_new || done != self.done {
            self.moved = Instant::now();
        }
        (self.done, self.total) = (done, total);
        self.draw(is_new);
        self.line();
    }

    fn draw(&self, is_new: bool) {
        let Some(bar) = &self.bar else { return };
        if is_new {
            bar.reset();
            bar.set_prefix(self.stage.clone());
        }
        match self.total {
            Some(total) => {
                bar.set_style(style(if columns() < NARROW_TERMINAL { NARROW } else { WIDE }));
                bar.set_length(total);
            }
            None => bar.set_style(style(UNKNOWN)),
        }
        bar.set_position(self.done);
        bar.set_message(self.left());
        if bar.is_hidden() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(TICK);
        }
    }

    /// How much longer it takes, once that can be told.
    fn left(&self) -> String {
        let (elapsed, Some(total)) = (self.begun.elapsed(), self.total) else { return String::new() };
        if self.moved.elapsed() > STANDSTILL {
            return "waiting for the disk".into();
        }
        if elapsed < TELLING || self.done == 0 || self.done >= total {
            return String::new();
        }
        // The last second is over before it is read.
        let left = elapsed.as_secs_f64() * (total - self.done) as f64 / self.done as f64;
        match Duration::try_from_secs_f64(left) {
            Ok(left) if left >= Duration::from_secs(1) => format!("{:#} left", HumanDuration(left)),
            _ => String::new(),
        }
    }

    fn line(&mut self) {
        // What is over in a moment needs no lines.
        let is_told = self.is_plain && self.started.elapsed() > TELLING / 2;
        let Some(total) = self.total.filter(|_| is_told) else { return };
        let part = u128::from(self.done) * u128::from(PARTS) / u128::from(total);
        let part = u64::try_from(part).unwrap_or(PARTS);
        if part > self.part {
            self.part = part;
            say(&format!(
                "{}: {} of {} ({} %)",
                self.stage,
                size(self.done),
                size(total),
                part * 100 / PARTS
            ));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Shown while something takes longer than half a second; cleared when it is dropped.
pub(crate) struct Busy {
    /// Dropped to end it.
    end: Option<Sender<()>>,
    shown: Option<JoinHandle<()>>,
}

impl Busy {
    pub(crate) fn new(what: &'static str) -> Self {
        let (end, ended) = channel();
        let show = move || {
            if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let _bar = waiting(what);
                // Its end is that of the other side.
                let _ = ended.recv();
            }
        };
        // Without a thread nothing is shown.
        Self { end: Some(end), shown: Builder::new().name("progress".into()).spawn(show).ok() }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(shown) = self.shown.take() {
            let _ = shown.join();
        }
    }
}

struct Cleared(ProgressBar);

impl Drop for Cleared {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn waiting(what: &'static str) -> Option<Cleared> {
    if !std::io::stderr().is_terminal() {
        say(what);
        return None;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(style(UNKNOWN));
    bar.set_prefix(what);
    bar.enable_steady_tick(TICK);
    Some(Cleared(bar))
}

/// The templates are constant; a mistake in one would only show indicatif's own style.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Of the terminal.
fn columns() -> u16 {
    rustix::termios::tcgetwinsize(std::io::stderr()).map_or(80, |size| size.ws_col)
}

/// Stages in words.
fn label(job: &str, stage: &str, is_over: bool) -> String {
    match (job, stage) {
        (_, "copy_database") => "copying a database".into(),
        (_, "check_databases") => "checking the databases".into(),
        ("create", "home_assistant") => "backing up".into(),
        ("create", "upload_to_agents") => "verifying".into(),
        ("restore", "home_assistant") => "checking".into(),
        (_, "put_in_place") if is_over => "putting in place".into(),
        (_, "put_in_place") => "reading back".into(),
        ("verify", _) | (_, "verify") => "verifying".into(),
        (_, "copy") => "writing".into(),
        ("extract", _) => "extracting".into(),
        _ => stage.replace('_', " "),
    }
}
