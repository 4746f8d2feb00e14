//! Bytes in memory as the source of an upload.

use std::io;

use xxhash_rust::xxh3::xxh3_128;

use crate::ports::Source;

/// A small object's.
pub struct Bytes {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl Source for Bytes {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest =
            usize::try_from(offset).ok().and_then(|offset| self.bytes.get(offset..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }

    fn fingerprint(&self) -> String {
        format!("{:032x} of {} bytes", xxh3_128(&self.bytes), self.bytes.len())
    }
}
