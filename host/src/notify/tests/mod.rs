//! Notifications from outside: the tests give a configuration and the data of an action, and look at what real receivers get.

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

type OnPause = Box<dyn FnMut(&Shutdown) + Send>;

/// Records waits instead of waiting, and then runs a function.
#[derive(Default)]
pub struct RecordedPause {
    pub waits: Mutex<Vec<u64>>,
    pub on_pause: Mutex<Option<OnPause>>,
}

impl Pause for RecordedPause {
    fn pause(&self, time: Duration, shutdown: &Shutdown) {
        self.waits.lock().unwrap().push(time.as_secs());
        if let Some(run) = self.on_pause.lock().unwrap().as_mut() {
            run(shutdown);
        }
    }
}

/// A notifier with the targets of a `larder.toml`.
pub struct TestNotifier {
    pub notifier: Option<Notifier>,
    pub pause: Arc<RecordedPause>,
    pub log: Arc<Mutex<Vec<String>>>,
}

impl TestNotifier {
    pub fn new(toml: &str) -> Self {
        Self::at(Path::new("/config"), toml)
    }

    pub fn at(directory: &Path, toml: &str) -> Self {
        // Without the proxies of the machine that runs the tests.
        let toml =
            if toml.contains("[http]") { toml.to_owned() } else { format!("[http]\nproxy = \"\"\n{toml}") };
        let path = directory.join("larder.toml");
        let given = Given { files: BTreeMap::from([(path.clone(), toml)]), ..Given::default() };
        let loaded = configuration::load(&given, &path, Origin::Outside).unwrap_or_else(|it| panic!("{it}"));
        let (pause, log) = (Arc::new(RecordedPause::default()), Arc::new(Mutex::new(Vec::new())));
        let lines = log.clone();
        let write = Arc::new(move |line: &str| lines.lock().unwrap().push(line.to_owned()));
        let notifier = Notifier::start(loaded.notify, &loaded.http, write, pause.clone()).unwrap();
        Self { notifier: Some(notifier), pause, log }
    }

    /// Sends a notification and returns the receiver of its outcome.
    pub fn begin(&self, name: &str, data: Value) -> Receiver<Outcome> {
        let (sender, receiver) = channel();
        let home =
            Home { now: at("2026-11-23T04:45:00Z"), zone: larder_zone::Zone::UTC, states: Arc::default() };
        let answer = move |outcome| drop(sender.send(outcome));
        self.notifier.as_ref().unwrap().send(name, &data, &home, answer);
        receiver
    }

    /// Sends a notification and waits for its outcome. The error is the message.
    pub fn send(&self, name: &str, data: Value) -> Result<Value, String> {
        self.begin(name, data)
            .recv_timeout(Duration::from_secs(60))
            .unwrap()
            .map_err(|failure| failure.message)
    }

    pub fn waits(&self) -> Vec<u64> {
        self.pause.waits.lock().unwrap().clone()
    }

    pub fn close(&mut self, time: Duration) {
        self.notifier.take().unwrap().close(time);
    }
}
