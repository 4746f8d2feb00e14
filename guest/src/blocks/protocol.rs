//! The messages between a job and its workers about blocks.
//!
//! Owns their byte layout. A work item is one byte for its type, [`BLOCK_ITEM`] or [`DIGEST_ITEM`], then the block or the digest
//! request. The result of a block is its [`Encoding`] in one byte, the CRC-32 of its content in four, and its bytes in the stream.

/// The kind of the workers' job.
pub const KIND: &str = "blocks";
/// First byte of a work item that holds a block to encode.
pub const BLOCK_ITEM: u8 = 1;
/// First byte of a work item that asks for digests of segments.
pub const DIGEST_ITEM: u8 = 2;

/// How a block is encoded in the deflate stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Deflated,
    Stored,
}

impl Encoding {
    /// Bytes of a result before those of the block.
    pub const HEADER: usize = 5;
    const ALL: [Self; 2] = [Self::Deflated, Self::Stored];

    /// Starts a result. The bytes of the block must follow.
    pub fn result_header(self, crc32: u32) -> Vec<u8> {
        let mut result = vec![self as u8];
        result.extend_from_slice(&crc32.to_le_bytes());
        result
    }

    /// Splits a result into encoding, CRC-32 and the bytes of the block.
    pub fn parse_result(bytes: &[u8]) -> Option<(Self, u32, &[u8])> {
        let (code, bytes) = bytes.split_first()?;
        let (crc32, bytes) = bytes.split_first_chunk()?;
        let encoding = Self::ALL.into_iter().find(|encoding| *encoding as u8 == *code)?;
        Some((encoding, u32::from_le_bytes(*crc32), bytes))
    }
}
