//! What goes over the bus: an event, its well-known topics, and the level of a log message.

use serde_json::Value;

/// The topic of what people should read: `{"message": …, "level": …}`.
pub const LOG: &str = "larder/log";
/// How far a job is: `{"job", "stage", "done", "total"}`.
pub const PROGRESS: &str = "larder/progress";
/// An object was stored: `{"location", "name"}`. A restore was put in place.
pub const STORED: &str = "larder/stored";
pub const REPLACED: &str = "larder/replaced";
/// What a listener hears in place of events that it missed: `{"count": …}`. Only the bus says it.
pub const MISSED: &str = "larder/missed";

/// How much a sentence for people matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Error,
    Warning,
    #[default]
    Info,
    /// Said only to who asks for more.
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

    /// That of an event for people; `info` when it names none.
    pub fn of(data: &Value) -> Self {
        let name = data.get("level").and_then(Value::as_str);
        let known = [Self::Error, Self::Warning, Self::Info, Self::Debug];
        known.into_iter().find(|level| Some(level.name()) == name).unwrap_or_default()
    }
}

#[derive(Debug, Clone)]
pub struct Event {
    pub topic: String,
    /// JSON text, checked.
    pub data: String,
    /// The run of an automation that told it.
    pub cause: Option<u64>,
}

impl Event {
    pub fn new(topic: impl Into<String>, data: impl Into<String>) -> Self {
        Self { topic: topic.into(), data: data.into(), cause: None }
    }
}
