//! Uploads one object: what is left of earlier attempts, parts, final name, proof.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::body::{self, Progress};
use super::context::Context;
use super::ledger::{Entry, Ledger};
use super::parts::{self, Sending};
use super::proof::{self, Proved};
use super::publish::{self, Published};
use super::random;
use super::retry::{self, Patience};
use super::types::{Stored, Verify};
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::ports::Source;
use crate::protocol::{Object, Part, Plan};
use crate::stop::Stop;

/// One call of `store`.
pub struct Store<'a> {
    pub context: &'a Arc<Context>,
    pub ledger: &'a Ledger,
    pub name: &'a str,
    pub source: &'a Arc<dyn Source>,
    pub verify: Verify,
    pub report: &'a (dyn Fn(u64) + Sync),
    pub stop: &'a Stop,
}

/// What earlier attempts left.
enum Left {
    Nothing,
    /// Parts at the server.
    Parts(Entry),
    /// The whole object, which is to be proven.
    Object(Entry),
}

impl Store<'_> {
    /// Returns the object as the server shows it.
    pub fn run(&self) -> Result<(Object, Stored)> {
        let _claim = self.ledger.claim(self.name)?;
        let patience = Arc::new(Patience::new(self.context, limits::UPLOAD_PATIENCE));
        let mut left = self.settle()?;
        let progress = Arc::new(Progress::new(patience.clone()));
        for _ in 0..=limits::RESTARTS {
            let (mut entry, is_continued) = match left {
                Left::Object(entry) => return self.prove(&entry, Published::Found),
                Left::Parts(entry) => (entry, true),
                Left::Nothing => (self.start(&patience)?, false),
            };
            match self.send(&mut entry, is_continued, &progress, &patience) {
                Ok(published @ (Published::Yes | Published::Found)) => return self.prove(&entry, published),
                Ok(Published::Forgotten) => {
                    progress.take_back(progress.current());
                    self.discard(&entry);
                    left = Left::Nothing;
                }
                Err(error) => return Err(self.end(&entry, error)),
            }
        }
        Err(Error::new(
            Kind::Interrupted,
            format!("the server has forgotten the upload of {} {} times", self.name, limits::RESTARTS + 1),
        ))
    }

    /// Looks at the final name and at the ledger. What cannot be continued is discarded.
    fn settle(&self) -> Result<Left> {
        let (context, name) = (self.context, self.name);
        let there = retry::call(context, self.stop, || context.protocol.stat(name, self.stop))
            .map_err(|error| error.about(format!("cannot look for {name}")))?;
        let is_same = |entry: &Entry| {
            entry.size == self.source.size() && entry.fingerprint == self.source.fingerprint()
        };
        let entries = self.ledger.of(name);
        let is_whole =
            |entry: &&Entry| entry.finishing && there.as_ref().is_some_and(|there| there.size == entry.size);
        match entries.iter().find(is_whole) {
            Some(entry) if is_same(entry) => return Ok(Left::Object(entry.clone())),
            Some(_) => return Err(self.exists()),
            None => {}
        }
        let mut left = Left::Nothing;
        let mut is_ours = false;
        for entry in entries {
            // An object of a wrong size is ours if it was sent under its final name, or if only its end was missing.
            let was_made = there.is_some() && (entry.finishing || entry.handle.as_deref() == Some(name));
            if was_made && let Some(there) = &there {
                let what = format!("{name} had {} bytes of {}", there.size, entry.size);
                let error = publish::remove(context, name, what, self.stop);
                if error.kind != Kind::Interrupted {
                    return Err(error);
                }
                is_ours = true;
            }
            let can_continue =
                is_same(&entry) && !was_made && entry.part_size.is_some() && entry.handle.is_some();
            match left {
                Left::Nothing if can_continue && there.is_none() => left = Left::Parts(entry),
                _ => self.discard(&entry),
            }
        }
        self.stop.check()?;
        match there {
            Some(_) if !is_ours => Err(self.exists()),
            _ => Ok(left),
        }
    }

    fn exists(&self) -> Error {
        Error::new(Kind::Exists, format!("{} exists already", self.name))
    }

    /// Starts an upload that is in the ledger before the server knows of it.
    fn start(&self, patience: &Patience) -> Result<Entry> {
        let (context, size) = (self.context, self.source.size());
        let mut entry = Entry {
            name: self.name.to_owned(),
            size,
            fingerprint: self.source.fingerprint(),
            token: random::token()?,
            handle: None,
            part_size: None,
            parts: Vec::new(),
            finishing: false,
            is_probe: false,
            started: context.now(),
        };
        let started = retry::retry(patience, self.stop, || {
            // A failed attempt may have shown that the server takes no parts.
            entry.part_size = match context.protocol.plan(size) {
                Plan::Whole => None,
                Plan::Parts(bytes) => Some(bytes),
            };
            parts::ranges(size, entry.part_size)?;
            self.ledger.save(context, &entry)?;
            context.protocol.start(&entry.upload(), self.stop)
        });
        match started {
            Ok(handle) => {
                entry.handle = Some(handle);
                // If this is not recorded, the token leads to what was made.
                let _ = self.ledger.save(context, &entry);
                Ok(entry)
            }
            Err(error) => {
                if error.kind != Kind::Stopped {
                    self.discard(&entry);
                }
                Err(error)
            }
        }
    }

    fn send(
        &self,
        entry: &mut Entry,
        is_continued: bool,
        progress: &Arc<Progress>,
        patience: &Patience,
    ) -> Result<Published> {
        let context = self.context;
        let sending =
            Sending { context, ledger: self.ledger, source: self.source, entry, progress, patience };
        let there = match is_continued {
            false => BTreeMap::new(),
            true => {
                let handle = entry.handle.as_deref().unwrap_or_default();
                let there = retry::retry(patience, self.stop, || {
                    context.protocol.parts(&entry.upload(), handle, self.stop)
                });
                match there {
                    Ok(there) => parts::confirmed(&sending, &there, self.stop)?,
                    Err(error) if matches!(error.kind, Kind::NotFound | Kind::Unsupported) => {
                        return Ok(Published::Forgotten);
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        let sent = match parts::send(&sending, there, self.report, self.stop) {
            Err(error) if error.kind == Kind::NotFound => return Ok(Published::Forgotten),
            other => other?,
        };
        if self.source.fingerprint() != entry.fingerprint {
            return Err(body::changed(&**self.source, "its time or size is another"));
        }
        entry.parts = sent;
        let list: Vec<Part> = entry.parts.iter().map(super::ledger::SentPart::part).collect();
        publish::publish(context, self.ledger, entry, &list, patience, self.stop)
    }

    /// The end of an attempt that failed: what can be continued stays.
    fn end(&self, entry: &Entry, error: Error) -> Error {
        let is_open = match error.kind {
            Kind::Stopped | Kind::Unclear => true,
            Kind::Changed | Kind::Exists => false,
            _ => entry.part_size.is_some(),
        };
        if !is_open {
            self.discard(entry);
        }
        error.about(format!("cannot upload {}", self.name))
    }

    /// Removes an upload from the server and the ledger, as far as that is possible now. Otherwise it stays in the ledger.
    fn discard(&self, entry: &Entry) {
        let (context, handle) = (self.context, entry.handle.as_deref());
        let upload = entry.upload();
        if retry::call(context, self.stop, || context.protocol.discard(&upload, handle, self.stop)).is_ok() {
            let _ = self.ledger.remove(context, &entry.token);
        }
    }

    fn prove(&self, entry: &Entry, published: Published) -> Result<(Object, Stored)> {
        let (context, name, size) = (self.context, self.name, entry.size);
        let are_proven = !entry.parts.is_empty() && entry.parts.iter().all(|part| part.is_proven);
        let found = retry::call(context, self.stop, || context.protocol.stat(name, self.stop))?;
        let Some(object) = found.filter(|object| object.size == size) else {
            return Err(Error::new(Kind::Unclear, format!("{name} was stored, and is not there any more")));
        };
        let proved = proof::prove(context, self.source, &object, self.verify, are_proven, self.stop);
        let (proof, note) = match proved {
            Ok(Proved::Right(proof, note)) => (proof, note),
            Ok(Proved::Wrong(range)) => {
                let what =
                    format!("bytes {} to {} of {name} are wrong at the server", range.start, range.end);
                return Err(self.remove(entry, what, Kind::Interrupted));
            }
            // Nothing is left that it could be compared with.
            Err(error) if error.kind == Kind::Changed => {
                return Err(self.remove(entry, error.message, Kind::Changed));
            }
            // The next attempt proves it.
            Err(error) => return Err(error),
        };
        let mut notes: Vec<String> = note.into_iter().collect();
        for old in self.ledger.of(name) {
            // Nothing is left of this upload; and under its own name lies the object that has just been proven.
            let is_this = published == Published::Yes && old.token == entry.token;
            if is_this || old.handle.as_deref() == Some(name) {
                let _ = self.ledger.remove(context, &old.token);
            } else {
                self.discard(&old);
            }
        }
        if !self.ledger.of(name).is_empty() {
            notes.push(format!("an earlier unfinished upload of {name} could not be removed yet"));
        }
        (self.report)(size);
        Ok((object, Stored { proof, notes }))
    }

    /// Removes the object that cannot stay, and returns the error that says so.
    fn remove(&self, entry: &Entry, what: String, kind: Kind) -> Error {
        let error = publish::remove(self.context, self.name, what, self.stop);
        if error.kind != Kind::Interrupted {
            return error;
        }
        self.discard(entry);
        Error { kind, ..error }
    }
}
