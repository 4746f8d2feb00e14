//! The exports: they find the deed that a call names, and perform it.

use serde_json::Value;

#[allow(clippy::all, clippy::pedantic, unsafe_code, unreachable_pub)]
mod bindings {
    wit_bindgen::generate!({ path: "../../../wit", world: "plugin", generate_all });
    use super::Plugin;
    export!(Plugin);
}

use bindings::exports::larder::automation as exports;
use bindings::larder::automation::settings;
pub use bindings::larder::automation::{
    cache, clock, entities, files, jobs, progress, storage, timers, types, workers,
};

use crate::{computing, reading, speaking, system, writing};

/// JSON text, or a failure.
pub type Answer = Result<String, types::Failure>;
pub type Deed = fn() -> Answer;

/// What a well-behaved plugin answers.
pub const GOOD: &str = r#"{"good": true}"#;

struct Plugin;

impl exports::lifecycle::Guest for Plugin {
    /// Performs the deed that its settings or a file `set-up` in the home names.
    fn set_up() -> Result<(), types::Failure> {
        if let Some(deed) = setting("set-up") {
            perform(&deed)?;
        }
        match files::Snapshot::new().open(b"set-up") {
            Ok(content) => {
                let deed = content.read(0, 100).unwrap();
                perform(std::str::from_utf8(&deed).unwrap()).map(drop)
            }
            Err(_) => Ok(()),
        }
    }

    /// Performs the deed that its settings or a file `timer` in the home names.
    async fn timer(_name: String) -> Result<(), types::Failure> {
        if let Some(deed) = setting("timer") {
            perform(&deed)?;
        }
        match files::Snapshot::new().open(b"timer") {
            Ok(content) => {
                let deed = content.read(0, 100).unwrap();
                perform(std::str::from_utf8(&deed).unwrap()).map(drop)
            }
            Err(_) => Ok(()),
        }
    }
}

impl exports::actions::Guest for Plugin {
    fn describe() -> Vec<exports::actions::Action> {
        let action = |name: &str, description: &str| exports::actions::Action {
            name: name.into(),
            description: description.into(),
            fields: Vec::new(),
            public: false,
        };
        if let Some(name) = setting("action") {
            return vec![action(&name, "Misbehaves.")];
        }
        vec![action("backup.generate", "Misbehaves.\u{1b}[2J"), action("backup.preview", "Misbehaves.")]
    }

    async fn call(_action: String, data: String) -> Answer {
        let data: Value = serde_json::from_str(&data).unwrap();
        let name = data["name"].as_str().unwrap();
        match name.split_once('-') {
            Some(("manager", deed)) => match crate::jobs::perform(deed).await {
                Some(answer) => answer,
                None => perform(deed),
            },
            Some(("job", deed)) => crate::jobs::run(deed).await,
            _ => Ok(GOOD.into()),
        }
    }
}

impl exports::task::Guest for Plugin {
    fn run(kind: String, _input: String) -> Answer {
        perform(&kind)
    }
}

pub fn perform(deed: &str) -> Answer {
    if let Some(port) = deed.strip_prefix("network:") {
        return system::network(port.parse().unwrap());
    }
    let all = [
        computing::DEEDS,
        speaking::DEEDS,
        reading::DEEDS,
        writing::DEEDS,
        system::DEEDS,
        crate::jobs::DEEDS,
        crate::workers::DEEDS,
    ]
    .concat();
    match all.iter().find(|(name, _)| *name == deed) {
        Some((_, perform)) => perform(),
        None => Err(failure("unknown", format!("there is no deed {deed}"))),
    }
}

/// A setting, for a plugin that runs beside the one for backups.
fn setting(name: &str) -> Option<String> {
    let settings: Value = serde_json::from_str(&settings::get()).unwrap();
    settings[name].as_str().map(str::to_owned)
}

pub fn failure(code: &str, message: impl Into<String>) -> types::Failure {
    types::Failure { code: code.into(), message: message.into() }
}

/// Requests and their outcomes. All must be refused.
#[derive(Default)]
pub struct Asked(Vec<String>);

impl Asked {
    pub fn ask<T>(&mut self, what: impl AsRef<[u8]>, outcome: Result<T, impl std::fmt::Debug>) {
        let what = what.as_ref().escape_ascii().to_string();
        self.0.push(match outcome {
            Ok(_) => format!("{what} ALLOWED"),
            Err(error) => format!("{what} => {error:?}"),
        });
    }

    /// Like `ask`, but records only the case of the error.
    pub fn ask_briefly<T>(&mut self, what: impl AsRef<[u8]>, outcome: Result<T, types::Error>) {
        let case = |error| format!("{error:?}").split('(').next().unwrap_or_default().to_owned();
        self.ask(what, outcome.map_err(case));
    }

    pub fn answer(self) -> Answer {
        Err(failure("refused", self.0.join("; ")))
    }
}

/// One thing that must be refused.
pub fn refused<T>(outcome: Result<T, types::Error>) -> Answer {
    let mut asked = Asked::default();
    asked.ask("it", outcome);
    asked.answer()
}
