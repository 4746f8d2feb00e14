//! Progress for people: a bar on a terminal, plain lines otherwise, nothing beside JSON.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use super::text::{size, word};
use crate::bus::{LOG, Level, Listener};
use crate::model::tamed;
use crate::options::{MAX_MESSAGE, MAX_WORD};

const BAR: &str = "{prefix:>16} {bar:30} {bytes:>11} of {total_bytes:<11} {bytes_per_sec:>13}  {eta} left";
const UNKNOWN: &str = "{prefix:>16} {spinner}";
/// Plain lines say each of these parts of a stage.
const PARTS: u64 = 4;

pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    plain: bool,
    /// How much a sentence must matter to be shown.
    least: Level,
    /// Whether events are shown, too.
    events: bool,
    stage: String,
    part: u64,
}

impl Progress {
    pub(crate) fn new(quiet: bool, verbose: u8) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = (terminal && !quiet).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let least = if verbose > 0 { Level::Debug } else { Level::Warning };
        Self { bar, plain: !terminal && !quiet, least, events: verbose > 1, stage: String::new(), part: 0 }
    }

    /// Shows events until the bus is gone.
    pub(crate) fn follow(mut self, events: &Listener) {
        while let Ok(event) = events.recv() {
            if self.events && event.topic != "larder/progress" && event.topic != LOG {
                self.say(&tamed(&format!("{}: {}", event.topic, event.data), MAX_MESSAGE));
            }
            if event.topic == LOG
                && let Ok(data) = serde_json::from_str::<Value>(&event.data)
                && Level::of(&data) <= self.least
                // The answer says it, too.
                && data.get("answered") != Some(&Value::Bool(true))
            {
                self.say(&word(&data, "message"));
            }
            if event.topic == "larder/progress" {
                self.show(&event.data);
            }
        }
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => eprintln!("{line}"),
        }
    }

    fn show(&mut self, data: &str) {
        let Ok(data) = serde_json::from_str::<Value>(data) else { return };
        let number = |key: &str| data.get(key).and_then(Value::as_u64);
        let word = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (stage, total) = (label(&word("job"), &word("stage")), number("total"));
        let done = number("done").unwrap_or(0).min(total.unwrap_or(u64::MAX));
        let stage = tamed(&stage, MAX_WORD);
        let is_new = stage != self.stage;
        if is_new {
            self.stage.clone_from(&stage);
            self.part = 0;
        }
        if let Some(bar) = &self.bar {
            draw(bar, is_new, &stage, done, total);
        } else if self.plain {
            self.line(&stage, done, total);
        }
    }

    fn line(&mut self, stage: &str, done: u64, total: Option<u64>) {
        let Some(total) = total.filter(|total| *total > 0) else { return };
        let part = u64::try_from(u128::from(done) * u128::from(PARTS) / u128::from(total)).unwrap_or(PARTS);
        if part > self.part {
            self.part = part;
            eprintln!("{stage}: {} of {} ({} %)", size(done), size(total), part * 100 / PARTS);
        }
    }
}

fn draw(bar: &ProgressBar, is_new: bool, stage: &str, done: u64, total: Option<u64>) {
    if is_new {
        bar.reset();
        bar.set_prefix(stage.to_owned());
    }
    // The templates are constant; a mistake in one would only show indicatif's own style.
    let style = ProgressStyle::with_template(if total.is_some() { BAR } else { UNKNOWN });
    if let Ok(style) = style {
        bar.set_style(style);
    }
    if let Some(total) = total {
        bar.set_length(total);
    }
    bar.set_position(done);
}

/// Stages in words.
fn label(job: &str, stage: &str) -> String {
    match (job, stage) {
        ("create", "home_assistant") => "backing up".into(),
        ("create", "upload_to_agents") => "verifying".into(),
        ("restore", "home_assistant") => "checking".into(),
        (_, "put_in_place") => "reading back, putting in place".into(),
        ("verify", _) | (_, "verify") => "verifying".into(),
        (_, "copy") => "writing".into(),
        ("extract", _) => "extracting".into(),
        _ => stage.replace('_', " "),
    }
}
