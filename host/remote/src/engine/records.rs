//! What is known of a location without asking it: the last listing, the free space, the last error. It survives restarts.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::context::Context;
use super::retry::{self, Patience};
use super::types::{Listing, State};
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::protocol::Object;
use crate::stop::Stop;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Document {
    as_of: Option<i64>,
    free: Option<u64>,
    error: Option<(i64, String)>,
    objects: Vec<Row>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Row {
    name: String,
    size: u64,
    modified: Option<i64>,
    tag: Option<String>,
}

impl From<&Object> for Row {
    fn from(object: &Object) -> Self {
        let Object { name, size, modified, tag } = object.clone();
        Self { name, size, modified, tag }
    }
}

/// Calls `work` with a token that stops it after that time: a server that answers a byte at a time makes progress for ever.
fn within<T>(time: Duration, stop: &Stop, work: impl FnOnce(&Stop) -> Result<T>) -> Result<T> {
    let limited = stop.child();
    let timer = limited.clone();
    let watch = thread::Builder::new().name("deadline".into()).spawn(move || {
        if timer.wait(time).is_ok() {
            timer.stop();
        }
    });
    let done = work(&limited);
    let is_late = limited.is_stopped() && !stop.is_stopped();
    // Ends the timer.
    limited.stop();
    drop(watch);
    match done {
        Err(error) if is_late && error.kind == Kind::Stopped => {
            let text =
                format!("no whole answer within {} s; try again, or look at the server", time.as_secs());
            Err(Error::new(Kind::Interrupted, text))
        }
        done => done,
    }
}

/// What is known of a location.
pub struct Records(Mutex<Document>);

impl Records {
    pub fn new(context: &Context) -> Self {
        let text = context.memory.load(&context.document("listing"));
        Self(Mutex::new(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()))
    }

    /// Asks, and remembers the answer.
    pub fn list(&self, context: &Context, stop: &Stop) -> Result<Listing> {
        let patience = Patience::new(context, limits::LIST_PATIENCE);
        let listed = within(limits::LIST_TIME, stop, |stop| {
            retry::retry(&patience, stop, || context.protocol.list(stop))
        });
        // The first upload makes the folder. One that held objects and is gone is an error.
        let was_empty = self.lock().objects.is_empty();
        let listed = match listed {
            Err(error) if error.kind == Kind::NotFound && context.protocol.makes_folder() && was_empty => {
                Ok(Vec::new())
            }
            listed => listed,
        };
        match listed {
            Ok(mut objects) => {
                objects.retain(|object| !is_temporary(&object.name));
                objects.sort_by(|a, b| a.name.cmp(&b.name));
                let free = context.protocol.free(stop).ok().flatten();
                let as_of = context.now();
                let rows = objects.iter().map(Row::from).collect();
                let mut document = self.lock();
                *document = Document { as_of: Some(as_of), free, error: None, objects: rows };
                save(context, &document);
                Ok(Listing { objects, as_of })
            }
            Err(error) => {
                let error = error.about(format!("cannot list {}", context.id));
                self.failed(context, &error);
                Err(error)
            }
        }
    }

    /// Remembers an error. A stop is none.
    pub fn failed(&self, context: &Context, error: &Error) {
        if error.kind != Kind::Stopped {
            let mut document = self.lock();
            document.error = Some((context.now(), error.message.clone()));
            save(context, &document);
        }
    }

    /// Remembers that something else than a listing succeeded, and what it changed.
    pub fn changed(&self, context: &Context, name: &str, object: Option<&Object>) {
        let mut document = self.lock();
        document.error = None;
        // Without a listing one object would look like all.
        if document.as_of.is_some() {
            document.objects.retain(|row| row.name != name);
            let at = document.objects.partition_point(|row| row.name.as_str() < name);
            if let Some(object) = object {
                document.objects.insert(at, Row::from(object));
            }
        }
        save(context, &document);
    }

    pub fn remembered(&self) -> Option<Listing> {
        let document = self.lock();
        let objects = document.objects.iter().map(|row| {
            let Row { name, size, modified, tag } = row.clone();
            Object { name, size, modified, tag }
        });
        Some(Listing { as_of: document.as_of?, objects: objects.collect() })
    }

    pub fn state(&self) -> State {
        let document = self.lock();
        State { as_of: document.as_of, free: document.free, error: document.error.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, Document> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What cannot be saved is asked for again after a restart.
fn save(context: &Context, document: &Document) {
    if let Ok(text) = serde_json::to_string(document) {
        let _ = context.memory.save(&context.document("listing"), &text);
    }
}

/// Whether this is a temporary name of an upload.
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(".larder-") && name.ends_with(".part")
}
