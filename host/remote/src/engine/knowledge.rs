//! What is remembered of a location: its last listing, its free space, and its small objects.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::types::{Listing, State};
use crate::error::Error;
use crate::limits::REMEMBERED_BYTES;
use crate::ports::Memory;
use crate::protocol::Object;

/// The document of the last listing.
const LISTING: &str = "listing";
/// The document of small objects.
const SMALL: &str = "small";

#[derive(Default, Serialize, Deserialize)]
struct Stored {
    #[serde(default)]
    as_of: Option<i64>,
    #[serde(default)]
    free: Option<u64>,
    #[serde(default)]
    error: Option<(i64, String)>,
    #[serde(default)]
    objects: Vec<StoredObject>,
}

#[derive(Clone, Serialize, Deserialize)]
struct StoredObject {
    name: String,
    size: u64,
    #[serde(default)]
    modified: Option<i64>,
    #[serde(default)]
    tag: Option<String>,
}

/// A small object's version and bytes.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Small {
    version: String,
    bytes: String,
}

/// The knowledge of one location.
pub(super) struct Knowledge {
    memory: Arc<dyn Memory>,
    small: Mutex<Option<BTreeMap<String, Small>>>,
}

impl Knowledge {
    pub(super) fn new(memory: Arc<dyn Memory>) -> Self {
        Self { memory, small: Mutex::new(None) }
    }

    fn stored(&self) -> Stored {
        let text = self.memory.load(LISTING);
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    /// Knowledge that cannot be saved is only missing later.
    fn save(&self, stored: &Stored) {
        if let Ok(text) = serde_json::to_string(stored) {
            let _ = self.memory.save(LISTING, &text);
        }
    }

    pub(super) fn listing(&self) -> Option<Listing> {
        let stored = self.stored();
        let object =
            |it: StoredObject| Object { name: it.name, size: it.size, modified: it.modified, tag: it.tag };
        Some(Listing { as_of: stored.as_of?, objects: stored.objects.into_iter().map(object).collect() })
    }

    pub(super) fn state(&self) -> State {
        let Stored { as_of, free, error, .. } = self.stored();
        State { as_of, free, error }
    }

    /// A listing succeeded.
    pub(super) fn listed(&self, listing: &Listing, free: Option<u64>) {
        let object = |it: &Object| StoredObject {
            name: it.name.clone(),
            size: it.size,
            modified: it.modified,
            tag: it.tag.clone(),
        };
        let objects = listing.objects.iter().map(object).collect();
        self.save(&Stored { as_of: Some(listing.as_of), free, error: None, objects });
    }

    /// The location could not be reached.
    pub(super) fn failed(&self, at: i64, error: &Error) {
        self.save(&Stored { error: Some((at, error.message.clone())), ..self.stored() });
    }

    /// The bytes of a small object, if that version of it was read before.
    pub(super) fn small(&self, object: &Object) -> Option<Vec<u8>> {
        let mut small = self.small.lock().unwrap_or_else(PoisonError::into_inner);
        let known = small.get_or_insert_with(|| self.load_small()).get(&object.name)?;
        let bytes = BASE64_STANDARD.decode(&known.bytes).ok()?;
        (known.version == version(object)).then_some(bytes)
    }

    /// Remembers small objects, and forgets those that are not listed any more.
    pub(super) fn remember(&self, read: &[(&Object, &[u8])], listed: &[Object]) {
        let mut small = self.small.lock().unwrap_or_else(PoisonError::into_inner);
        let known = small.get_or_insert_with(|| self.load_small());
        let before = known.clone();
        for (object, bytes) in read {
            let entry = Small { version: version(object), bytes: BASE64_STANDARD.encode(bytes) };
            known.insert(object.name.clone(), entry);
        }
        known.retain(|name, _| listed.iter().any(|object| object.name == *name));
        let size: usize = known.values().map(|small| small.bytes.len()).sum();
        if size <= REMEMBERED_BYTES
            && *known != before
            && let Ok(text) = serde_json::to_string(known)
        {
            let _ = self.memory.save(SMALL, &text);
        }
    }

    fn load_small(&self) -> BTreeMap<String, Small> {
        let text = self.memory.load(SMALL);
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }
}

/// Changes when the object does, as far as the server says so.
fn version(object: &Object) -> String {
    let tag = object.tag.clone().unwrap_or_default();
    format!("{} {tag} {}", object.size, object.modified.unwrap_or_default())
}
