//! A stored backup, opened as an archive: its outer tar, and the buffered reader below it.
//!
//! Knows nothing of protection and checks nothing of what it reads.

use std::io;

use crate::archive::{Limits, Outer};
use crate::error::{Failure, Result};
use crate::ports::Content;

/// The outer tar of a stored backup.
pub type Archive<'a> = Outer<Reader<'a>>;

/// Opens the outer tar of `content`. A failure names the backup's file, `name`.
pub fn open<'a>(content: &'a dyn Content, name: &str) -> Result<Archive<'a>> {
    Outer::open(Reader::new(content), &Limits::default()).map_err(|error| Failure::archive(name, error))
}

/// Bytes read at once by a reader of headers only.
const HEADER_CHUNK: u32 = 16 * 1024;
/// Bytes read at once.
const CHUNK: u32 = 256 * 1024;

/// A buffered, seekable reader of a content.
pub struct Reader<'a> {
    content: &'a dyn Content,
    position: u64,
    end: u64,
    chunk: Vec<u8>,
    used: usize,
    chunk_size: u32,
}

impl<'a> Reader<'a> {
    /// Reads all of a content.
    pub fn new(content: &'a dyn Content) -> Self {
        Self::section(content, 0, content.size())
    }

    /// Reads `size` bytes from `offset` on. Seek positions count from the start of the content, not of the section.
    pub fn section(content: &'a dyn Content, offset: u64, size: u64) -> Self {
        let end = offset.saturating_add(size).min(content.size());
        Self { content, position: offset, end, chunk: Vec::new(), used: 0, chunk_size: CHUNK }
    }

    /// Reads in small chunks, for headers that are far apart.
    pub fn for_headers(content: &'a dyn Content) -> Self {
        Self { chunk_size: HEADER_CHUNK, ..Self::new(content) }
    }

    /// Announces that these bytes of the content are read next, once and in order.
    pub fn ahead(&self, offset: u64, count: u64) {
        self.content.ahead(offset, count);
    }
}

impl io::Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.used >= self.chunk.len() {
            let left = self.end.saturating_sub(self.position);
            let max = u32::try_from(left).unwrap_or(u32::MAX).min(self.chunk_size);
            self.chunk = if max == 0 { Vec::new() } else { self.content.read(self.position, max)? };
            self.used = 0;
        }
        let from = self.chunk.get(self.used..).unwrap_or_default();
        let length = from.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), from.get(..length)) {
            to.copy_from_slice(from);
        }
        self.used += length;
        self.position += length as u64;
        Ok(length)
    }
}

impl io::Seek for Reader<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let target = match to {
            io::SeekFrom::Start(at) => Some(at),
            io::SeekFrom::End(by) => self.end.checked_add_signed(by),
            io::SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        let target = target.ok_or_else(|| io::Error::other("a seek before the start of the archive"))?;
        let ahead = target.checked_sub(self.position).and_then(|ahead| usize::try_from(ahead).ok());
        match ahead {
            // The target is in the chunk that was read last.
            Some(ahead) if self.used.saturating_add(ahead) <= self.chunk.len() => self.used += ahead,
            _ => {
                self.chunk = Vec::new();
                self.used = 0;
            }
        }
        self.position = target;
        Ok(target)
    }
}
