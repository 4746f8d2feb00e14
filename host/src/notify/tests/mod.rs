//! Notifications from outside: a configuration and an action's data go in, real receivers see what comes out.

mod automation;
mod ends;
mod http;
mod local;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::automation::tests::{Given, at};
use crate::configuration::{self, Origin};

type Then = Box<dyn FnMut(&Stop) + Send>;

/// Waits that last no time and are remembered. Then something may happen.
#[derive(Default)]
pub struct Noted {
    pub waits: Mutex<Vec<u64>>,
    pub then: Mutex<Option<Then>>,
}

impl Pause for Noted {
    fn pause(&self, time: Duration, stop: &Stop) {
        self.waits.lock().unwrap().push(time.as_secs());
        if let Some(then) = self.then.lock().unwrap().as_mut() {
            then(stop);
        }
    }
}

/// A notifier of a `larder.toml`.
pub struct Play {
    pub notifier: Option<Notifier>,
    pub noted: Arc<Noted>,
    pub log: Arc<Mutex<Vec<String>>>,
}

impl Play {
    pub fn new(toml: &str) -> Self {
        Self::at(Path::new("/config"), toml)
    }

    pub fn at(directory: &Path, toml: &str) -> Self {
        // Without the proxies of whoever runs the tests.
        let toml =
            if toml.contains("[http]") { toml.to_owned() } else { format!("[http]\nproxy = \"\"\n{toml}") };
        let path = directory.join("larder.toml");
        let given = Given { files: BTreeMap::from([(path.clone(), toml)]), ..Given::default() };
        let loaded = configuration::load(&given, &path, Origin::Outside).unwrap_or_else(|it| panic!("{it}"));
        let (noted, log) = (Arc::new(Noted::default()), Arc::new(Mutex::new(Vec::new())));
        let lines = log.clone();
        let write = Arc::new(move |line: &str| lines.lock().unwrap().push(line.to_owned()));
        let notifier = Notifier::start(loaded.notify, &loaded.http, write, noted.clone()).unwrap();
        Self { notifier: Some(notifier), noted, log }
    }

    /// Sends, and gives where the answer comes in.
    pub fn begin(&self, name: &str, data: Value) -> Receiver<Outcome> {
        let (tell, told) = channel();
        let home =
            Home { now: at("2026-11-23T04:45:00Z"), zone: larder_zone::Zone::UTC, states: Arc::default() };
        let answer = move |outcome| drop(tell.send(outcome));
        self.notifier.as_ref().unwrap().send(name, &data, &home, answer);
        told
    }

    /// Sends and waits for the answer; the error is its text.
    pub fn send(&self, name: &str, data: Value) -> Result<Value, String> {
        let told = self.begin(name, data);
        told.recv_timeout(Duration::from_secs(60)).unwrap().map_err(|failure| failure.message)
    }

    pub fn waits(&self) -> Vec<u64> {
        self.noted.waits.lock().unwrap().clone()
    }

    pub fn close(&mut self, time: Duration) {
        self.notifier.take().unwrap().close(time);
    }
}
