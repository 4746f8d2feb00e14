//! Traces: the last runs of an automation, step by step with the values seen. Secrets and long values are not shown.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use crate::model::Timestamp;
use crate::options::automations::{MAX_TRACE_STEPS, MAX_TRACE_VALUE, MAX_TRACES};

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// Where it stands in the automation: `action/0/choose/1/sequence/0`.
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
    /// How it ended, in a sentence; empty while it runs.
    pub end: String,
    /// The variable `trigger`.
    pub trigger: Value,
    pub steps: Vec<Step>,
    /// Steps beyond those that are kept.
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
    pub fn new(run: u64, started: Timestamp, trigger: &Value, secrets: Arc<[String]>) -> Self {
        let trigger = shown(trigger, &secrets);
        let (ended, end, steps) = (None, String::new(), Vec::new());
        Self { run, started, ended, end, trigger, steps, left_out: 0, secrets }
    }

    /// Remembers a step.
    pub fn note(&mut self, path: &str, at: Timestamp, seen: &Value) {
        if self.steps.len() >= MAX_TRACE_STEPS {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        self.steps.push(Step { path: path.to_owned(), at, seen: shown(seen, &self.secrets) });
    }

    pub fn finish(&mut self, at: Timestamp, how: &str) {
        self.ended = Some(at);
        self.end = hidden(how, &self.secrets);
    }
}

fn shown(value: &Value, secrets: &[String]) -> Value {
    let length = value.to_string().len();
    if length > MAX_TRACE_VALUE {
        return json!(format!("a value of {length} bytes, too long to be kept"));
    }
    hide(value, secrets)
}

fn hide(value: &Value, secrets: &[String]) -> Value {
    match value {
        Value::String(text) => Value::String(hidden(text, secrets)),
        Value::Array(items) => items.iter().map(|item| hide(item, secrets)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), hide(value, secrets))).collect()
        }
        value => value.clone(),
    }
}

fn hidden(text: &str, secrets: &[String]) -> String {
    // Short ones would blot out everything.
    let long = secrets.iter().filter(|secret| secret.len() >= 4);
    long.fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "(secret)"))
}

/// The last runs of one automation.
#[derive(Debug, Clone, Default)]
pub struct Traces {
    kept: VecDeque<Trace>,
}

impl Traces {
    pub fn push(&mut self, trace: Trace) {
        if self.kept.len() >= MAX_TRACES {
            self.kept.pop_front();
        }
        self.kept.push_back(trace);
    }

    /// The oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Trace> {
        self.kept.iter()
    }
}
