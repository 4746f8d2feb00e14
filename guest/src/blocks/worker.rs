//! What a job and its workers say to each other about blocks, and the worker's loop.
//!
//! A piece: what to do, in one byte ([`BLOCK`], or [`digest::PIECE`]), and the block. An answer: how the block came about, CRC-32 of what
//! it holds in four bytes, and its bytes for the stream.

use super::codec::Codec;
use crate::blocks::digest;
use crate::error::{Failure, Result};
use crate::ports::Outside;

/// The kind of the workers' job.
pub const KIND: &str = "blocks";
/// A piece that is a block begins so.
pub const BLOCK: u8 = 1;

/// How a block came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Deflated,
    Stored,
}

impl Answer {
    /// Bytes of an answer before those of the block.
    pub const HEAD: usize = 5;
    const ALL: [Self; 2] = [Self::Deflated, Self::Stored];

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
        let answer = match piece.split_first() {
            Some((&BLOCK, plain)) => codec.work(plain)?,
            Some((&digest::PIECE, question)) => digest::answer(question, &mut codec).ok_or_else(senseless)?,
            _ => return Err(senseless()),
        };
        outside.give(&answer);
    }
    Ok(())
}
