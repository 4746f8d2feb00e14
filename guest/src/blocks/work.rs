//! What a job and its workers say to each other about blocks, and the worker's loop.
//!
//! A piece: what to do (`digest` has a kind of its own), the length of the block in four bytes, the block, and the deflated bytes that
//! an earlier backup has of it, if any. An answer: how the block came about, CRC-32 of what it holds in four bytes, and its bytes for the stream.

use super::codec::Codec;
use crate::digest;
use crate::error::{Failure, Result};
use crate::ports::Outside;

/// The kind of the workers' job.
pub const KIND: &str = "blocks";

pub struct Piece<'a> {
    /// It did not get smaller before.
    pub is_incompressible: bool,
    pub plain: &'a [u8],
    /// Empty when there is nothing.
    pub kept: &'a [u8],
}

impl<'a> Piece<'a> {
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (is_incompressible, rest) = bytes.split_first()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (plain, kept) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        Some(Self { is_incompressible: *is_incompressible != 0, plain, kept })
    }

    pub fn encode(&self, to: &mut Vec<u8>) {
        to.push(self.is_incompressible.into());
        to.extend_from_slice(&u32::try_from(self.plain.len()).unwrap_or(u32::MAX).to_le_bytes());
        to.extend_from_slice(self.plain);
        to.extend_from_slice(self.kept);
    }
}

/// How a block came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Deflated,
    Stored,
    /// As the earlier backup has it, which holds what it should.
    Kept,
}

impl Answer {
    /// Bytes of an answer before those of the block.
    pub const HEAD: usize = 5;
    const ALL: [Self; 3] = [Self::Deflated, Self::Stored, Self::Kept];

    /// An answer that has no bytes yet.
    pub fn head(self, check: u32) -> Vec<u8> {
        let mut answer = vec![self as u8];
        answer.extend_from_slice(&check.to_le_bytes());
        answer
    }

    /// With the check value and the bytes.
    pub fn parse(bytes: &[u8]) -> Option<(Self, u32, &[u8])> {
        let (how, bytes) = bytes.split_first()?;
        let (check, bytes) = bytes.split_first_chunk()?;
        let how = Self::ALL.into_iter().find(|answer| *answer as u8 == *how)?;
        Some((how, u32::from_le_bytes(*check), bytes))
    }
}

pub fn senseless() -> Failure {
    Failure::invalid("a piece of work that makes no sense")
}

/// A worker's life: piece by piece.
pub fn work(outside: &dyn Outside) -> Result<()> {
    let mut codec = Codec::default();
    while let Some(piece) = outside.next_piece() {
        let answer = match piece.first() {
            Some(&digest::PIECE) => digest::answer(&piece).ok_or_else(senseless)?,
            _ => codec.work(&piece)?,
        };
        outside.give(&answer);
    }
    Ok(())
}
