//! A protocol in memory that fails at the calls it is told to fail at.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::ops::Range;
use std::sync::Mutex;

use md5::{Digest as _, Md5};

use crate::error::{Error, Kind, Result};
use crate::protocol::{Body, Object, Part, Plan, Protocol, Upload};
use crate::stop::Stop;

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing was done.
    Refuse(Kind),
    /// It was done, and the answer is lost.
    Lose(Kind),
    /// Half of the bytes go over the line. Only where bytes are sent or read.
    Half,
    /// The server forgets all unfinished uploads.
    Forget,
    /// It is done, and this call is the last of the process.
    Kill,
    /// The server stores or sends other bytes.
    Corrupt,
}

#[derive(Default)]
pub struct State {
    pub objects: BTreeMap<String, Vec<u8>>,
    pub uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    /// All calls, by name; `send` with its number.
    pub calls: Vec<String>,
    /// What happens to the calls, in order. What is behind the end succeeds.
    pub script: Vec<Option<Fault>>,
    pub is_dead: bool,
}

pub struct Faulty {
    pub state: Mutex<State>,
    pub part_size: Option<u64>,
    pub wants_md5: bool,
    pub parallel: usize,
    /// Sent under the final name, as WebDAV without MOVE does it.
    pub is_direct: bool,
    /// Refuses to read.
    pub is_write_only: bool,
}

impl Faulty {
    pub fn new(part_size: Option<u64>) -> Self {
        Self {
            state: Mutex::default(),
            part_size,
            wants_md5: true,
            parallel: 1,
            is_direct: false,
            is_write_only: false,
        }
    }

    /// Something happens to the next call of that name.
    pub fn script(&self, script: Vec<Option<Fault>>) {
        let mut state = self.state.lock().unwrap();
        let done = state.calls.len();
        state.script = vec![None; done];
        state.script.extend(script);
    }

    pub fn revive(&self) {
        let mut state = self.state.lock().unwrap();
        state.is_dead = false;
        state.script.clear();
    }

    pub fn calls(&self, name: &str) -> usize {
        self.state.lock().unwrap().calls.iter().filter(|call| call.starts_with(name)).count()
    }

    pub fn object(&self, name: &str) -> Option<Vec<u8>> {
        self.state.lock().unwrap().objects.get(name).cloned()
    }

    pub fn put(&self, name: &str, bytes: Vec<u8>) {
        self.state.lock().unwrap().objects.insert(name.to_owned(), bytes);
    }

    pub fn unfinished(&self) -> usize {
        self.state.lock().unwrap().uploads.len()
    }

    fn call<T>(&self, what: &str, done: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let mut state = self.state.lock().unwrap();
        if state.is_dead {
            return Err(Error::new(Kind::Stopped, "the process was killed"));
        }
        let index = state.calls.len();
        state.calls.push(what.to_owned());
        match state.script.get(index).copied().flatten() {
            Some(Fault::Refuse(kind)) => Err(Error::new(kind, format!("{what} was refused"))),
            Some(Fault::Half) => Err(Error::new(Kind::Interrupted, format!("{what} broke off"))),
            Some(Fault::Lose(kind)) => {
                let _ = done(&mut state);
                Err(Error::new(kind, format!("the answer to {what} was lost")))
            }
            Some(Fault::Forget) => {
                state.uploads.clear();
                done(&mut state)
            }
            Some(Fault::Kill) => {
                let _ = done(&mut state);
                state.is_dead = true;
                Err(Error::new(Kind::Stopped, "the process was killed"))
            }
            Some(Fault::Corrupt) | None => done(&mut state),
        }
    }

    fn next_fault(&self) -> Option<Fault> {
        let state = self.state.lock().unwrap();
        state.script.get(state.calls.len()).copied().flatten()
    }
}

fn tag(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn object(name: &str, bytes: &[u8]) -> Object {
    Object { name: name.to_owned(), size: bytes.len() as u64, modified: Some(7), tag: Some(tag(bytes)) }
}

impl Protocol for Faulty {
    fn address(&self) -> &str {
        "memory:"
    }

    fn list(&self, _stop: &Stop) -> Result<Vec<Object>> {
        self.call("list", |state| {
            let hidden = state.uploads.keys().map(|handle| object(&format!(".larder-{handle}.part"), b"x"));
            let objects = state.objects.iter().rev().map(|(name, bytes)| object(name, bytes));
            Ok(objects.chain(hidden).collect())
        })
    }

    fn stat(&self, name: &str, _stop: &Stop) -> Result<Option<Object>> {
        self.call("stat", |state| Ok(state.objects.get(name).map(|bytes| object(name, bytes))))
    }

    fn read(&self, name: &str, range: Range<u64>, _stop: &Stop) -> Result<Box<dyn Read + Send>> {
        if self.is_write_only {
            return Err(Error::new(Kind::Denied, "only for writing"));
        }
        let fault = self.next_fault();
        let (start, end) = (usize::try_from(range.start).unwrap(), usize::try_from(range.end).unwrap());
        let found = match fault {
            Some(Fault::Half | Fault::Corrupt) => {
                let mut state = self.state.lock().unwrap();
                state.calls.push("read".to_owned());
                state.objects.get(name).map(|bytes| bytes[start..end].to_vec())
            }
            _ => self
                .call("read", |state| Ok(state.objects.get(name).map(|bytes| bytes[start..end].to_vec())))?,
        };
        let mut bytes = found.ok_or_else(|| Error::new(Kind::NotFound, "no such object"))?;
        match fault {
            Some(Fault::Half) => bytes.truncate(bytes.len() / 2),
            Some(Fault::Corrupt) => bytes[0] ^= 1,
            _ => {}
        }
        Ok(Box::new(Cursor::new(bytes)))
    }

    fn delete(&self, name: &str, _stop: &Stop) -> Result<()> {
        self.call("delete", |state| {
            state.objects.remove(name);
            Ok(())
        })
    }

    fn free(&self, _stop: &Stop) -> Result<Option<u64>> {
        self.call("free", |_| Ok(Some(1000)))
    }

    fn plan(&self, _size: u64) -> Plan {
        self.part_size.map_or(Plan::Whole, Plan::Parts)
    }

    fn parallel(&self) -> usize {
        self.parallel
    }

    fn wants_md5(&self) -> bool {
        self.wants_md5
    }

    fn start(&self, upload: &Upload, _stop: &Stop) -> Result<String> {
        self.call("start", |state| {
            if state.objects.contains_key(&upload.name) {
                return Err(Error::new(Kind::Exists, "taken"));
            }
            if self.is_direct {
                return Ok(upload.name.clone());
            }
            state.uploads.entry(upload.token.clone()).or_default();
            Ok(upload.token.clone())
        })
    }

    fn send(&self, upload: &Upload, handle: &str, number: u32, body: Body, _stop: &Stop) -> Result<Part> {
        let fault = self.next_fault();
        let mut reader = body.reader;
        let mut bytes = Vec::new();
        let limit = if fault == Some(Fault::Half) { body.size / 2 } else { body.size };
        let read: io::Result<usize> = (&mut reader).take(limit).read_to_end(&mut bytes);
        if self.is_direct && (read.is_err() || fault == Some(Fault::Half)) {
            self.put(&upload.name, bytes.clone());
        }
        if let Err(error) = read {
            self.state.lock().unwrap().calls.push(format!("send {number} broken"));
            return Err(Error::new(Kind::Interrupted, error.to_string()));
        }
        let digest = tag(&bytes);
        if let (Some(md5), None) = (body.md5, fault) {
            assert_eq!(digest, md5.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        }
        if fault == Some(Fault::Corrupt) {
            bytes[0] ^= 1;
        }
        let (size, is_proven) = (bytes.len() as u64, self.wants_md5 && fault != Some(Fault::Corrupt));
        self.call(&format!("send {number}"), |state| {
            if self.is_direct {
                state.objects.insert(upload.name.clone(), bytes);
            } else {
                let parts = state.uploads.get_mut(handle);
                parts.ok_or_else(|| Error::new(Kind::NotFound, "no such upload"))?.insert(number, bytes);
            }
            Ok(Part { number, size, tag: digest, is_proven })
        })
    }

    fn parts(&self, _upload: &Upload, handle: &str, _stop: &Stop) -> Result<Vec<Part>> {
        self.call("parts", |state| {
            let parts =
                state.uploads.get(handle).ok_or_else(|| Error::new(Kind::NotFound, "no such upload"))?;
            let part = |(number, bytes): (&u32, &Vec<u8>)| Part {
                number: *number,
                size: bytes.len() as u64,
                tag: tag(bytes),
                is_proven: false,
            };
            Ok(parts.iter().map(part).collect())
        })
    }

    fn finish(&self, upload: &Upload, handle: &str, parts: &[Part], _stop: &Stop) -> Result<()> {
        self.call("finish", |state| {
            if self.is_direct {
                return Ok(());
            }
            if state.objects.contains_key(&upload.name) {
                return Err(Error::new(Kind::Exists, "taken"));
            }
            let sent =
                state.uploads.remove(handle).ok_or_else(|| Error::new(Kind::NotFound, "no such upload"))?;
            assert!(
                sent.keys().eq(parts.iter().map(|part| &part.number)),
                "parts are all there and without gaps"
            );
            state.objects.insert(upload.name.clone(), sent.into_values().flatten().collect());
            Ok(())
        })
    }

    fn discard(&self, upload: &Upload, handle: Option<&str>, _stop: &Stop) -> Result<()> {
        self.call("discard", |state| {
            state.uploads.remove(&upload.token);
            if handle == Some(&upload.name) {
                state.objects.remove(&upload.name);
            }
            Ok(())
        })
    }
}
