//! Showing progress on standard error: a bar on a terminal, lines elsewhere, nothing with `--json`. Also prints log messages.

use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use super::global::Global;
use super::text::size;
use super::value::string;
use crate::home::bus::{Event, LOG, Level, PROGRESS};
use crate::model::sanitized;
use crate::process::terminal;
use crate::tunables::{MAX_MESSAGE, MAX_WORD};

const WIDE: &str = "{prefix} {wide_bar} {bytes} of {total_bytes} {msg}";
const NARROW: &str = "{prefix} {wide_bar} {percent}% {msg}";
const UNKNOWN: &str = "{spinner} {prefix} {elapsed}";
/// On terminals with fewer columns, sizes are left out.
const NARROW_TERMINAL: u16 = 90;
/// Without a terminal, a line is printed after each of these fractions of a stage.
const STEPS: u64 = 4;
/// Work that takes less time shows no progress.
const SHOW_AFTER: Duration = Duration::from_millis(500);
/// The time left is estimated after this time.
const ESTIMATE_AFTER: Duration = Duration::from_secs(2);
/// Without progress for this time, the disk is waited for.
const STALLED_AFTER: Duration = Duration::from_secs(1);
/// How often the bar is drawn.
const TICK: Duration = Duration::from_millis(200);

/// The progress of one action.
pub(crate) struct Progress {
    /// `None` without a terminal.
    bar: Option<ProgressBar>,
    prints_lines: bool,
    /// Log messages of this level or a more serious one are printed.
    level: Level,
    /// Whether other events are printed, too.
    prints_events: bool,
    stage: String,
    /// How many fractions of the stage were printed.
    step: u64,
    done: u64,
    total: Option<u64>,
    /// When the action began.
    started: Instant,
    /// When the stage began.
    stage_started: Instant,
    /// When the stage last progressed.
    progressed: Instant,
}

impl Progress {
    pub(crate) fn new(global: &Global) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = (is_terminal && !global.json)
            .then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()));
        Self {
            bar,
            prints_lines: !is_terminal && !global.json,
            level: if global.verbose > 0 { Level::Debug } else { Level::Warning },
            prints_events: global.verbose > 1,
            stage: String::new(),
            step: 0,
            done: 0,
            total: None,
            started: Instant::now(),
            stage_started: Instant::now(),
            progressed: Instant::now(),
        }
    }

    /// Shows an event: progress, a log message, or with `-vv` anything else.
    pub(crate) fn on_event(&mut self, event: &Event) {
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        match event.topic.as_str() {
            PROGRESS => self.show(&data),
            // Messages that are also in the answer are printed only once, by the answer.
            LOG if Level::of(&data) <= self.level && data.get("answered") != Some(&Value::Bool(true)) => {
                self.print(&with_prefix(Level::of(&data), &string(&data, "message")));
            }
            LOG => {}
            _ if self.prints_events => {
                self.print(&sanitized(&format!("{}: {}", event.topic, event.data), MAX_MESSAGE));
            }
            _ => {}
        }
    }

    /// Redraws the bar as time passes.
    pub(crate) fn tick(&mut self) {
        let Some(bar) = &self.bar else { return };
        if bar.is_hidden() && self.stage_started.elapsed() >= SHOW_AFTER {
            if self.stage.is_empty() {
                bar.set_prefix("working");
                bar.set_style(style(UNKNOWN));
            }
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(TICK);
        }
        bar.set_message(self.time_left());
    }

    /// Prints a line above the bar.
    fn print(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| terminal::message(line)),
            None => terminal::message(line),
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
            (self.step, self.stage_started) = (0, Instant::now());
            self.stage.clone_from(&stage);
        }
        if is_new || done != self.done {
            self.progressed = Instant::now();
        }
        (self.done, self.total) = (done, total);
        self.draw(is_new);
        self.print_step();
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
        bar.set_message(self.time_left());
        if bar.is_hidden() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(TICK);
        }
    }

    /// An estimate of the time left, or that the disk is slow. Empty while there is no estimate.
    fn time_left(&self) -> String {
        let (elapsed, Some(total)) = (self.stage_started.elapsed(), self.total) else { return String::new() };
        if self.progressed.elapsed() > STALLED_AFTER {
            return "waiting for the disk".into();
        }
        if elapsed < ESTIMATE_AFTER || self.done == 0 || self.done >= total {
            return String::new();
        }
        // The last second would be over before it is read.
        let left = elapsed.as_secs_f64() * (total - self.done) as f64 / self.done as f64;
        match Duration::try_from_secs_f64(left) {
            Ok(left) if left >= Duration::from_secs(1) => format!("{:#} left", HumanDuration(left)),
            _ => String::new(),
        }
    }

    /// Without a terminal: prints a line for each completed fraction of a stage.
    fn print_step(&mut self) {
        // Short work prints no lines.
        let is_due = self.prints_lines && self.started.elapsed() > ESTIMATE_AFTER / 2;
        let Some(total) = self.total.filter(|_| is_due) else { return };
        let step = u128::from(self.done) * u128::from(STEPS) / u128::from(total);
        let step = u64::try_from(step).unwrap_or(STEPS);
        if step > self.step {
            self.step = step;
            terminal::message(&format!(
                "{}: {} of {} ({} %)",
                self.stage,
                size(self.done),
                size(total),
                step * 100 / STEPS
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

/// A log message with the prefix of its level, so that warnings and errors can be searched for.
fn with_prefix(level: Level, message: &str) -> String {
    match level {
        Level::Error | Level::Warning => format!("{}: {message}", level.name()),
        _ => message.to_owned(),
    }
}

/// A spinner for work without progress. It appears after `SHOW_AFTER` and is cleared on drop.
pub(crate) struct Busy {
    /// Dropped to end the thread.
    end: Option<Sender<()>>,
    shown: Option<JoinHandle<()>>,
}

impl Busy {
    pub(crate) fn new(what: &'static str) -> Self {
        let (end, ended) = channel();
        let show = move || {
            if ended.recv_timeout(SHOW_AFTER) == Err(RecvTimeoutError::Timeout) {
                let _bar = spinner(what);
                // Returns when the sender is dropped.
                let _ = ended.recv();
            }
        };
        // Without a thread, nothing is shown.
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

/// A bar that is cleared on drop.
struct ClearedBar(ProgressBar);

impl Drop for ClearedBar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn spinner(what: &'static str) -> Option<ClearedBar> {
    if !std::io::stderr().is_terminal() {
        terminal::message(what);
        return None;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(style(UNKNOWN));
    bar.set_prefix(what);
    bar.enable_steady_tick(TICK);
    Some(ClearedBar(bar))
}

/// A style from a constant template. A faulty template would only show indicatif's default style.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// The width of the terminal on standard error.
fn columns() -> u16 {
    rustix::termios::tcgetwinsize(std::io::stderr()).map_or(80, |size| size.ws_col)
}

/// What a job's stage is called in progress messages.
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
