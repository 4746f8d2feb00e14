//! The bytes of a stored object, and the way to them.

use std::fs::File;
use std::io::ErrorKind;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::buffer::spare_capacity;
use rustix::fs::{Advice, fadvise};
use rustix::io::{pread, retry_on_intr};

use super::ahead::Ahead;
use super::{direct, modified};
use crate::error::{Doing, Error, Result};
use crate::model::Timestamp;

/// Cheap to clone.
#[derive(Clone)]
pub struct Stored {
    file: Arc<File>,
    way: Way,
    name: Arc<str>,
    size: u64,
    modified: Timestamp,
}

/// What is tried before the file is read like any other.
#[derive(Clone)]
enum Way {
    Cached,
    /// The same file, past the system's cache.
    Direct(Arc<File>),
    Ahead(Arc<Mutex<Ahead>>),
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
            way: Way::Cached,
            name: name.into(),
        })
    }

    /// Read from the disk itself, as far as the system can be told to. All that was written must be durable.
    pub(super) fn past_cache(mut self) -> Self {
        match direct::reopen(&self.file) {
            Some(file) => self.way = Way::Direct(Arc::new(file)),
            None => {
                let _ = fadvise(&self.file, 0, None, Advice::DontNeed);
            }
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
        match Ahead::start(&self.file, offset, end) {
            Some(ahead) => self.way = Way::Ahead(Arc::new(Mutex::new(ahead))),
            None => {
                let _ = fadvise(&self.file, offset, NonZeroU64::new(count), Advice::Sequential);
            }
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
        let has_found = match &self.way {
            _ if most == 0 => true,
            Way::Cached => false,
            Way::Direct(file) => match direct::read(bytes, file, offset, most) {
                // This disk wants something else.
                Err(error) if error.kind() == ErrorKind::InvalidInput => false,
                // What the cache still has would hide it.
                read => return read.doing(|| format!("cannot read {}", self.name)),
            },
            Way::Ahead(ahead) => {
                ahead.lock().unwrap_or_else(PoisonError::into_inner).read(bytes, offset, most).is_some()
            }
        };
        match has_found {
            true => Ok(()),
            // Whatever was wrong is wrong here, too, and told.
            false => self.read_cached(bytes, offset, most),
        }
    }

    fn read_cached(&self, bytes: &mut Vec<u8>, offset: u64, most: usize) -> Result<()> {
        let end = bytes.len().saturating_add(most);
        bytes.reserve_exact(most);
        let read = retry_on_intr(|| pread(&*self.file, spare_capacity(bytes), offset));
        read.doing(|| format!("cannot read {}", self.name))?;
        bytes.truncate(end);
        Ok(())
    }
}
