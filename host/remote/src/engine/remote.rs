//! A location on another machine: what can be done with it, by way of its protocol.

use std::io;
use std::sync::Arc;

use super::knowledge::Knowledge;
use super::ledger::Ledger;
use super::rate::Rate;
use super::reader::Reader;
use super::retry::{Patience, retry};
use super::types::{Check, Listing, Options, State, Stored, Times};
use super::{probe, small, store};
use crate::error::{Error, Kind, Result};
use crate::ports::{Memory, Source};
use crate::protocol::{Object, Protocol};
use crate::settings::Environment;
use crate::stop::Stop;

/// The beginning of the names of temporary objects, in every protocol that needs one.
const TEMPORARY: &str = ".larder-";

/// A location. Cheap to clone; calls may come from any thread.
#[derive(Clone)]
pub struct Remote(Arc<Inner>);

struct Inner {
    id: String,
    protocol: Arc<dyn Protocol>,
    ledger: Ledger,
    knowledge: Knowledge,
    options: Options,
    rate: Arc<Rate>,
    environment: Environment,
    times: Times,
}

impl Remote {
    /// The location `id`. Connects to nothing.
    pub fn new(
        id: String,
        protocol: Arc<dyn Protocol>,
        memory: Arc<dyn Memory>,
        options: Options,
        environment: Environment,
    ) -> Self {
        Self::with_times(id, protocol, memory, options, environment, Times::default())
    }

    /// As `new`, with other times. For tests.
    pub fn with_times(
        id: String,
        protocol: Arc<dyn Protocol>,
        memory: Arc<dyn Memory>,
        options: Options,
        environment: Environment,
        times: Times,
    ) -> Self {
        let rate = Arc::new(Rate::new(options.bandwidth));
        let (ledger, knowledge) = (Ledger::new(memory.clone()), Knowledge::new(memory));
        Self(Arc::new(Inner { id, protocol, ledger, knowledge, options, rate, environment, times }))
    }

    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Where it is, for messages.
    pub fn address(&self) -> &str {
        self.0.protocol.address()
    }

    /// Lists it now, and remembers the result, also a failure.
    pub fn list(&self, stop: &Stop) -> Result<Listing> {
        let patience = Patience::small(self.times());
        let listed = retry(&patience, stop, || self.protocol().list(stop));
        // The folder is made by the first upload. One that held objects and is gone is an error.
        let was_empty = || self.remembered().is_none_or(|listing| listing.objects.is_empty());
        let listed = match listed {
            Err(error) if error.kind == Kind::NotFound && self.protocol().makes_folder() && was_empty() => {
                Ok(Vec::new())
            }
            listed => listed,
        };
        match listed {
            Ok(mut objects) => {
                objects.retain(|object| !is_temporary(&object.name));
                objects.sort_by(|a, b| a.name.cmp(&b.name));
                objects.dedup_by(|a, b| a.name == b.name);
                let listing = Listing { objects, as_of: (self.0.environment.now)() };
                // Few servers say it, and nothing depends on it.
                let free = self.protocol().free(stop).ok().flatten();
                self.knowledge().listed(&listing, free);
                Ok(listing)
            }
            Err(error) => {
                if error.kind != Kind::Stopped {
                    self.knowledge().failed((self.0.environment.now)(), &error);
                }
                Err(error.about(format!("cannot list {}", self.id())))
            }
        }
    }

    /// The last listing. Never waits.
    pub fn remembered(&self) -> Option<Listing> {
        self.knowledge().listing()
    }

    /// What is known. Never waits.
    pub fn state(&self) -> State {
        self.knowledge().state()
    }

    /// The names of objects whose upload was interrupted. Never waits.
    pub fn unfinished(&self) -> Vec<String> {
        self.ledger().entries().into_iter().map(|entry| entry.name).collect()
    }

    /// Reads small objects whole, side by side: a result for each, in order. Each has at most `most` bytes.
    pub fn small(&self, objects: &[Object], most: usize, stop: &Stop) -> Vec<Result<Vec<u8>>> {
        small::read_all(self, objects, most, stop)
    }

    /// Opens an object for reading. `stop` also stops later reads.
    pub fn open(&self, name: &str, stop: Stop) -> Result<Reader> {
        let patience = Patience::small(self.times());
        let found = retry(&patience, &stop, || self.protocol().stat(name, &stop))
            .map_err(|error| error.about(format!("cannot open {}", self.id())))?;
        let missing = || Error::new(Kind::NotFound, format!("there is no {name} in {}", self.id()));
        Ok(Reader::new(self.clone(), found.ok_or_else(missing)?, stop))
    }

    /// Stores the source under a name that must be free. `progress` gets the bytes that are stored or on their way.
    pub fn store(
        &self,
        name: &str,
        source: Arc<dyn Source>,
        progress: &(dyn Fn(u64) + Sync),
        stop: &Stop,
    ) -> Result<Stored> {
        let stored = store::store(self, name, source, progress, stop);
        if let Err(error) = &stored
            && error.is_transient()
        {
            self.knowledge().failed((self.0.environment.now)(), error);
        }
        stored.map_err(|error| error.about(format!("cannot store {name} in {}", self.id())))
    }

    /// Stores a small object, and reads it back.
    pub fn put(&self, name: &str, bytes: &[u8], stop: &Stop) -> Result<()> {
        let source = Arc::new(Bytes { name: name.to_owned(), bytes: bytes.to_vec() });
        self.store(name, source, &|_| (), stop)?;
        let back = self.open(name, stop.clone())?;
        let mut read = Vec::new();
        while read.len() < bytes.len() {
            let more = back.read(read.len() as u64, bytes.len())?;
            if more.is_empty() {
                break;
            }
            read.extend_from_slice(&more);
        }
        if read == bytes && back.size() == bytes.len() as u64 {
            return Ok(());
        }
        self.protocol().delete(name, stop)?;
        let text = format!("{}/{name} does not read back as it was sent; it was removed", self.address());
        Err(Error::new(Kind::Changed, text))
    }

    /// Deletes an object. A missing one is no error.
    pub fn delete(&self, name: &str, stop: &Stop) -> Result<()> {
        let patience = Patience::small(self.times());
        retry(&patience, stop, || self.protocol().delete(name, stop))
            .map_err(|error| error.about(format!("cannot delete {name} from {}", self.id())))
    }

    /// Gives up interrupted uploads whose names nobody wants. The sentences say what was removed, and what could not be.
    pub fn clean(&self, is_wanted: &dyn Fn(&str) -> bool, stop: &Stop) -> Vec<String> {
        let mut messages = Vec::new();
        for entry in self.ledger().entries().into_iter().filter(|entry| !is_wanted(&entry.name)) {
            let upload = entry.upload();
            let name = &entry.name;
            let removed = retry(&Patience::small(self.times()), stop, || {
                self.protocol().discard(&upload, entry.handle.as_deref(), stop)?;
                // It may have got its name before the interruption was noticed. It has no record yet, so nobody lists it.
                match entry.finishing {
                    true => self.protocol().delete(name, stop),
                    false => Ok(()),
                }
            });
            messages.push(match removed.and_then(|()| self.ledger().remove(&entry.token)) {
                Ok(()) => format!("removed what an interrupted upload of {name} left"),
                Err(error) => {
                    format!(
                        "what an interrupted upload of {name} left could not be removed yet: {}",
                        error.message
                    )
                }
            });
        }
        messages
    }

    /// Tests it with an object of its own.
    pub fn test(&self, stop: &Stop) -> Vec<Check> {
        probe::test(self, stop)
    }

    pub(super) fn protocol(&self) -> &dyn Protocol {
        self.0.protocol.as_ref()
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    pub(super) fn knowledge(&self) -> &Knowledge {
        &self.0.knowledge
    }

    pub(super) fn options(&self) -> Options {
        self.0.options
    }

    pub(super) fn rate(&self) -> &Arc<Rate> {
        &self.0.rate
    }

    pub(super) fn times(&self) -> Times {
        self.0.times
    }
}

/// Whether an object belongs to an upload under way.
fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY)
}

/// A small object as a source.
struct Bytes {
    name: String,
    bytes: Vec<u8>,
}

impl Source for Bytes {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let from = usize::try_from(offset).ok().and_then(|from| self.bytes.get(from..)).unwrap_or_default();
        let count = from.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), from.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }

    fn fingerprint(&self) -> String {
        format!("{} bytes of {}", self.bytes.len(), self.name)
    }
}
