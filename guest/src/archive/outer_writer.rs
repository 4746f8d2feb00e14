//! The outer tar while it is written: `./backup.json` first, then inner tars whose sizes are known only at their end.
//!
//! Owns the correction of those sizes. The [`Draft`] decides where the bytes go, and is not visible as a backup until it is
//! complete.

use std::io::{self, Write};

use tar::Header;

use super::entry::Instant;
use super::error::Result;
use super::header;
use super::header_fields::{HeaderFields, Time};
use super::inner_writer::{end_marker, zeros};
use super::manifest::Manifest;
use super::paths;

/// A sink that is appended to and whose earlier bytes can be overwritten.
pub trait Draft {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Overwrites bytes that were appended earlier.
    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
}

impl<D: Draft + ?Sized> Draft for &mut D {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        (**self).append(bytes)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        (**self).patch(offset, bytes)
    }
}

/// Writes a backup into a [`Draft`].
pub struct OuterWriter<D> {
    draft: D,
    at: u64,
}

impl<D: Draft> OuterWriter<D> {
    /// Starts the archive with its `./backup.json`. `now` is in seconds since 1970.
    pub fn new(draft: D, manifest: &Manifest, now: i64) -> Result<Self> {
        let text = manifest.to_json();
        let mut writer = Self { draft, at: 0 };
        writer.header(b"./backup.json", text.len() as u64, Time::Seconds(now))?;
        writer.write_all(text.as_bytes())?;
        zeros(&mut writer, header::padding(text.len() as u64))?;
        Ok(writer)
    }

    /// Starts an inner tar. The archive is invalid without the member's [`MemberWriter::finish`].
    pub fn member(&mut self, name: &str, modified: Instant) -> Result<MemberWriter<'_, D>> {
        paths::check(name.as_bytes())?;
        let block = self.header(name.as_bytes(), 0, Time::Exact(modified))?;
        let start = self.at;
        Ok(MemberWriter { outer: self, block, start })
    }

    /// Writes the end-of-archive marker. Returns the draft and the archive's length in bytes.
    pub fn finish(mut self) -> Result<(D, u64)> {
        let count = end_marker(self.at);
        zeros(&mut self, count)?;
        Ok((self.draft, self.at))
    }

    fn header(&mut self, name: &[u8], size: u64, time: Time) -> Result<Header> {
        let (mode, uid, gid, link, user, group) = (0o644, 0, 0, b"", "", "");
        let fields = HeaderFields { name, flag: b'0', mode, uid, gid, size, link, user, group, time };
        let (extension, block) = fields.encode();
        self.write_all(&extension)?;
        self.write_all(block.as_bytes())?;
        Ok(block)
    }
}

impl<D: Draft> Write for OuterWriter<D> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.draft.append(bytes)?;
        self.at = self.at.saturating_add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The content of one inner tar.
pub struct MemberWriter<'a, D> {
    outer: &'a mut OuterWriter<D>,
    block: Header,
    start: u64,
}

impl<D: Draft> MemberWriter<'_, D> {
    /// Overwrites bytes of this member, such as an encryption header that holds a size.
    pub fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.outer.draft.patch(self.start.saturating_add(offset), bytes)
    }

    /// Appends `count` bytes that `put` adds to the draft itself.
    pub fn append_with(&mut self, count: u64, put: impl FnOnce(&mut D) -> io::Result<()>) -> io::Result<()> {
        put(&mut self.outer.draft)?;
        self.outer.at = self.outer.at.saturating_add(count);
        Ok(())
    }

    /// Pads the last block and corrects the header. Returns the size in bytes; from 8 GiB on it is stored in base 256.
    pub fn finish(mut self) -> Result<u64> {
        let size = self.outer.at.saturating_sub(self.start);
        zeros(self.outer, header::padding(size))?;
        self.block.set_size(size);
        header::set_checksum(&mut self.block);
        self.outer.draft.patch(self.start.saturating_sub(header::BLOCK), self.block.as_bytes())?;
        Ok(size)
    }
}

impl<D: Draft> Write for MemberWriter<'_, D> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gzip as Home Assistant writes it around `homeassistant.tar`: level 6, one member. `now` is in seconds since 1970.
#[cfg(test)]
pub fn compressor<W: Write>(sink: W, now: u32) -> flate2::write::GzEncoder<W> {
    flate2::GzBuilder::new()
        .filename("homeassistant.tar")
        .mtime(now)
        .operating_system(255)
        .write(sink, flate2::Compression::new(6))
}
