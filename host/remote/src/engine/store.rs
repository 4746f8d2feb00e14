//! Stores one object: starts or continues an upload, sends it, publishes it, and proves it.
//!
//! Nothing is published whose bytes are not all there, and nothing stays that was not proven.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::body::{SourceReader, Transfer, changed};
use super::ledger::{Entry, KnownPart};
use super::parts;
use super::proof;
use super::random;
use super::remote::Remote;
use super::retry::{Patience, retry};
use super::types::Stored;
use crate::error::{Error, Kind, Result};
use crate::ports::Source;
use crate::protocol::{Body, Part, Plan};
use crate::stop::Stop;

/// An upload under way.
pub(super) struct Job<'a> {
    pub remote: &'a Remote,
    pub entry: Entry,
    pub transfer: Arc<Transfer>,
    pub progress: &'a (dyn Fn(u64) + Sync),
}

/// Stores the source under a name that must be free.
pub(super) fn store(
    remote: &Remote,
    name: &str,
    source: Arc<dyn Source>,
    progress: &(dyn Fn(u64) + Sync),
    stop: &Stop,
) -> Result<Stored> {
    let size = source.size();
    let fingerprint = source.fingerprint();
    let known = remote.ledger().find(name);
    let is_same = |entry: &Entry| entry.size == size && entry.fingerprint == fingerprint;
    let there = retry(&Patience::new(remote.times()), stop, || remote.protocol().stat(name, stop))?;
    let transfer = Arc::new(Transfer {
        source,
        rate: remote.rate().clone(),
        patience: Patience::new(remote.times()),
        stop: stop.clone(),
        moved: AtomicU64::new(0),
        broken: Mutex::new(None),
    });
    transfer.patience.answered();
    let entry = match (there, known) {
        // An earlier attempt has published it and was cut off before it knew.
        (Some(there), Some(entry)) if entry.finishing && is_same(&entry) && there.size == size => {
            let mut job = Job { remote, entry, transfer, progress };
            return job.prove();
        }
        (Some(_), _) => {
            let message = format!("{}/{name} exists; it is not replaced", remote.address());
            return Err(Error::new(Kind::Exists, message));
        }
        (None, Some(entry)) if is_same(&entry) && entry.part_size.is_some() && entry.handle.is_some() => {
            entry
        }
        (None, Some(entry)) => {
            // It cannot be continued. What it left is removed first, so that there is never more than one.
            let upload = entry.upload();
            let handle = entry.handle.clone();
            retry(&Patience::small(remote.times()), stop, || {
                remote.protocol().discard(&upload, handle.as_deref(), stop)
            })?;
            remote.ledger().remove(&entry.token)?;
            fresh(remote, name, size, fingerprint)
        }
        (None, None) => fresh(remote, name, size, fingerprint),
    };
    let mut job = Job { remote, entry, transfer, progress };
    match job.run() {
        Ok(stored) => Ok(stored),
        Err(error) => {
            job.give_up(&error);
            Err(error)
        }
    }
}

fn fresh(remote: &Remote, name: &str, size: u64, fingerprint: String) -> Entry {
    let part_size = match remote.protocol().plan(size) {
        Plan::Whole => None,
        Plan::Parts(part_size) => Some(part_size.max(1)),
    };
    Entry {
        name: name.to_owned(),
        size,
        fingerprint,
        token: random::token(),
        handle: None,
        part_size,
        parts: Vec::new(),
        finishing: false,
    }
}

impl Job<'_> {
    fn run(&mut self) -> Result<Stored> {
        loop {
            match self.attempt() {
                Ok(stored) => return Ok(stored),
                Err(error) => {
                    let error = self.transfer.cause(error);
                    // A server that has forgotten an upload in parts wants it from the beginning.
                    let is_forgotten = error.kind == Kind::NotFound && self.entry.part_size.is_some();
                    let error = if is_forgotten { Error { kind: Kind::Interrupted, ..error } } else { error };
                    let stop = self.transfer.stop.clone();
                    self.transfer.patience.after(error, &stop)?;
                    if is_forgotten || self.entry.part_size.is_none() {
                        self.begin_anew()?;
                    }
                }
            }
        }
    }

    fn attempt(&mut self) -> Result<Stored> {
        let parts = match self.entry.part_size {
            None => self.send_whole()?,
            Some(part_size) => {
                self.start()?;
                parts::send_all(self, part_size)?
            }
        };
        self.finish(&parts)?;
        self.prove()
    }

    /// Starts the upload at the server, unless that was done.
    fn start(&mut self) -> Result<()> {
        let remote = self.remote;
        if self.entry.handle.is_none() {
            remote.ledger().put(&self.entry)?;
            let handle = remote.protocol().start(&self.entry.upload(), &self.transfer.stop)?;
            self.transfer.patience.answered();
            self.entry.handle = Some(handle);
            remote.ledger().put(&self.entry)?;
        }
        Ok(())
    }

    fn send_whole(&mut self) -> Result<Vec<Part>> {
        let remote = self.remote;
        let (source, stop, size) = (&self.transfer.source, &self.transfer.stop, self.entry.size);
        let md5 = match remote.protocol().wants_md5() {
            true => Some(super::body::md5_of(source.as_ref(), 0, size, stop)?),
            false => None,
        };
        self.start()?;
        let sent = Arc::new(AtomicU64::new(0));
        let reader = SourceReader::new(self.transfer.clone(), 0, size, md5, sent.clone());
        let body = Body { size, md5, reader: Box::new(self.counted(reader)) };
        let handle = self.entry.handle.clone().unwrap_or_default();
        let part = remote.protocol().send(&self.entry.upload(), &handle, 1, body, &self.transfer.stop);
        let part = part.inspect_err(|_| self.transfer.take_back(sent.load(Ordering::Relaxed)))?;
        self.must_be_unchanged()?;
        Ok(vec![part])
    }

    /// A reader that also reports the progress.
    fn counted(&self, reader: SourceReader) -> SourceReader {
        (self.progress)(self.transfer.moved.load(Ordering::Relaxed).min(self.entry.size));
        reader
    }

    pub(super) fn must_be_unchanged(&self) -> Result<()> {
        let source = &self.transfer.source;
        match source.size() == self.entry.size && source.fingerprint() == self.entry.fingerprint {
            true => Ok(()),
            false => Err(changed(source.name())),
        }
    }

    /// Gives the object its name.
    fn finish(&mut self, parts: &[Part]) -> Result<()> {
        self.must_be_unchanged()?;
        let remote = self.remote;
        self.entry.finishing = true;
        self.entry.parts = parts.iter().map(known).collect();
        remote.ledger().put(&self.entry)?;
        let handle = self.entry.handle.clone().unwrap_or_default();
        let (upload, stop) = (self.entry.upload(), self.transfer.stop.clone());
        match remote.protocol().finish(&upload, &handle, parts, &stop) {
            Err(error) if error.is_transient() => self.look_for_it(error, &stop),
            finished => finished,
        }
    }

    /// The answer was lost or the server is still at work: asks for the object before anything is sent again.
    fn look_for_it(&self, unclear: Error, stop: &Stop) -> Result<()> {
        let (remote, entry) = (self.remote, &self.entry);
        let patience = Patience::unclear(remote.times());
        loop {
            match remote.protocol().stat(&entry.name, stop) {
                Ok(Some(there)) if there.size == entry.size => return Ok(()),
                Err(error) if error.kind == Kind::Stopped => return Err(error),
                _ => patience.after(unclear.clone(), stop)?,
            }
        }
    }

    /// Proves what was published. What is not right is deleted.
    fn prove(&mut self) -> Result<Stored> {
        let remote = self.remote;
        let proven = proof::prove(remote, &self.entry, self.transfer.source.as_ref(), &self.transfer.stop);
        match proven {
            Ok(stored) => {
                (self.progress)(self.entry.size);
                remote.ledger().remove(&self.entry.token)?;
                Ok(stored)
            }
            Err(error) if error.kind == Kind::Changed => {
                let stop = Stop::default();
                remote.protocol().delete(&self.entry.name, &stop)?;
                remote.ledger().remove(&self.entry.token)?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Removes what an attempt left, and makes a new upload of it.
    fn begin_anew(&mut self) -> Result<()> {
        self.discard()?;
        let entry = &self.entry;
        self.entry = fresh(self.remote, &entry.name, entry.size, entry.fingerprint.clone());
        Ok(())
    }

    fn discard(&self) -> Result<()> {
        let remote = self.remote;
        let stop = &self.transfer.stop;
        let (upload, handle) = (self.entry.upload(), self.entry.handle.as_deref());
        retry(&Patience::small(remote.times()), stop, || remote.protocol().discard(&upload, handle, stop))?;
        remote.ledger().remove(&self.entry.token)
    }

    /// The upload has failed. What can be continued stays; anything else is removed if the server can be reached.
    fn give_up(&self, error: &Error) {
        let can_continue = self.entry.part_size.is_some() && error.kind != Kind::Changed;
        if can_continue || self.entry.finishing || self.remote.ledger().find(&self.entry.name).is_none() {
            return;
        }
        let (upload, handle) = (self.entry.upload(), self.entry.handle.as_deref());
        // If that fails, the ledger still knows it.
        if self.remote.protocol().discard(&upload, handle, &Stop::default()).is_ok() {
            let _ = self.remote.ledger().remove(&self.entry.token);
        }
    }
}

pub(super) fn known(part: &Part) -> KnownPart {
    let Part { number, size, tag, is_proven } = part.clone();
    KnownPart { number, size, tag, is_proven, md5: String::new() }
}
