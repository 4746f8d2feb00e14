//! Reads whole small objects side by side, and keeps them in the memory until they change or are no longer listed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::context::Context;
use super::fetch::Fetch;
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::protocol::Object;
use crate::stop::Stop;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    size: u64,
    /// The tag, or the time of modification.
    version: String,
    bytes: String,
}

type Document = BTreeMap<String, Kept>;

/// The small objects of a location that were read before. The document is parsed once: a listing asks for its records in many calls.
#[derive(Default)]
pub struct Small(Mutex<Option<Document>>);

impl Small {
    /// In the order asked. `listed` tells the names that are known to exist; it is asked only when the document is loaded or changes.
    pub fn read(
        &self,
        context: &Arc<Context>,
        objects: &[Object],
        listed: &dyn Fn() -> BTreeSet<String>,
        most: usize,
        stop: &Stop,
    ) -> Vec<Result<Vec<u8>>> {
        let mut missing = VecDeque::new();
        let mut answers: BTreeMap<usize, Result<Vec<u8>>> = BTreeMap::new();
        let is_outdated = {
            let mut document = lock(&self.0);
            let is_loaded = document.is_some();
            let kept = document.get_or_insert_with(|| load(context));
            for (index, object) in objects.iter().enumerate() {
                let known = kept.get(&object.name).filter(|known| is_same(known, object));
                if object.size > most as u64 {
                    let message =
                        format!("{} has {} bytes; at most {most} are read", object.name, object.size);
                    answers.insert(index, Err(Error::new(Kind::Invalid, message)));
                } else if let Some(bytes) = known.and_then(|known| STANDARD.decode(&known.bytes).ok()) {
                    answers.insert(index, Ok(bytes));
                } else {
                    missing.push_back((index, object));
                }
            }
            !is_loaded && {
                let listed = listed();
                kept.keys().any(|name| !listed.contains(name))
            }
        };
        let fresh = fetch_all(context, missing, stop);
        if is_outdated || !fresh.is_empty() {
            self.keep(context, objects, &listed(), &fresh);
        }
        answers.extend(fresh);
        answers.into_values().collect()
    }

    /// Adds what was read to the document, and drops what is no longer listed.
    fn keep(
        &self,
        context: &Context,
        objects: &[Object],
        listed: &BTreeSet<String>,
        fresh: &BTreeMap<usize, Result<Vec<u8>>>,
    ) {
        let mut document = lock(&self.0);
        // Another process may have added some meanwhile.
        let before = load(context);
        let mut kept = before.clone();
        if !listed.is_empty() {
            let asked: BTreeSet<&str> = objects.iter().map(|object| object.name.as_str()).collect();
            kept.retain(|name, _| listed.contains(name) || asked.contains(name.as_str()));
        }
        let mut size: usize = kept.values().map(|known| known.bytes.len()).sum();
        for (index, answer) in fresh {
            if let (Ok(bytes), Some(object)) = (answer, objects.get(*index))
                && let Some(version) = version(object)
                && size.saturating_add(bytes.len() * 2) <= limits::SMALL_KEPT
            {
                let bytes = STANDARD.encode(bytes);
                size = size.saturating_add(bytes.len());
                kept.insert(object.name.clone(), Kept { size: object.size, version, bytes });
            }
        }
        if kept != before
            && let Ok(text) = serde_json::to_string(&kept)
        {
            let _ = context.memory.save(&context.document("small"), &text);
        }
        *document = Some(kept);
    }
}

fn load(context: &Context) -> Document {
    let text = context.memory.load(&context.document("small"));
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Without one, a change would not be seen.
fn version(object: &Object) -> Option<String> {
    let modified = || object.modified.map(|modified| format!("modified {modified}"));
    // Apache calls a tag weak in the second after the file was written, and strong later.
    let tag = object.tag.as_deref().map(|tag| tag.trim_start_matches("W/"));
    tag.map(|tag| format!("tag {tag}")).or_else(modified)
}

fn is_same(known: &Kept, object: &Object) -> bool {
    known.size == object.size && version(object).as_ref() == Some(&known.version)
}

fn fetch_all(
    context: &Arc<Context>,
    missing: VecDeque<(usize, &Object)>,
    stop: &Stop,
) -> BTreeMap<usize, Result<Vec<u8>>> {
    let threads = context.protocol.parallel().clamp(1, limits::SMALL_PARALLEL).min(missing.len());
    let indices: Vec<usize> = missing.iter().map(|(index, _)| *index).collect();
    let queue = Mutex::new(missing);
    let answers = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            let next = lock(&queue).pop_front();
            let Some((index, object)) = next else { return };
            let answer = whole(context, object, stop);
            lock(&answers).insert(index, answer);
        }
    };
    thread::scope(|scope| {
        // One of the threads is this one.
        for _ in 1..threads {
            let _ = thread::Builder::new().name("small objects".to_owned()).spawn_scoped(scope, work);
        }
        work();
    });
    let mut answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    for index in indices {
        answers.entry(index).or_insert_with(|| Err(Error::new(Kind::Interrupted, "it was not read")));
    }
    answers
}

fn whole(context: &Arc<Context>, object: &Object, stop: &Stop) -> Result<Vec<u8>> {
    stop.check()?;
    let mut bytes = vec![0; usize::try_from(object.size).unwrap_or(usize::MAX)];
    let count = Fetch::new(context, object.clone(), 0..object.size, stop.clone()).fill(&mut bytes)?;
    match count == bytes.len() {
        true => Ok(bytes),
        false => Err(Error::new(Kind::Interrupted, format!("{} has fewer bytes than listed", object.name))),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
