//! A location and a home in memory, for jobs that really run.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::archive::{Entry, Instant, Kind};
use crate::ports::{
    Cause, Content, Destination, Draft, Fault, Finding, Listed, Object, Outcome, Place, Snapshot,
};

/// A location: its objects by their names.
#[derive(Clone, Default)]
pub struct Memory(pub Rc<RefCell<BTreeMap<String, Vec<u8>>>>);

pub fn missing<T>() -> Outcome<T> {
    Err(Fault { cause: Cause::NotFound, message: "there is none".into() })
}

impl Memory {
    pub fn objects(&self) -> Vec<Object> {
        let objects = self.0.borrow();
        objects
            .iter()
            .map(|(name, bytes)| Object { name: name.clone(), size: bytes.len() as u64, modified: 0 })
            .collect()
    }

    pub fn open(&self, name: &str) -> Outcome<Box<dyn Content>> {
        match self.0.borrow().get(name) {
            Some(bytes) => Ok(Box::new(Bytes(bytes.clone()))),
            None => missing(),
        }
    }

    pub fn draft(&self, name: &str) -> Box<dyn Draft> {
        Box::new(MemoryDraft { memory: self.clone(), name: name.into(), bytes: RefCell::default() })
    }
}

struct Bytes(Vec<u8>);

impl Content for Bytes {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }
    fn modified(&self) -> Instant {
        Instant { seconds: 0, nanoseconds: 0 }
    }
    fn identity(&self) -> Option<u64> {
        None
    }
    fn note(&self) -> Option<String> {
        None
    }
    fn read(&self, offset: u64, max: u32) -> Outcome<Vec<u8>> {
        let rest = self.0.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        Ok(rest.iter().copied().take(max as usize).collect())
    }
    fn ahead(&self, _offset: u64, _count: u64) {}
    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct MemoryDraft {
    memory: Memory,
    name: String,
    bytes: RefCell<Vec<u8>>,
}

impl Draft for MemoryDraft {
    fn append(&self, bytes: &[u8]) -> Outcome<()> {
        self.bytes.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }
    fn append_from(&self, source: Place<'_>) -> Outcome<()> {
        self.append(&source.read()?)
    }
    fn patch(&self, offset: u64, bytes: &[u8]) -> Outcome<()> {
        let from = usize::try_from(offset).unwrap();
        self.bytes.borrow_mut()[from..from + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
    fn read_back(&self) -> Outcome<Box<dyn Content>> {
        Ok(Box::new(Bytes(self.bytes.borrow().clone())))
    }
    fn publish(self: Box<Self>) -> Outcome<Vec<String>> {
        self.memory.0.borrow_mut().insert(self.name, self.bytes.into_inner());
        Ok(Vec::new())
    }
}

/// A home whose only file says which version it has.
#[derive(Default)]
pub struct SmallHome {
    is_listed: Cell<bool>,
}

const VERSION: &[u8] = b"2026.11.0";

impl Snapshot for SmallHome {
    fn entries(&self, _max: u32) -> Outcome<Vec<Listed>> {
        let entry = |(path, kind): (&[u8], Kind)| Listed::Entry {
            entry: Entry {
                path: path.into(),
                kind,
                mode: 0o755,
                uid: 0,
                gid: 0,
                user: String::new(),
                group: String::new(),
                mtime: Instant { seconds: 0, nanoseconds: 0 },
            },
            identity: None,
        };
        let all = [(b"".as_slice(), Kind::Directory), (b".HA_VERSION", Kind::File(VERSION.len() as u64))];
        let is_listed = self.is_listed.replace(true);
        Ok(all.into_iter().map(entry).filter(|_| !is_listed).collect())
    }
    fn open(&self, path: &[u8]) -> Outcome<Box<dyn Content>> {
        self.follow(path)
    }
    fn follow(&self, path: &[u8]) -> Outcome<Box<dyn Content>> {
        if path == b".HA_VERSION" { Ok(Box::new(Bytes(VERSION.into()))) } else { missing() }
    }
    fn leads(&self, _path: &[u8]) -> Outcome<Destination> {
        missing()
    }
    fn expect(&self, _paths: &[&[u8]]) {}
    fn companions(&self, _path: &[u8]) -> Vec<Vec<u8>> {
        Vec::new()
    }
    fn check_databases(&self) {}
    fn findings(&self) -> Vec<Finding> {
        Vec::new()
    }
}
