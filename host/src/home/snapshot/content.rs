//! The content of one opened file.
//!
//! A content keeps its size and stays readable as long as it lives. It owns the lock that keeps a database consistent.
//! It opens no files.

use std::cmp::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use super::descriptor::Descriptor;
use super::locks::Lock;
use super::read_ahead::ReadAhead;
use crate::error::{Doing, Result};
use crate::model::Timestamp;
use crate::tunables::SMALL_FILE;

/// The largest number of bytes that one read returns (`wit/content.wit`).
const MAX_READ: usize = 1 << 20;

/// An opened file, independent of the snapshot that opened it. Cheap to clone.
#[derive(Clone)]
pub struct Content {
    /// `None` when no more has to be read, for example for the absent log of a database. Declared before `_lock` to be
    /// dropped first.
    pub(super) file: Option<Arc<Descriptor>>,
    pub(super) size: u64,
    pub(super) modified: Timestamp,
    pub(super) identity: Option<u64>,
    pub(super) note: Option<Arc<str>>,
    /// All bytes, if the file was read ahead as a whole.
    pub(super) bytes: Option<Arc<[u8]>>,
    /// The reader that reads on ahead of its caller.
    pub(super) read_ahead: Option<Arc<Mutex<ReadAhead>>>,
    pub(super) _lock: Option<Arc<Lock>>,
    /// Whether another program may write to the file despite the lock.
    pub(super) may_change: bool,
}

impl Content {
    /// The whole file at its current size.
    pub(super) fn whole(file: Arc<Descriptor>) -> Self {
        let (size, modified) = (file.facts.size, file.facts.modified);
        Self { file: Some(file), size, ..Self::empty(modified) }
    }

    /// A small file, read to its end and closed. `None` when it cannot be read or changed in the meantime.
    pub(super) fn read_whole(file: Descriptor) -> Option<Self> {
        let size = usize::try_from(file.facts.size).ok()?;
        let bytes = file.read(0, size).ok().filter(|bytes| bytes.len() == size)?;
        let content = Self::whole(Arc::new(file));
        content.note().is_none().then(|| Self { bytes: Some(bytes.into()), file: None, ..content })
    }

    pub(super) fn empty(modified: Timestamp) -> Self {
        Self {
            file: None,
            size: 0,
            modified,
            identity: None,
            note: None,
            bytes: None,
            read_ahead: None,
            _lock: None,
            may_change: false,
        }
    }

    /// Size in bytes when the file was opened.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Modification time when the file was opened.
    pub fn modified(&self) -> Timestamp {
        self.modified
    }

    /// The identity that the listing gave the file, if it has several names.
    pub fn identity(&self) -> Option<u64> {
        self.identity
    }

    /// What cannot be guaranteed about the content: one sentence for the user, without the file's name. Call it after
    /// reading, when it is known whether the file changed.
    pub fn note(&self) -> Option<String> {
        if self.note.is_some() || (self._lock.is_some() && !self.may_change) {
            return self.note.as_deref().map(str::to_owned);
        }
        let file = self.file.as_ref()?;
        let (then, now) = (file.facts, file.facts_now().ok()?);
        match now.size.cmp(&then.size) {
            Ordering::Greater => Some(format!(
                "it grew to {} bytes while it was read; its first {} bytes are stored",
                now.size, then.size
            )),
            Ordering::Less => Some(format!(
                "it shrank to {} bytes while it was read; its earlier {} bytes are stored",
                now.size, then.size
            )),
            Ordering::Equal if now.modified != then.modified => Some(
                "it was written to while it was read; the stored content may mix old and new parts"
                    .to_owned(),
            ),
            Ordering::Equal => None,
        }
    }

    /// A hint that these bytes are read next, once and in order.
    pub fn read_ahead(&mut self, offset: u64, count: u64) {
        let end = offset.saturating_add(count).min(self.size);
        // A smaller range is read before a thread has started.
        let is_worth_it = end.saturating_sub(offset) > SMALL_FILE;
        if let Some(file) = self.file.clone().filter(|_| is_worth_it) {
            self.read_ahead = ReadAhead::start(file, offset, end).map(|reader| Arc::new(Mutex::new(reader)));
        }
    }

    /// Up to `max` bytes from `offset` on: never more than 1 MiB and never past `size`. Empty at the end, or where
    /// the file has shrunk since.
    pub fn read(&self, offset: u64, max: usize) -> Result<Vec<u8>> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        if let Some(bytes) = &self.bytes {
            let from =
                usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
            return Ok(from.get(..max.min(left)).unwrap_or(from).to_vec());
        }
        if let Some(reader) = &self.read_ahead
            && let Some(bytes) =
                reader.lock().unwrap_or_else(PoisonError::into_inner).read(offset, max.min(left))
        {
            return Ok(bytes);
        }
        match (&self.file, max.min(MAX_READ).min(left)) {
            (None, _) | (_, 0) => Ok(Vec::new()),
            (Some(file), length) => {
                file.read(offset, length).doing(|| format!("cannot read from byte {offset}"))
            }
        }
    }
}
