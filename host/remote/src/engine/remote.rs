//! The public type of the engine: one location on another machine.

use std::sync::Arc;

use super::reader::Reader;
use super::types::{Check, Listing, Options, State, Stored};
use crate::error::{Error, Kind, Result};
use crate::ports::{Memory, Source};
use crate::protocol::{Object, Protocol};
use crate::settings::Environment;
use crate::stop::Stop;

/// A location on another machine. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Remote(Arc<Inner>);

struct Inner {
    id: String,
    protocol: Arc<dyn Protocol>,
}

fn unbuilt<T>() -> Result<T> {
    Err(Error::new(Kind::Unsupported, "not built yet"))
}

impl Remote {
    /// Nothing is asked yet. `id` names the documents in the memory.
    pub fn new(
        id: String,
        protocol: Arc<dyn Protocol>,
        memory: Arc<dyn Memory>,
        options: Options,
        environment: Environment,
    ) -> Self {
        let _ = (memory, options, environment);
        Self(Arc::new(Inner { id, protocol }))
    }

    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Where it is, without credentials.
    pub fn address(&self) -> &str {
        self.0.protocol.address()
    }

    /// Asks for all objects and the free space, and remembers the answer, an error too.
    pub fn list(&self, _stop: &Stop) -> Result<Listing> {
        unbuilt()
    }

    /// The last listing. Never waits for the network.
    pub fn remembered(&self) -> Option<Listing> {
        None
    }

    /// What is known. Never waits for the network.
    pub fn state(&self) -> State {
        State::default()
    }

    /// Whole small objects, in the order asked, read side by side. They are kept in the memory by name, size and tag (or time of modification), and
    /// forgotten when they are no longer listed. One of more than `most` bytes is an error.
    pub fn small(&self, objects: &[Object], _most: usize, _stop: &Stop) -> Vec<Result<Vec<u8>>> {
        objects.iter().map(|_| unbuilt()).collect()
    }

    /// Opens an object. `NotFound` if there is none.
    pub fn open(&self, _name: &str, _stop: Stop) -> Result<Reader> {
        unbuilt()
    }

    /// Uploads an object and proves it. `progress` is told how many bytes the server has taken so far; the number falls when some are sent
    /// again. After an error or a stop, a call with the same source continues where the protocol can. `Exists` if the name is taken.
    pub fn store(
        &self,
        _name: &str,
        _source: Arc<dyn Source>,
        _progress: &(dyn Fn(u64) + Sync),
        _stop: &Stop,
    ) -> Result<Stored> {
        unbuilt()
    }

    /// Uploads a small object and reads it back.
    pub fn put(&self, _name: &str, _bytes: &[u8], _stop: &Stop) -> Result<()> {
        unbuilt()
    }

    /// Deletes an object. A missing one is no error.
    pub fn delete(&self, _name: &str, _stop: &Stop) -> Result<()> {
        unbuilt()
    }

    /// Discards the unfinished uploads whose final name is not wanted. Sentences say what was removed and what could not be.
    pub fn clean(&self, _is_wanted: &dyn Fn(&str) -> bool, _stop: &Stop) -> Vec<String> {
        Vec::new()
    }

    /// Tries out the location with a small object, and leaves nothing.
    pub fn test(&self, _stop: &Stop) -> Vec<Check> {
        Vec::new()
    }
}
