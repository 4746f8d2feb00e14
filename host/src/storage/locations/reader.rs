//! Reads the bytes of a stored object, wherever it is.

use std::fs::File;

use super::file_reader::FileReader;
use super::remote_error::outward;
use crate::error::Result;
use crate::model::Timestamp;

/// An open object. Cheap to clone; clones share what was read ahead.
#[derive(Clone)]
pub enum ObjectReader {
    /// A file of this machine.
    File(FileReader),
    /// An object on another machine.
    Remote(larder_remote::Reader),
}

impl ObjectReader {
    /// Reads an open file, which has to be a regular one. `name` is what errors call it.
    pub(crate) fn new(file: File, name: &str) -> Result<Self> {
        FileReader::new(file, name).map(Self::File)
    }

    /// Bypasses the system's cache where the file system supports it. Has no effect on another machine's object.
    pub(crate) fn without_cache(self) -> Self {
        match self {
            Self::File(file) => Self::File(file.without_cache()),
            remote => remote,
        }
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::File(file) => file.size(),
            Self::Remote(remote) => remote.size(),
        }
    }

    /// When the object was last written.
    pub fn modified(&self) -> Timestamp {
        match self {
            Self::File(file) => file.modified(),
            Self::Remote(remote) => {
                Timestamp { seconds: remote.modified().unwrap_or_default(), nanoseconds: 0 }
            }
        }
    }

    /// Identifies the bytes, also after a restart: they are the same as long as this is.
    pub(super) fn fingerprint(&self) -> String {
        match self {
            Self::File(file) => file.fingerprint(),
            Self::Remote(remote) => format!("{} {:?}", remote.size(), remote.modified()),
        }
    }

    /// Announces that these bytes are read next, once and in order. A hint only.
    pub fn read_ahead(&mut self, offset: u64, count: u64) {
        match self {
            Self::File(file) => file.read_ahead(offset, count),
            Self::Remote(remote) => remote.read_ahead(offset, count),
        }
    }

    /// Up to `max` bytes from `offset` on. Fewer at the end of the object, and where that is cheaper.
    pub fn read(&self, offset: u64, max: usize) -> Result<Vec<u8>> {
        match self {
            Self::File(file) => file.read(offset, max),
            Self::Remote(remote) => remote.read(offset, max).map_err(outward),
        }
    }

    /// As `read`, but appends to `bytes`.
    pub fn append_to(&self, bytes: &mut Vec<u8>, offset: u64, max: usize) -> Result<()> {
        match self {
            Self::File(file) => file.append_to(bytes, offset, max),
            Self::Remote(_) => {
                bytes.extend_from_slice(&self.read(offset, max)?);
                Ok(())
            }
        }
    }

    /// Passes exactly `count` bytes from `offset` on to `take`, piece by piece.
    pub fn copy_to(&self, offset: u64, count: u64, take: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        match self {
            Self::File(file) => file.copy_to(offset, count, take),
            Self::Remote(_) => copy_pieces(self, offset, count, take),
        }
    }
}

/// Copies what an object holds, in pieces as large as its location gives them.
fn copy_pieces(
    object: &ObjectReader,
    mut offset: u64,
    count: u64,
    take: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let end = offset.saturating_add(count);
    while offset < end {
        let left = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX);
        let bytes = object.read(offset, left.min(crate::tunables::DISK_BUFFER))?;
        if bytes.is_empty() {
            return Err(crate::error::Error::Io(format!("there is no byte {offset} in the object")));
        }
        take(&bytes)?;
        offset = offset.saturating_add(bytes.len() as u64);
    }
    Ok(())
}
