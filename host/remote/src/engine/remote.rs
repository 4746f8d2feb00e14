//! The public type of the engine: one location on another machine.

use std::sync::Arc;

use super::bytes::Bytes;
use super::clean;
use super::context::Context;
use super::ledger::Ledger;
use super::probe;
use super::rate::Limiter;
use super::reader::Reader;
use super::records::Records;
use super::retry;
use super::small::Small;
use super::store::Store;
use super::time::{RealTime, Time};
use super::types::{Check, Listing, Options, State, Stored, Verify};
use crate::error::{Error, Kind, Result};
use crate::ports::{Memory, Source};
use crate::protocol::{Object, Protocol};
use crate::settings::Environment;
use crate::stop::Stop;

/// A location on another machine. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Remote(Arc<Inner>);

struct Inner {
    context: Arc<Context>,
    ledger: Ledger,
    records: Records,
    small: Small,
}

impl Remote {
    /// Nothing is asked yet. `id` begins the names of the documents in the memory: `ID.uploads`, `ID.listing`, `ID.small`.
    pub fn new(
        id: String,
        protocol: Arc<dyn Protocol>,
        memory: Arc<dyn Memory>,
        options: Options,
        environment: Environment,
    ) -> Self {
        Self::with_time(id, protocol, memory, options, environment, Arc::new(RealTime::default()))
    }

    /// With another time than the machine's, for tests.
    pub fn with_time(
        id: String,
        protocol: Arc<dyn Protocol>,
        memory: Arc<dyn Memory>,
        options: Options,
        environment: Environment,
        time: Arc<dyn Time>,
    ) -> Self {
        let limiter = Limiter::new(time.clone(), options.bandwidth);
        let context = Arc::new(Context { id, protocol, memory, options, environment, time, limiter });
        let (ledger, records) = (Ledger::new(&context), Records::new(&context));
        Self(Arc::new(Inner { context, ledger, records, small: Small::default() }))
    }

    pub fn id(&self) -> &str {
        &self.0.context.id
    }

    /// Where it is, without credentials.
    pub fn address(&self) -> &str {
        self.0.context.protocol.address()
    }

    /// Asks for all objects and the free space, and remembers the answer, an error too.
    pub fn list(&self, stop: &Stop) -> Result<Listing> {
        self.0.records.list(&self.0.context, stop)
    }

    /// The last listing, with what was stored and deleted since. Never waits for the network.
    pub fn remembered(&self) -> Option<Listing> {
        self.0.records.remembered()
    }

    /// What is known. Never waits for the network.
    pub fn state(&self) -> State {
        self.0.records.state()
    }

    /// The names of objects whose upload has begun and not ended. Never waits for the network.
    pub fn unfinished(&self) -> Vec<String> {
        self.0.ledger.entries().into_iter().map(|entry| entry.name).collect()
    }

    /// Whole small objects, in the order asked, read side by side. They are kept in the memory by name, size and tag (or time of modification), and
    /// forgotten when they are no longer listed. One of more than `most` bytes is an error.
    pub fn small(&self, objects: &[Object], most: usize, stop: &Stop) -> Vec<Result<Vec<u8>>> {
        let listed =
            || self.remembered().unwrap_or_default().objects.into_iter().map(|object| object.name).collect();
        self.0.small.read(&self.0.context, objects, &listed, most, stop)
    }

    /// Opens an object. `NotFound` if there is none.
    pub fn open(&self, name: &str, stop: Stop) -> Result<Reader> {
        let context = &self.0.context;
        let object = retry::call(context, &stop, || context.protocol.stat(name, &stop))
            .map_err(|error| error.about(format!("cannot open {name}")))?;
        match object {
            Some(object) => Ok(Reader::new(context.clone(), object, stop)),
            None => Err(Error::new(Kind::NotFound, format!("{} has no {name}", context.id))),
        }
    }

    /// Uploads an object and proves it. `progress` is told how many bytes the server has taken so far; the number falls when some are sent
    /// again. After an error or a stop, a call with the same source continues where the protocol can. `Exists` if the name is taken.
    pub fn store(
        &self,
        name: &str,
        source: Arc<dyn Source>,
        progress: &(dyn Fn(u64) + Sync),
        stop: &Stop,
    ) -> Result<Stored> {
        self.upload(name, &source, self.0.context.options.verify, progress, stop)
    }

    /// Uploads a small object and reads it back.
    pub fn put(&self, name: &str, bytes: &[u8], stop: &Stop) -> Result<()> {
        let source: Arc<dyn Source> = Arc::new(Bytes { name: name.to_owned(), bytes: bytes.to_vec() });
        self.upload(name, &source, Verify::Full, &|_| {}, stop).map(drop)
    }

    fn upload(
        &self,
        name: &str,
        source: &Arc<dyn Source>,
        verify: Verify,
        report: &(dyn Fn(u64) + Sync),
        stop: &Stop,
    ) -> Result<Stored> {
        let Inner { context, ledger, records, .. } = &*self.0;
        let result = Store { context, ledger, name, source, verify, report, stop }.run();
        match &result {
            Ok((object, _)) => records.changed(context, name, Some(object)),
            Err(error) => records.failed(context, error),
        }
        result.map(|(_, stored)| stored)
    }

    /// Deletes an object. A missing one is no error.
    pub fn delete(&self, name: &str, stop: &Stop) -> Result<()> {
        let Inner { context, records, .. } = &*self.0;
        let deleted = retry::call(context, stop, || context.protocol.delete(name, stop))
            .map_err(|error| error.about(format!("cannot delete {name}")));
        match &deleted {
            Ok(()) => records.changed(context, name, None),
            Err(error) => records.failed(context, error),
        }
        deleted
    }

    /// Discards the unfinished uploads whose final name is not wanted. Sentences say what was removed and what could not be.
    pub fn clean(&self, is_wanted: &dyn Fn(&str) -> bool, stop: &Stop) -> Vec<String> {
        clean::clean(&self.0.context, &self.0.ledger, is_wanted, stop)
    }

    /// Tries out the location with a small object, and leaves nothing.
    pub fn test(&self, stop: &Stop) -> Vec<Check> {
        let checks = probe::test(&self.0.context, &self.0.ledger, stop);
        // What the test saw is remembered as any listing is.
        let _ = self.list(stop);
        checks
    }
}
