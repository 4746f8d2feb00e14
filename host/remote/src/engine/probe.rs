//! Tries out a location with a small object: what this server can and cannot do. Leaves nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::body::Progress;
use super::bytes::Bytes;
use super::context::Context;
use super::fetch::Fetch;
use super::ledger::{Entry, Ledger, SentPart};
use super::parts::{self, Sending};
use super::publish::{self, Published};
use super::random;
use super::retry::{self, Patience};
use super::types::Check;
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::ports::Source;
use crate::protocol::{Object, Part, Plan};
use crate::stop::Stop;

/// One run. What it makes is in the ledger before the server knows of it.
pub struct Probe<'a> {
    context: &'a Arc<Context>,
    ledger: &'a Ledger,
    stop: &'a Stop,
    name: String,
    source: Arc<dyn Source>,
    bytes: Vec<u8>,
    checks: Vec<Check>,
}

/// Runs all that can be tried. Later checks are left out when they depend on one that failed.
pub fn test(context: &Arc<Context>, ledger: &Ledger, stop: &Stop) -> Vec<Check> {
    let bytes: Vec<u8> =
        (0..limits::PROBE_BYTES / 8).flat_map(|_| random::below(u64::MAX).to_le_bytes()).collect();
    let name = match random::token() {
        Ok(token) => format!("larder-test-{token}"),
        Err(error) => return vec![Check { what: "begin".to_owned(), result: Err(error.message) }],
    };
    let source = Arc::new(Bytes { name: name.clone(), bytes: bytes.clone() });
    let mut probe = Probe { context, ledger, stop, name, source, bytes, checks: Vec::new() };
    probe.run();
    probe.tidy();
    probe.checks
}

impl Probe<'_> {
    fn check(&mut self, what: &str, result: Result<String>) -> bool {
        let is_good = result.is_ok();
        let result = result.map_err(|error| error.message);
        self.checks.push(Check { what: what.to_owned(), result });
        is_good
    }

    fn run(&mut self) {
        let listed = match self.list() {
            Err(error) if error.kind == Kind::NotFound && self.context.protocol.makes_folder() => {
                Ok(format!("nothing is there yet, and the first upload creates the folder ({error})"))
            }
            listed => listed.map(|objects| format!("{} objects", objects.len())),
        };
        if !self.check("list", listed) {
            return;
        }
        let written = self.upload();
        let is_proven = written.as_ref().is_ok_and(|parts| parts.iter().all(|part| part.is_proven));
        let text =
            written.map(|_| format!("{} bytes under a temporary name, then published", self.bytes.len()));
        if !self.check("write", text) {
            return;
        }
        let free = retry::call(self.context, self.stop, || self.context.protocol.free(self.stop));
        let free = free.map(|free| match free {
            Some(free) => format!("{free} bytes"),
            None => "the server does not say it".to_owned(),
        });
        self.check("free space", free);
        let digests = match is_proven {
            true => "the server compares digests of what it receives",
            false => "the server compares none; uploads are proven by reading some or all of them back",
        };
        self.check("digests", Ok(digests.to_owned()));
        let listed = self.listed();
        self.check("list it", listed);
        let ranges = self.ranges();
        self.check("read ranges", ranges);
        let protected = self.protected();
        self.check("existing names", protected);
        let continued = match self.context.protocol.plan(limits::PROBE_PLAN) {
            Plan::Whole => "large files are sent in one piece; an interrupted upload begins anew".to_owned(),
            Plan::Parts(size) => {
                format!("large files are sent in parts of {size} bytes; an interrupted upload is continued")
            }
        };
        self.check("interrupted uploads", Ok(continued));
        let deleted = self.deleted();
        self.check("delete", deleted);
    }

    fn list(&self) -> Result<Vec<Object>> {
        let patience = Patience::new(self.context, limits::LIST_PATIENCE);
        retry::retry(&patience, self.stop, || self.context.protocol.list(self.stop))
    }

    fn stat(&self) -> Result<Option<Object>> {
        retry::call(self.context, self.stop, || self.context.protocol.stat(&self.name, self.stop))
    }

    /// Uploads the probe. It must not be visible before it is whole.
    fn upload(&self) -> Result<Vec<SentPart>> {
        let patience = Arc::new(Patience::new(self.context, limits::CALL_PATIENCE));
        let plan = |size| match self.context.protocol.plan(size) {
            Plan::Whole => None,
            Plan::Parts(bytes) => Some(bytes),
        };
        let mut entry = Entry {
            name: self.name.clone(),
            size: self.source.size(),
            fingerprint: self.source.fingerprint(),
            token: random::token()?,
            handle: None,
            part_size: plan(self.source.size()),
            parts: Vec::new(),
            finishing: false,
            is_probe: true,
            started: self.context.now(),
        };
        self.ledger.save(self.context, &entry)?;
        let started = retry::retry(&patience, self.stop, || {
            entry.part_size = plan(entry.size);
            self.context.protocol.start(&entry.upload(), self.stop)
        });
        entry.handle = Some(started?);
        self.ledger.save(self.context, &entry)?;
        let progress = Arc::new(Progress::new(patience.clone()));
        let sending = Sending {
            context: self.context,
            ledger: self.ledger,
            source: &self.source,
            entry: &entry,
            progress: &progress,
            patience: &patience,
        };
        let sent = parts::send(&sending, BTreeMap::new(), &|_| {}, self.stop)?;
        let list: Vec<Part> = sent.iter().map(SentPart::part).collect();
        match publish::publish(self.context, self.ledger, &mut entry, &list, &patience, self.stop)? {
            Published::Yes | Published::Found => Ok(sent),
            Published::Forgotten => Err(Error::new(
                Kind::NotFound,
                "the server has forgotten the upload, or cannot rename files; try again",
            )),
        }
    }

    fn listed(&self) -> Result<String> {
        let objects = self.list()?;
        match objects.iter().find(|object| object.name == self.name) {
            Some(object) if object.size == self.source.size() => Ok("with its name and size".to_owned()),
            Some(object) => Err(Error::new(
                Kind::Invalid,
                format!("it is listed with {} bytes instead of {}", object.size, self.source.size()),
            )),
            None => Err(Error::new(Kind::Invalid, "it was stored, and is not listed")),
        }
    }

    fn ranges(&self) -> Result<String> {
        let size = self.source.size();
        let object = Object { name: self.name.clone(), size, modified: None, tag: None };
        let middle = size / 2;
        for range in [0..1, middle..middle + 1000, size - 1..size, 0..size] {
            let wanted = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
            let wanted = wanted.and_then(|(start, end)| self.bytes.get(start..end)).unwrap_or_default();
            let mut found = vec![0; wanted.len()];
            let mut fetch = Fetch::new(self.context, object.clone(), range.clone(), self.stop.clone());
            if fetch.fill(&mut found)? != wanted.len() || found != wanted {
                let message = format!("bytes {} to {} are not those that were sent", range.start, range.end);
                return Err(Error::new(Kind::Invalid, message));
            }
        }
        Ok("all as sent".to_owned())
    }

    /// Whether a second upload replaces the first.
    fn protected(&self) -> Result<String> {
        match self.upload() {
            Err(error) if error.kind == Kind::Exists => {
                Ok("are protected: an upload does not replace them".to_owned())
            }
            Ok(_) => Ok("are not protected by the server; Larder looks before it writes".to_owned()),
            Err(error) => Err(error),
        }
    }

    fn deleted(&self) -> Result<String> {
        retry::call(self.context, self.stop, || self.context.protocol.delete(&self.name, self.stop))?;
        match self.stat()? {
            None => Ok("it is gone".to_owned()),
            Some(_) => {
                Err(Error::new(Kind::Invalid, "the server says that it deleted the object, and still has it"))
            }
        }
    }

    /// Removes what is left of all the uploads. What cannot be removed stays in the ledger, and the next start tries again.
    fn tidy(&mut self) {
        for entry in self.ledger.of(&self.name) {
            let (context, handle) = (self.context, entry.handle.as_deref());
            let removed = retry::call(context, self.stop, || {
                context.protocol.discard(&entry.upload(), handle, self.stop)
            })
            .and_then(|()| {
                retry::call(context, self.stop, || context.protocol.delete(&self.name, self.stop))
            });
            let removed = removed.and_then(|()| self.ledger.remove(context, &entry.token));
            if let Err(error) = removed {
                let name = &self.name;
                let message =
                    format!("{name} or a temporary file of it may be left, and is removed later: {error}");
                self.checks.push(Check { what: "tidy up".to_owned(), result: Err(message) });
                return;
            }
        }
    }
}
