//! A snapshot for a dry run: every file is opened, and none is read. The code that makes backups then reports what it would
//! leave out.
//!
//! Files that can be opened appear as empty. Databases are checked for damage, as in a real backup.

use std::any::Any;
use std::cell::RefCell;

use crate::archive::Instant;
use crate::ports::{Content, Destination, Finding, Listed, Outcome, Snapshot};

/// The first bytes of every SQLite database.
const DATABASE: &[u8] = b"SQLite format 3\0";

/// A snapshot whose files can be opened and have no content.
pub struct DryRunSnapshot<'a> {
    snapshot: &'a dyn Snapshot,
    found: RefCell<Vec<Finding>>,
}

impl<'a> DryRunSnapshot<'a> {
    pub fn new(snapshot: &'a dyn Snapshot) -> Self {
        snapshot.check_databases();
        Self { snapshot, found: RefCell::default() }
    }

    /// Waits for the check of the last database. Nothing is read between two databases here, so without waiting there would be no
    /// room for the next one.
    fn await_check(&self) {
        self.found.borrow_mut().extend(self.snapshot.findings());
        self.snapshot.check_databases();
    }
}

impl Snapshot for DryRunSnapshot<'_> {
    fn entries(&self, max: u32) -> Outcome<Vec<Listed>> {
        self.snapshot.entries(max)
    }

    fn open(&self, path: &[u8]) -> Outcome<Box<dyn Content>> {
        let content = self.snapshot.open(path)?;
        let start = content.read(0, DATABASE.len() as u32)?;
        if start == DATABASE {
            self.await_check();
        }
        Ok(Box::new(EmptyContent(content)))
    }

    fn follow(&self, path: &[u8]) -> Outcome<Box<dyn Content>> {
        self.snapshot.follow(path)
    }

    fn leads(&self, path: &[u8]) -> Outcome<Destination> {
        self.snapshot.leads(path)
    }

    /// Announces nothing, since no file will be read.
    fn expect(&self, _paths: &[&[u8]]) {}

    fn companions(&self, path: &[u8]) -> Vec<Vec<u8>> {
        self.snapshot.companions(path)
    }

    fn check_databases(&self) {}

    fn findings(&self) -> Vec<Finding> {
        let mut found = self.found.take();
        found.extend(self.snapshot.findings());
        found
    }
}

/// An opened file that appears to be empty.
struct EmptyContent(Box<dyn Content>);

impl Content for EmptyContent {
    fn size(&self) -> u64 {
        0
    }

    fn modified(&self) -> Instant {
        self.0.modified()
    }

    fn identity(&self) -> Option<u64> {
        self.0.identity()
    }

    fn note(&self) -> Option<String> {
        self.0.note()
    }

    fn read(&self, _offset: u64, _max: u32) -> Outcome<Vec<u8>> {
        Ok(Vec::new())
    }

    fn ahead(&self, _offset: u64, _count: u64) {}

    fn as_any(&self) -> &dyn Any {
        self.0.as_any()
    }
}
