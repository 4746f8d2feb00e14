//! The outer tar, while it is written: `./backup.json` first, then inner tars whose size is known only at their end.
//!
//! Owns the patching of those sizes. Where the bytes go is for the [`Draft`], which nobody sees before it is whole.

use std::io::{self, Write};

use tar::Header;

use super::entry::Instant;
use super::header;
use super::record::{Record, Time};
use super::writer::{end_mark, zeros};
use super::{Manifest, Result, paths};

/// Something that grows at its end and can be corrected before it.
pub trait Draft {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Overwrites bytes that were appended before.
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

pub struct OuterWriter<D> {
    draft: D,
    at: u64,
}

impl<D: Draft> OuterWriter<D> {
    /// Begins the archive with its `./backup.json`. `now` is in seconds since 1970.
    pub fn new(draft: D, manifest: &Manifest, now: i64) -> Result<Self> {
        let text = manifest.to_json();
        let mut writer = Self { draft, at: 0 };
        writer.head(b"./backup.json", text.len() as u64, Time::Seconds(now))?;
        writer.write_all(text.as_bytes())?;
        zeros(&mut writer, header::padding(text.len() as u64))?;
        Ok(writer)
    }

    /// Begins an inner tar. It ends with [`MemberWriter::finish`]; without that the archive is not whole.
    pub fn member(&mut self, name: &str, modified: Instant) -> Result<MemberWriter<'_, D>> {
        paths::check(name.as_bytes())?;
        let block = self.head(name.as_bytes(), 0, Time::Exact(modified))?;
        let start = self.at;
        Ok(MemberWriter { outer: self, block, start })
    }

    /// Writes the end mark and says how many bytes the archive has.
    pub fn finish(mut self) -> Result<(D, u64)> {
        let count = end_mark(self.at);
        zeros(&mut self, count)?;
        Ok((self.draft, self.at))
    }

    fn head(&mut self, name: &[u8], size: u64, time: Time) -> Result<Header> {
        let (mode, uid, gid, link, user, group) = (0o644, 0, 0, b"", "", "");
        let record = Record { name, flag: b'0', mode, uid, gid, size, link, user, group, time };
        let (extension, block) = record.encode();
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
    /// Overwrites bytes of this member: a header of its own that holds a size.
    pub fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.outer.draft.patch(self.start.saturating_add(offset), bytes)
    }

    /// Appends `count` bytes that `put` brings into the draft in a way of its own.
    pub fn append_by(&mut self, count: u64, put: impl FnOnce(&mut D) -> io::Result<()>) -> io::Result<()> {
        put(&mut self.outer.draft)?;
        self.outer.at = self.outer.at.saturating_add(count);
        Ok(())
    }

    /// Fills the last block and corrects the header. The size in bytes; from 8 GiB on it is stored in base 256.
    pub fn finish(mut self) -> Result<u64> {
        let size = self.outer.at.saturating_sub(self.start);
        zeros(self.outer, header::padding(size))?;
        self.block.set_size(size);
        header::seal(&mut self.block);
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
