//! Traces: the last runs of an automation, step by step, with the values seen. Secrets and long values are replaced.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use crate::model::Timestamp;
use crate::tunables::automations::{MAX_TRACE_STEPS, MAX_TRACE_VALUE};

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// The path within the automation, such as `action/0/choose/1/sequence/0`.
    pub path: String,
    #[serde(serialize_with = "iso")]
    pub at: Timestamp,
    pub seen: Value,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trace {
    pub run: u64,
    #[serde(serialize_with = "iso")]
    pub started: Timestamp,
    #[serde(serialize_with = "maybe_iso")]
    pub ended: Option<Timestamp>,
    /// How it ended, as a phrase. Empty while it is running.
    pub end: String,
    /// The variable `trigger`.
    pub trigger: Value,
    pub steps: Vec<Step>,
    /// The number of steps that were not kept.
    pub left_out: usize,
    #[serde(skip)]
    secrets: Arc<[String]>,
}

fn iso<S: serde::Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&time.to_iso())
}

fn maybe_iso<S: serde::Serializer>(time: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    time.map(Timestamp::to_iso).serialize(to)
}

impl Trace {
    /// A trace of a run that starts now.
    pub fn new(run: u64, started: Timestamp, trigger: &Value, secrets: Arc<[String]>) -> Self {
        let trigger = shown(trigger, &secrets);
        let (ended, end, steps) = (None, String::new(), Vec::new());
        Self { run, started, ended, end, trigger, steps, left_out: 0, secrets }
    }

    /// Restores a saved trace. `None` if it is damaged or exceeds the limits. Its secrets were redacted when it was
    /// recorded.
    pub fn recall(kept: &Value) -> Option<Self> {
        let time = |value: &Value| {
            let time = chrono::DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
            Some(crate::automation::zone::timestamp(time.to_utc()))
        };
        let no_secrets: Arc<[String]> = Arc::from([]);
        let trigger = shown(kept.get("trigger")?, &no_secrets);
        let steps = kept.get("steps")?.as_array()?.iter().take(MAX_TRACE_STEPS).map(|step| {
            let seen = shown(step.get("seen")?, &no_secrets);
            Some(Step { path: step.get("path")?.as_str()?.to_owned(), at: time(step.get("at")?)?, seen })
        });
        Some(Self {
            run: kept.get("run")?.as_u64().filter(|run| *run < u64::MAX / 2)?,
            started: time(kept.get("started")?)?,
            ended: kept.get("ended").and_then(time),
            end: kept.get("end")?.as_str()?.to_owned(),
            trigger,
            steps: steps.collect::<Option<_>>()?,
            left_out: kept.get("left_out")?.as_u64().and_then(|count| usize::try_from(count).ok())?,
            secrets: no_secrets,
        })
    }

    /// Records a step.
    pub fn record(&mut self, path: &str, at: Timestamp, seen: &Value) {
        if self.steps.len() >= MAX_TRACE_STEPS {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        self.steps.push(Step { path: path.to_owned(), at, seen: shown(seen, &self.secrets) });
    }

    /// Records when and how the run ended.
    pub fn finish(&mut self, at: Timestamp, how: &str) {
        self.ended = Some(at);
        self.end = redacted(how, &self.secrets);
    }
}

fn shown(value: &Value, secrets: &[String]) -> Value {
    let length = value.to_string().len();
    if length > MAX_TRACE_VALUE {
        return json!(format!("a value of {length} bytes, too long to keep"));
    }
    redacted_value(value, secrets)
}

fn redacted_value(value: &Value, secrets: &[String]) -> Value {
    match value {
        Value::String(text) => Value::String(redacted(text, secrets)),
        Value::Array(items) => items.iter().map(|item| redacted_value(item, secrets)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), redacted_value(value, secrets))).collect()
        }
        value => value.clone(),
    }
}

/// Replaces the secrets in a text.
pub fn redacted(text: &str, secrets: &[String]) -> String {
    // Short secrets would match everywhere.
    let long = secrets.iter().filter(|secret| secret.len() >= 4);
    long.fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "(secret)"))
}

/// The last runs of one automation.
#[derive(Debug, Clone, Default)]
pub struct Traces {
    kept: VecDeque<Trace>,
}

impl Traces {
    /// Adds a trace and keeps the last `most`.
    pub fn push(&mut self, trace: Trace, most: usize) {
        self.kept.push_back(trace);
        while self.kept.len() > most {
            self.kept.pop_front();
        }
    }

    /// The oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Trace> {
        self.kept.iter()
    }
}
