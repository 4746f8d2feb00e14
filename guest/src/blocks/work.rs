//! What a job and its workers say to each other about blocks, and the worker's loop.
//!
//! A piece: the length of the block in four bytes, the block, and the deflated bytes that an earlier backup has of it, if any.
//! An answer: one byte that says how the block came about, and its bytes for the stream.

use super::codec::Codec;
use crate::error::Result;
use crate::ports::Outside;

/// The kind of the workers' job.
pub const KIND: &str = "blocks";
/// Bytes of a piece before its block.
pub const PIECE_HEAD: usize = 4;

pub struct Piece<'a> {
    pub plain: &'a [u8],
    /// Empty when there is nothing.
    pub kept: &'a [u8],
}

impl<'a> Piece<'a> {
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk()?;
        let (plain, kept) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        Some(Self { plain, kept })
    }
}

/// How a block came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Deflated,
    Stored,
    /// The bytes of the earlier backup, which hold what they should.
    Kept,
}

impl Answer {
    const ALL: [Self; 3] = [Self::Deflated, Self::Stored, Self::Kept];

    pub fn with(self, bytes: &[u8]) -> Vec<u8> {
        let mut answer = Vec::with_capacity(bytes.len() + 1);
        answer.push(self as u8);
        answer.extend_from_slice(bytes);
        answer
    }

    pub fn parse(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (how, bytes) = bytes.split_first()?;
        Some((Self::ALL.into_iter().find(|answer| *answer as u8 == *how)?, bytes))
    }
}

/// A worker's life: piece by piece.
pub fn work(outside: &dyn Outside) -> Result<()> {
    let mut codec = Codec::default();
    while let Some(piece) = outside.next_piece() {
        outside.give(&codec.work(&piece)?);
    }
    Ok(())
}
