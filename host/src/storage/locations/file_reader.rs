//! Reads the bytes of a stored file. They come from the system's cache, from the disk itself, or from a buffer that was
//! read ahead.

use std::fs::File;
use std::io::ErrorKind;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::buffer::spare_capacity;
use rustix::fs::{Advice, fadvise};
use rustix::io::pread;

use super::file_checks::modified;
use crate::disk::direct;
use crate::disk::read_ahead::ReadAhead;
use crate::disk::retry::retry;
use crate::error::{Doing, Error, Result};
use crate::model::Timestamp;
use crate::tunables::DISK_BUFFER;

/// An open file. Cheap to clone; clones share one read-ahead.
#[derive(Clone)]
pub struct FileReader {
    file: Arc<File>,
    /// The same file, opened for direct I/O.
    direct: Option<Arc<File>>,
    read_ahead: Option<Arc<Mutex<ReadAhead>>>,
    name: Arc<str>,
    size: u64,
    modified: Timestamp,
}

impl FileReader {
    /// Reads an open file, which has to be a regular one. `name` is what errors call it.
    pub(crate) fn new(file: File, name: &str) -> Result<Self> {
        let metadata = file.metadata().doing(|| format!("cannot access {name}"))?;
        if !metadata.is_file() {
            return Err(Error::Invalid(format!("{name} is not a regular file")));
        }
        Ok(Self {
            size: metadata.len(),
            modified: modified(&metadata),
            file: Arc::new(file),
            direct: None,
            read_ahead: None,
            name: name.into(),
        })
    }

    /// Bypasses the system's cache where the file system supports it, so that reads show what the disk holds. All that was written must
    /// be durable.
    pub(crate) fn without_cache(mut self) -> Self {
        self.direct = direct::reopen(&self.file).map(Arc::new);
        if self.direct.is_none() {
            let _ = fadvise(&self.file, 0, None, Advice::DontNeed);
        }
        self
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// When the object was last written.
    pub fn modified(&self) -> Timestamp {
        self.modified
    }

    /// Device, inode, size and time of modification.
    pub(super) fn fingerprint(&self) -> String {
        let (device, inode) = rustix::fs::fstat(&*self.file).map_or((0, 0), |it| (it.st_dev, it.st_ino));
        let Timestamp { seconds, nanoseconds } = self.modified;
        format!("{device}:{inode} {} {seconds}.{nanoseconds:09}", self.size)
    }

    /// Announces that these bytes are read next, once and in order. A hint only.
    pub fn read_ahead(&mut self, offset: u64, count: u64) {
        let end = offset.saturating_add(count).min(self.size);
        // Release the old read-ahead first: the number of permits is limited.
        self.read_ahead = None;
        self.read_ahead = ReadAhead::start(&self.file, offset, end).map(|it| Arc::new(Mutex::new(it)));
        if self.read_ahead.is_none() {
            let _ = fadvise(&self.file, offset, NonZeroU64::new(count), Advice::Sequential);
        }
    }

    /// Up to `max` bytes from `offset` on. Fewer at the end of the object, and where a buffer that was read ahead ends.
    pub fn read(&self, offset: u64, max: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.append_to(&mut bytes, offset, max)?;
        Ok(bytes)
    }

    /// As `read`, but appends to `bytes`.
    pub fn append_to(&self, bytes: &mut Vec<u8>, offset: u64, max: usize) -> Result<()> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let most = max.min(left);
        if most == 0 {
            return Ok(());
        }
        if let Some(ahead) = &self.read_ahead
            && let Some(more) = ahead.lock().unwrap_or_else(PoisonError::into_inner).at(offset)
        {
            direct::append_up_to(bytes, more, most);
            return Ok(());
        }
        match self.direct.as_ref().map(|file| direct::read(bytes, file, offset, most)) {
            None => self.read_cached(bytes, offset, most),
            // This disk requires another alignment.
            Some(Err(error)) if error.kind() == ErrorKind::InvalidInput => {
                self.read_cached(bytes, offset, most)
            }
            // Do not fall back to the cache here: it would hide what the disk says.
            Some(read) => read.doing(|| format!("cannot read {}", self.name)),
        }
    }

    /// Passes exactly `count` bytes from `offset` on to `take`, piece by piece. Bytes that were read ahead are passed without a copy.
    pub fn copy_to(
        &self,
        mut offset: u64,
        count: u64,
        take: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let end = offset.saturating_add(count);
        while offset < end {
            let left = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX);
            let copied = self.copy_piece(offset, left.min(DISK_BUFFER), take)?;
            if copied == 0 {
                return Err(Error::Io(format!(
                    "{} became shorter while it was copied: byte {offset} is missing",
                    self.name
                )));
            }
            offset = offset.saturating_add(copied as u64);
        }
        Ok(())
    }

    fn copy_piece(
        &self,
        offset: u64,
        most: usize,
        take: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<usize> {
        if let Some(ahead) = &self.read_ahead
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
