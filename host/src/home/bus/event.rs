//! The events of the bus: their data, the topics of the host, and the levels of log messages.

use serde_json::Value;

/// A log message: `{"message": …, "level": …}`.
pub const LOG: &str = "larder/log";
/// The progress of a job: `{"job", "stage", "done", "total"}`.
pub const PROGRESS: &str = "larder/progress";
/// An object was stored: `{"location", "name"}`.
pub const STORED: &str = "larder/stored";
/// A restore was put in place: `{}`.
pub const REPLACED: &str = "larder/replaced";
/// Sent to a listener in place of the events that it missed: `{"count": …}`. Only the bus sends it.
pub const MISSED: &str = "larder/missed";

/// The severity of a log message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Error,
    Warning,
    #[default]
    Info,
    /// Shown only on request.
    Debug,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }

    /// The level of a log event; `info` when it names none.
    pub fn of(data: &Value) -> Self {
        let name = data.get("level").and_then(Value::as_str);
        let known = [Self::Error, Self::Warning, Self::Info, Self::Debug];
        known.into_iter().find(|level| Some(level.name()) == name).unwrap_or_default()
    }
}

/// A topic and its data, from a plugin or the host.
#[derive(Debug, Clone)]
pub struct Event {
    pub topic: String,
    /// Valid JSON text.
    pub data: String,
    /// The automation run that emitted the event.
    pub cause: Option<u64>,
    /// Whether it shows the state of an automation: the automations have seen it already.
    pub is_own: bool,
}

impl Event {
    pub fn new(topic: impl Into<String>, data: impl Into<String>) -> Self {
        Self { topic: topic.into(), data: data.into(), cause: None, is_own: false }
    }
}
