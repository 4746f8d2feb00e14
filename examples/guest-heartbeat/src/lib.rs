//! A plugin for Larder: a heartbeat that tells a monitoring service, regularly and on request, that the home is running.
//!
//! Its settings: `url`, the address to call, and `minutes`, how often (60 if absent; 0 means only on request).

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
use bindings::exports::larder::automation::{actions, lifecycle, task};
use bindings::larder::automation::types::{Error, Failure, Instant};
use bindings::larder::automation::{documents, entities, http, settings, timers};

/// The name of the timer, and of the document that holds the time of the last heartbeat.
const BEAT: &str = "beat";
const ENTITY: &str = "sensor.heartbeat";

struct Heartbeat;

impl lifecycle::Guest for Heartbeat {
    /// Called once and first: checks the settings, shows the entity, sets the timer.
    fn set_up() -> Result<(), Failure> {
        let settings = Settings::read()?;
        let last = documents::load(BEAT).ok().flatten();
        show(&last.unwrap_or_else(|| "unknown".into()), None);
        settings.plan();
        Ok(())
    }

    /// A timer fired. The host reports a failure to people.
    async fn timer(_name: String) -> Result<(), Failure> {
        let settings = Settings::read()?;
        settings.plan();
        beat(&settings, None).await.map(drop)
    }
}

impl actions::Guest for Heartbeat {
    fn describe() -> Vec<actions::Action> {
        vec![actions::Action {
            name: "heartbeat.send".into(),
            description: "Tells the monitoring service now that the home is running".into(),
            fields: vec![actions::Field {
                name: "message".into(),
                type_name: "string".into(),
                required: false,
                description: "text to send along".into(),
            }],
            public: true,
        }]
    }

    /// The host has checked `data` against the declared fields.
    async fn call(name: String, data: String) -> Result<String, Failure> {
        let data: Value = serde_json::from_str(&data).unwrap_or_default();
        let message = data.get("message").and_then(Value::as_str);
        match name.as_str() {
            "heartbeat.send" => Ok(beat(&Settings::read()?, message).await?.to_string()),
            _ => Err(failure("unknown_command", format!("there is no action {name}"))),
        }
    }
}

/// This plugin has no heavy work, so it has no jobs.
impl task::Guest for Heartbeat {
    fn run(kind: String, _input: String) -> Result<String, Failure> {
        Err(failure("unknown_command", format!("there is no job {kind}")))
    }
}

/// What a person wrote into `larder.toml`.
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
            minutes.ok_or_else(|| failure("invalid_format", "`minutes` in its settings is not a number"))?;
        Ok(Self { url: url.to_owned(), minutes })
    }

    /// Sets the timer for the next heartbeat.
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

/// Sends a heartbeat, saves its time, then shows it. In this order, the entity never shows a heartbeat that a crash could forget.
async fn beat(settings: &Settings, message: Option<&str>) -> Result<Value, Failure> {
    let request = http::Request {
        method: "POST".into(),
        url: settings.url.clone(),
        headers: Vec::new(),
        body: message.map(|text| text.as_bytes().to_vec()),
    };
    let sent = http::send(request).await.map_err(message_of);
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
    documents::save(BEAT, &time).map_err(|error| failure("heartbeat_failed", message_of(error)))?;
    show(&time, None);
    Ok(json!({"sent": time}))
}

/// Shows the entity: when the last heartbeat was accepted, and what has gone wrong since.
fn show(last: &str, problem: Option<&str>) {
    let attributes = json!({"friendly_name": "Heartbeat", "problem": problem});
    entities::publish(ENTITY, last, &attributes.to_string());
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The text of an error of the host.
fn message_of(error: Error) -> String {
    match error {
        Error::NotFound(text) | Error::Exists(text) | Error::Denied(text) | Error::Invalid(text) => text,
        Error::InUse(text) | Error::NoSpace(text) | Error::Limit(text) | Error::Io(text) => text,
        Error::Other(text) => text,
    }
}

fn failure(code: &str, message: impl Into<String>) -> Failure {
    Failure { code: code.into(), message: message.into() }
}
