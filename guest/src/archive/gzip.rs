//! One gzip member out of blocks that were deflated apart from each other.
//!
//! Owns the header, the order and the trailer. Each block is raw deflate that ends on a whole byte without ending the stream
//! (flate2's `Sync`, or stored), so that blocks that were made anywhere, one day or another, stand behind each other in one
//! stream. Refuses to look into them: whoever hands them over has checked them.

use std::io::{self, Write};

use zlib_rs::crc32::crc32_combine;

/// Deflate's smallest end: a last block with nothing in it.
const END: [u8; 2] = [3, 0];

/// A member while it is written. Without [`GzipMember::finish`] it is not whole.
pub struct GzipMember<W> {
    sink: W,
    check: u32,
    /// Bytes of what the blocks hold.
    amount: u64,
    at: u64,
}

impl<W: Write> GzipMember<W> {
    /// The header as Home Assistant writes it around `homeassistant.tar`. `now` is in seconds since 1970.
    pub fn new(mut sink: W, now: u32) -> io::Result<Self> {
        let mut header = vec![0x1f, 0x8b, 8, 8];
        header.extend_from_slice(&now.to_le_bytes());
        header.extend_from_slice(b"\x00\xffhomeassistant.tar\0");
        sink.write_all(&header)?;
        Ok(Self { sink, check: 0, amount: 0, at: header.len() as u64 })
    }

    /// Adds a block that holds so many bytes with that CRC-32. Where it lies, counted from the member's first byte.
    pub fn block(&mut self, holds: (u32, u32), deflated: &[u8]) -> io::Result<u64> {
        self.sink.write_all(deflated)?;
        Ok(self.count(holds, deflated.len() as u64))
    }

    /// As [`GzipMember::block`] for a block of `size` bytes that come into the sink in another way.
    pub fn count(&mut self, (length, check): (u32, u32), size: u64) -> u64 {
        self.check = crc32_combine(self.check, check, length.into());
        self.amount = self.amount.saturating_add(length.into());
        let at = self.at;
        self.at = self.at.saturating_add(size);
        at
    }

    pub fn sink(&mut self) -> &mut W {
        &mut self.sink
    }

    /// Writes the end and the trailer: check value and size of all together.
    pub fn finish(mut self) -> io::Result<W> {
        self.sink.write_all(&END)?;
        self.sink.write_all(&self.check.to_le_bytes())?;
        // Gzip counts modulo 4 GiB.
        let [a, b, c, d, ..] = self.amount.to_le_bytes();
        self.sink.write_all(&[a, b, c, d])?;
        Ok(self.sink)
    }
}
