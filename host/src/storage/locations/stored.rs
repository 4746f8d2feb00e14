//! The bytes of a stored object, and the way to them.

use std::fs::File;
use std::io::ErrorKind;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::buffer::spare_capacity;
use rustix::fs::{Advice, fadvise};
use rustix::io::pread;

use super::modified;
use crate::disk::direct;
use crate::disk::read_ahead::Ahead;
use crate::disk::retry::retry;
use crate::error::{Doing, Error, Result};
use crate::model::Timestamp;
use crate::options::DISK_ROOM;

/// Cheap to clone.
#[derive(Clone)]
pub struct Stored {
    file: Arc<File>,
    /// The same file, past the system's cache.
    direct: Option<Arc<File>>,
    /// What is read of it before it is asked for.
    ahead: Option<Arc<Mutex<Ahead>>>,
    name: Arc<str>,
    size: u64,
    modified: Timestamp,
}

impl Stored {
    pub(crate) fn new(file: File, name: &str) -> Result<Self> {
        let metadata = file.metadata().doing(|| format!("cannot look at {name}"))?;
        if !metadata.is_file() {
            return Err(Error::Invalid(format!("{name} is not a regular file")));
        }
        Ok(Self {
            size: metadata.len(),
            modified: modified(&metadata),
            file: Arc::new(file),
            direct: None,
            ahead: None,
            name: name.into(),
        })
    }

    /// Read from the disk itself, as far as the system can be told to. All that was written must be durable.
    pub(crate) fn past_cache(mut self) -> Self {
        self.direct = direct::reopen(&self.file).map(Arc::new);
        if self.direct.is_none() {
            let _ = fadvise(&self.file, 0, None, Advice::DontNeed);
        }
        self
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn modified(&self) -> Timestamp {
        self.modified
    }

    /// These bytes are read next, once and in order. Advice, no more.
    pub fn ahead(&mut self, offset: u64, count: u64) {
        let end = offset.saturating_add(count).min(self.size);
        // What was read ahead before goes first: there is room for so many only.
        self.ahead = None;
        self.ahead = Ahead::start(&self.file, offset, end).map(|ahead| Arc::new(Mutex::new(ahead)));
        if self.ahead.is_none() {
            let _ = fadvise(&self.file, offset, NonZeroU64::new(count), Advice::Sequential);
        }
    }

    /// Up to `max` bytes from `offset`; fewer at the end, and where what was read ahead ends.
    pub fn read(&self, offset: u64, max: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_behind(&mut bytes, offset, max)?;
        Ok(bytes)
    }

    /// The same, put behind what `bytes` hold.
    pub fn read_behind(&self, bytes: &mut Vec<u8>, offset: u64, max: usize) -> Result<()> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let most = max.min(left);
        if most == 0 {
            return Ok(());
        }
        if let Some(ahead) = &self.ahead
            && let Some(more) = ahead.lock().unwrap_or_else(PoisonError::into_inner).at(offset)
        {
            direct::put_behind(bytes, more, most);
            return Ok(());
        }
        match self.direct.as_ref().map(|file| direct::read(bytes, file, offset, most)) {
            None => self.read_cached(bytes, offset, most),
            // This disk wants something else.
            Some(Err(error)) if error.kind() == ErrorKind::InvalidInput => {
                self.read_cached(bytes, offset, most)
            }
            // Not what the cache still has: that would hide what the disk says.
            Some(read) => read.doing(|| format!("cannot read {}", self.name)),
        }
    }

    /// Hands exactly `count` bytes from `offset` on to `take`, in pieces; as they lie in memory where they were read ahead.
    pub fn pass(&self, mut offset: u64, count: u64, take: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let end = offset.saturating_add(count);
        while offset < end {
            let left = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX);
            let passed = self.pass_some(offset, left.min(DISK_ROOM), take)?;
            if passed == 0 {
                return Err(Error::Io(format!(
                    "{} changed while it was copied: it has no byte {offset} any more",
                    self.name
                )));
            }
            offset = offset.saturating_add(passed as u64);
        }
        Ok(())
    }

    fn pass_some(
        &self,
        offset: u64,
        most: usize,
        take: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<usize> {
        if let Some(ahead) = &self.ahead
            && let Some(more) = ahead.lock().unwrap_or_else(PoisonError::into_inner).at(offset)
        {
            let more = more.get(..most).unwrap_or(more);
            return take(more).map(|()| more.len());
        }
        let bytes = self.read(offset, most)?;
        take(&bytes).map(|()| bytes.len())
    }

    fn read_cached(&self, bytes: &mut Vec<u8>, offset: u64, most: usize) -> Result<()> {
        let end = bytes.len().saturating_add(most);
        bytes.reserve_exact(most);
        let read = retry(|| pread(&*self.file, spare_capacity(bytes), offset));
        read.doing(|| format!("cannot read {}", self.name))?;
        bytes.truncate(end);
        Ok(())
    }
}
