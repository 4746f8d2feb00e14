//! One gzip member, assembled from independently deflated blocks.
//!
//! Owns the header, the order and the trailer. Each block is raw deflate that ends on a byte boundary without ending the stream
//! (flate2's `Sync` flush, or a stored block). Blocks of any origin and age can therefore follow each other in one stream. Does not
//! look inside them: callers pass verified blocks.

use std::io::{self, Write};

use zlib_rs::crc32::crc32_combine;

/// The shortest end of a deflate stream: an empty final block.
const END: [u8; 2] = [3, 0];

/// A member being written. It is incomplete without [`GzipMember::finish`].
pub struct GzipMember<W> {
    sink: W,
    crc32: u32,
    /// Bytes of uncompressed content so far.
    length: u64,
    /// Bytes of the member so far.
    at: u64,
}

impl<W: Write> GzipMember<W> {
    /// The header as Home Assistant writes it around `homeassistant.tar`. `now` is in seconds since 1970.
    pub fn new(mut sink: W, now: u32) -> io::Result<Self> {
        let mut header = vec![0x1f, 0x8b, 8, 8];
        header.extend_from_slice(&now.to_le_bytes());
        header.extend_from_slice(b"\x00\xffhomeassistant.tar\0");
        sink.write_all(&header)?;
        Ok(Self { sink, crc32: 0, length: 0, at: header.len() as u64 })
    }

    /// Adds a block whose content has this length and CRC-32. Returns its offset from the member's first byte.
    pub fn block(&mut self, content: (u32, u32), deflated: &[u8]) -> io::Result<u64> {
        self.sink.write_all(deflated)?;
        Ok(self.count_block(content, deflated.len() as u64))
    }

    /// As [`GzipMember::block`], for a block of `size` bytes that the caller writes to the sink itself.
    pub fn count_block(&mut self, (length, crc32): (u32, u32), size: u64) -> u64 {
        self.crc32 = crc32_combine(self.crc32, crc32, length.into());
        self.length = self.length.saturating_add(length.into());
        let at = self.at;
        self.at = self.at.saturating_add(size);
        at
    }

    pub fn sink(&mut self) -> &mut W {
        &mut self.sink
    }

    /// Writes the end of the stream and the trailer: CRC-32 and length of the whole content.
    pub fn finish(mut self) -> io::Result<W> {
        self.sink.write_all(&END)?;
        self.sink.write_all(&self.crc32.to_le_bytes())?;
        // Gzip stores the length modulo 4 GiB.
        let [a, b, c, d, ..] = self.length.to_le_bytes();
        self.sink.write_all(&[a, b, c, d])?;
        Ok(self.sink)
    }
}
