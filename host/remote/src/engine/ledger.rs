//! The ledger: uploads that have begun and not ended, so that a restart continues or removes them.
//!
//! An upload stands here before anything of it is created at the server, and until nothing is left of it that is not wanted.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};
use crate::ports::Memory;
use crate::protocol::{Part, Upload};

/// The document's name.
const NAME: &str = "uploads";

/// An upload that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub name: String,
    pub size: u64,
    /// Of the source.
    pub fingerprint: String,
    pub token: String,
    /// What the protocol calls it; absent until it has answered.
    #[serde(default)]
    pub handle: Option<String>,
    /// Bytes of each part but the last; absent when it is sent in one piece.
    #[serde(default)]
    pub part_size: Option<u64>,
    /// The parts that the server has.
    #[serde(default)]
    pub parts: Vec<KnownPart>,
    /// Its object is being given its final name.
    #[serde(default)]
    pub finishing: bool,
}

/// A part that was sent, with the digest of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KnownPart {
    pub number: u32,
    pub size: u64,
    pub tag: String,
    pub is_proven: bool,
    /// MD5 of the bytes, in hexadecimal; empty where the protocol has no digests.
    #[serde(default)]
    pub md5: String,
}

impl Entry {
    pub(super) fn upload(&self) -> Upload {
        Upload { name: self.name.clone(), size: self.size, token: self.token.clone() }
    }
}

impl KnownPart {
    pub(super) fn part(&self) -> Part {
        Part { number: self.number, size: self.size, tag: self.tag.clone(), is_proven: self.is_proven }
    }
}

/// The ledger of one location.
pub(super) struct Ledger {
    memory: Arc<dyn Memory>,
    lock: Mutex<()>,
}

impl Ledger {
    pub(super) fn new(memory: Arc<dyn Memory>) -> Self {
        Self { memory, lock: Mutex::new(()) }
    }

    /// All entries. A damaged ledger counts as empty: what it knew only takes space.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let text = self.memory.load(NAME);
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    pub(super) fn find(&self, name: &str) -> Option<Entry> {
        self.entries().into_iter().find(|entry| entry.name == name)
    }

    /// Adds an upload or replaces what is known of it. It is durable when this returns.
    pub(super) fn put(&self, entry: &Entry) -> Result<()> {
        let _guard = self.guard();
        let mut entries = self.entries();
        entries.retain(|known| known.token != entry.token);
        entries.push(entry.clone());
        self.save(&entries)
    }

    /// Adds a part.
    pub(super) fn add_part(&self, token: &str, part: KnownPart) -> Result<()> {
        let _guard = self.guard();
        let mut entries = self.entries();
        for entry in entries.iter_mut().filter(|entry| entry.token == token) {
            entry.parts.retain(|known| known.number != part.number);
            entry.parts.push(part.clone());
        }
        self.save(&entries)
    }

    /// Nothing is left of an upload, or it has become an object.
    pub(super) fn remove(&self, token: &str) -> Result<()> {
        let _guard = self.guard();
        let mut entries = self.entries();
        entries.retain(|known| known.token != token);
        self.save(&entries)
    }

    fn save(&self, entries: &[Entry]) -> Result<()> {
        let text = serde_json::to_string(entries).map_err(|error| unsaved(&error.to_string()))?;
        self.memory.save(NAME, &text).map_err(|reason| unsaved(&reason))
    }

    fn guard(&self) -> MutexGuard<'_, ()> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unsaved(reason: &str) -> Error {
    let message = format!("the list of uploads could not be saved, so nothing was sent: {reason}");
    Error::new(Kind::Invalid, message)
}
