//! A plugin for Larder: tells a monitoring service that the home lives, now and then and when an automation asks for it.
//!
//! Its settings: `url`, where to tell it, and `minutes`, how often (60 when absent, 0 for never by itself).

#![cfg(target_family = "wasm")]

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

// Everything that `wit/` describes, as Rust.
mod bindings {
    #![allow(
        clippy::all,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        unsafe_code
    )]
    wit_bindgen::generate!({ path: "../../wit", world: "plugin", generate_all });
    export!(Heartbeat);
    use super::Heartbeat;
}
use bindings::exports::larder::automation::{actions, job, lifecycle};
use bindings::larder::automation::types::{Error, Failure, Instant};
use bindings::larder::automation::{documents, entities, http, settings, timers};

/// The timer, and the document that remembers the last beat.
const BEAT: &str = "beat";
const ENTITY: &str = "sensor.heartbeat";

struct Heartbeat;

impl lifecycle::Guest for Heartbeat {
    /// Called once, first: checks the settings, shows the entity, sets the timer.
    fn set_up() -> Result<(), Failure> {
        let settings = Settings::read()?;
        let last = documents::load(BEAT).ok().flatten();
        show(&last.unwrap_or_else(|| "unknown".into()), None);
        settings.plan();
        Ok(())
    }

    /// A timer fired. What goes wrong is told to people.
    async fn timer(_name: String) -> Result<(), Failure> {
        let settings = Settings::read()?;
        settings.plan();
        beat(&settings).await.map(drop)
    }
}

impl actions::Guest for Heartbeat {
    fn describe() -> Vec<actions::Action> {
        vec![actions::Action {
            name: "heartbeat.send".into(),
            description: "Tells the monitoring service now that the home lives".into(),
            fields: Vec::new(),
            public: true,
        }]
    }

    async fn call(name: String, _data: String) -> Result<String, Failure> {
        match name.as_str() {
            "heartbeat.send" => Ok(beat(&Settings::read()?).await?.to_string()),
            _ => Err(failure("unknown_command", format!("there is no action {name}"))),
        }
    }
}

/// A plugin without heavy work has no jobs.
impl job::Guest for Heartbeat {
    fn run(kind: String, _input: String) -> Result<String, Failure> {
        Err(failure("unknown_command", format!("there is no job {kind}")))
    }
}

/// What the person wrote into `larder.toml`.
struct Settings {
    url: String,
    minutes: u64,
}

impl Settings {
    fn read() -> Result<Self, Failure> {
        let settings: Value = serde_json::from_str(&settings::get()).unwrap_or_default();
        let url = settings.get("url").and_then(Value::as_str);
        let url = url
            .ok_or_else(|| failure("invalid_format", "its settings have no `url`; add it in larder.toml"))?;
        let minutes = settings.get("minutes").map_or(Some(60), Value::as_u64);
        let minutes =
            minutes.ok_or_else(|| failure("invalid_format", "`minutes` in its settings is no number"))?;
        Ok(Self { url: url.to_owned(), minutes })
    }

    /// Asks to be called when the next beat is due.
    fn plan(&self) {
        if self.minutes > 0 {
            let seconds = now().saturating_add(self.minutes.saturating_mul(60));
            timers::set(
                BEAT,
                Instant { seconds: i64::try_from(seconds).unwrap_or(i64::MAX), nanoseconds: 0 },
            );
        }
    }
}

/// Tells it, remembers that it did, then shows it: in this order, so that nothing is shown that would be forgotten.
async fn beat(settings: &Settings) -> Result<Value, Failure> {
    let request =
        http::Request { method: "POST".into(), url: settings.url.clone(), headers: Vec::new(), body: None };
    let sent = http::send(request).await.map_err(words);
    let accepted = sent.and_then(|response| match response.status {
        200..=299 => Ok(()),
        status => Err(format!("the monitoring service answered with status {status}")),
    });
    if let Err(reason) = accepted {
        let last = documents::load(BEAT).ok().flatten();
        show(&last.unwrap_or_else(|| "unknown".into()), Some(&reason));
        return Err(failure("heartbeat_failed", reason));
    }
    let time = now().to_string();
    documents::save(BEAT, &time).map_err(|error| failure("heartbeat_failed", words(error)))?;
    show(&time, None);
    Ok(json!({"sent": time}))
}

/// The entity: when the last beat was taken, and what went wrong since.
fn show(last: &str, problem: Option<&str>) {
    let attributes = json!({"friendly_name": "Heartbeat", "problem": problem});
    entities::publish(ENTITY, last, &attributes.to_string());
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// What the host says, for people.
fn words(error: Error) -> String {
    match error {
        Error::NotFound(text) | Error::Exists(text) | Error::Denied(text) | Error::Invalid(text) => text,
        Error::InUse(text) | Error::NoSpace(text) | Error::Limit(text) | Error::Io(text) => text,
    }
}

fn failure(code: &str, message: impl Into<String>) -> Failure {
    Failure { code: code.into(), message: message.into() }
}
