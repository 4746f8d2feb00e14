//! The ledger of unfinished uploads: saved before anything is created at the server, so that nothing is forgotten there.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::context::Context;
use crate::error::{Error, Kind, Result};
use crate::protocol::{Part, Upload};

/// An unfinished upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The final name.
    pub name: String,
    pub size: u64,
    /// The source's.
    pub fingerprint: String,
    pub token: String,
    /// Absent until `start` has answered.
    pub handle: Option<String>,
    /// Absent for uploads in one piece.
    pub part_size: Option<u64>,
    #[serde(default)]
    pub parts: Vec<SentPart>,
    /// Whether `finish` may have been sent.
    #[serde(default)]
    pub finishing: bool,
    /// A probe of `locations test`: the object itself is left over, too.
    #[serde(default)]
    pub is_probe: bool,
    /// Seconds since 1970.
    pub started: i64,
}

impl Entry {
    pub fn upload(&self) -> Upload {
        Upload { name: self.name.clone(), size: self.size, token: self.token.clone() }
    }
}

/// A part that the server has taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentPart {
    pub number: u32,
    pub size: u64,
    pub tag: String,
    pub is_proven: bool,
    /// Of the source's bytes.
    pub digest: String,
}

impl SentPart {
    pub fn part(&self) -> Part {
        Part { number: self.number, size: self.size, tag: self.tag.clone(), is_proven: self.is_proven }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Document {
    uploads: Vec<Entry>,
}

/// The unfinished uploads of a location.
pub struct Ledger {
    document: Mutex<Document>,
    /// The names that are worked on now.
    active: Mutex<BTreeSet<String>>,
}

/// A name that is worked on, until this is dropped.
pub struct Claim<'a> {
    ledger: &'a Ledger,
    name: String,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        lock(&self.ledger.active).remove(&self.name);
    }
}

impl Ledger {
    pub fn new(context: &Context) -> Self {
        let text = context.memory.load(&context.document("uploads"));
        let document = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Self { document: Mutex::new(document), active: Mutex::default() }
    }

    /// An error if the name is worked on already.
    pub fn claim(&self, name: &str) -> Result<Claim<'_>> {
        match lock(&self.active).insert(name.to_owned()) {
            true => Ok(Claim { ledger: self, name: name.to_owned() }),
            false => Err(Error::new(Kind::Invalid, format!("{name} is being uploaded already"))),
        }
    }

    pub fn entries(&self) -> Vec<Entry> {
        lock(&self.document).uploads.clone()
    }

    /// The entries of a final name, oldest first.
    pub fn of(&self, name: &str) -> Vec<Entry> {
        lock(&self.document).uploads.iter().filter(|entry| entry.name == name).cloned().collect()
    }

    /// Saves a new entry or a new state of one.
    pub fn save(&self, context: &Context, entry: &Entry) -> Result<()> {
        let mut document = lock(&self.document);
        match document.uploads.iter_mut().find(|known| known.token == entry.token) {
            Some(known) => known.clone_from(entry),
            None => document.uploads.push(entry.clone()),
        }
        write(context, &document)
    }

    /// Records a part that the server has.
    pub fn add_part(&self, context: &Context, token: &str, part: SentPart) -> Result<()> {
        let mut document = lock(&self.document);
        if let Some(entry) = document.uploads.iter_mut().find(|entry| entry.token == token) {
            entry.parts.retain(|known| known.number != part.number);
            entry.parts.push(part);
        }
        write(context, &document)
    }

    /// Forgets an upload of which nothing is left.
    pub fn remove(&self, context: &Context, token: &str) -> Result<()> {
        let mut document = lock(&self.document);
        document.uploads.retain(|entry| entry.token != token);
        write(context, &document)
    }
}

fn write(context: &Context, document: &Document) -> Result<()> {
    let saved = serde_json::to_string(document)
        .map_err(|error| error.to_string())
        .and_then(|text| context.memory.save(&context.document("uploads"), &text));
    saved.map_err(|error| {
        Error::new(Kind::Invalid, format!("cannot record the uploads to {}: {error}", context.id))
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
