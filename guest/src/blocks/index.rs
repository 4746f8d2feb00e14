//! The index of the last backup: where the deflated bytes of its blocks lie.
//!
//! Owns its form. It is sealed with this home's key: what was not written here, or was changed, is none. The index of a protected
//! backup is protected itself, too, by the same password: it tells lengths and check values of what is in the home.

use std::io::{Read, Write};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::codec::stored_size;
use super::fingerprint::Fingerprints;
use crate::securetar::{ArchiveKeys, Decryptor, Encryptor, Keys, Random};

const MAGIC: &[u8; 12] = b"LarderIndex3";
/// Bytes of one block's entry.
const ENTRY: usize = 52;
/// Between two deflated blocks that are worth being read as one.
const GAP: u64 = 64 * 1024;
/// Deflated bytes that lie alone: deflating anew takes less than having a disk look for them.
const LONELY: u64 = 4 * 1024;
/// The least that is worth being read ahead.
const RUN: u64 = 1024 * 1024;

/// The backup that an index speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub location: String,
    pub file: String,
    /// Bytes of the whole file.
    pub size: u64,
    pub is_protected: bool,
}

/// One block of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    /// What it holds is known by (`Fingerprints`), and how many bytes that are.
    pub fingerprint: u128,
    pub length: u32,
    /// Where its deflated bytes lie in the gzip stream, and how many; none when it is stored as it is.
    pub offset: u64,
    pub deflated: u32,
    /// CRC-32 of what it holds.
    pub check: u32,
    /// What its deflated bytes are known by.
    pub deflated_fingerprint: u128,
}

impl Block {
    /// Bytes in the stream.
    pub fn size(&self) -> u64 {
        match self.deflated {
            0 => usize::try_from(self.length).map_or(u64::MAX, |length| stored_size(length) as u64),
            deflated => deflated.into(),
        }
    }

    fn encode(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.fingerprint.to_le_bytes());
        to.extend_from_slice(&self.length.to_le_bytes());
        to.extend_from_slice(&self.offset.to_le_bytes());
        to.extend_from_slice(&self.deflated.to_le_bytes());
        to.extend_from_slice(&self.check.to_le_bytes());
        to.extend_from_slice(&self.deflated_fingerprint.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (fingerprint, rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        let (deflated, rest) = rest.split_first_chunk()?;
        let (check, rest) = rest.split_first_chunk()?;
        let (deflated_fingerprint, _) = rest.split_first_chunk()?;
        Some(Self {
            fingerprint: u128::from_le_bytes(*fingerprint),
            length: u32::from_le_bytes(*length),
            offset: u64::from_le_bytes(*offset),
            deflated: u32::from_le_bytes(*deflated),
            check: u32::from_le_bytes(*check),
            deflated_fingerprint: u128::from_le_bytes(*deflated_fingerprint),
        })
    }
}

/// The index as bytes to keep; with `keys` its blocks are protected. None when that does not work: then there is none.
pub fn encode(
    about: &About,
    blocks: &[Block],
    fingerprints: &Fingerprints,
    keys: Option<(&ArchiveKeys, &mut dyn Random)>,
) -> Option<Vec<u8>> {
    let mut body = Vec::with_capacity(blocks.len() * ENTRY);
    blocks.iter().for_each(|block| block.encode(&mut body));
    if let Some((keys, random)) = keys {
        body = sealed(&body, keys, random)?;
    }
    let about = serde_json::to_vec(about).ok()?;
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&u32::try_from(about.len()).ok()?.to_le_bytes());
    bytes.extend_from_slice(&about);
    bytes.extend_from_slice(&body);
    bytes.extend_from_slice(&fingerprints.seal(&bytes));
    Some(bytes)
}

fn sealed(body: &[u8], keys: &ArchiveKeys, random: &mut dyn Random) -> Option<Vec<u8>> {
    let mut encryptor = Encryptor::new(Vec::new(), keys, random).ok()?;
    encryptor.write_all(body).ok()?;
    let (mut bytes, sealed) = encryptor.finish().ok()?;
    let at = usize::try_from(sealed.offset).ok()?;
    bytes.get_mut(at..at.checked_add(sealed.patch.len())?)?.copy_from_slice(&sealed.patch);
    Some(bytes)
}

/// What an index is about, and its blocks as they are kept. None when it is not whole and ours.
pub fn parse<'a>(bytes: &'a [u8], fingerprints: &Fingerprints) -> Option<(About, &'a [u8])> {
    let bytes = fingerprints.unseal(bytes)?;
    let (length, rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk()?;
    let (about, body) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    Some((serde_json::from_slice(about).ok()?, body))
}

/// The blocks; with `keys` they are protected.
pub fn blocks(body: &[u8], keys: Option<&mut Keys>) -> Option<Blocks> {
    let plain = match keys {
        None => body,
        Some(keys) => {
            let mut plain = Vec::new();
            Decryptor::open(body, body.len() as u64, keys).ok()?.read_to_end(&mut plain).ok()?;
            return Some(Blocks::new(&plain));
        }
    };
    Some(Blocks::new(plain))
}

/// Blocks in an order in which one is found quickly.
#[derive(Debug, Default)]
pub struct Blocks(Vec<Block>);

impl Blocks {
    fn new(bytes: &[u8]) -> Self {
        let mut blocks: Vec<_> = bytes.chunks_exact(ENTRY).filter_map(Block::decode).collect();
        blocks.sort_unstable();
        Self(blocks)
    }

    /// Leaves out what is not worth being looked for on a disk. Where many deflated bytes lie close to each other, the last first:
    /// what is read when they are taken in order.
    pub fn without_lonely(&mut self) -> Vec<Range<u64>> {
        let mut runs = self.runs();
        let size = |run: &Range<u64>| run.end.saturating_sub(run.start);
        runs.retain(|run| size(run) >= LONELY);
        let is_in_one = |offset: u64| {
            let at = runs.partition_point(|run| run.start <= offset);
            at.checked_sub(1).and_then(|at| runs.get(at)).is_some_and(|run| run.contains(&offset))
        };
        self.0.retain(|block| block.deflated == 0 || is_in_one(block.offset));
        runs.retain(|run| size(run) >= RUN);
        runs.reverse();
        runs
    }

    /// Where deflated bytes lie close to each other.
    fn runs(&self) -> Vec<Range<u64>> {
        let deflated = self.0.iter().filter(|block| block.deflated > 0);
        let mut ranges: Vec<_> =
            deflated.map(|block| block.offset..block.offset.saturating_add(block.deflated.into())).collect();
        ranges.sort_unstable_by_key(|range| range.start);
        let mut runs: Vec<Range<u64>> = Vec::new();
        for range in ranges {
            match runs.last_mut().filter(|run| range.start.saturating_sub(run.end) <= GAP) {
                Some(run) => run.end = run.end.max(range.end),
                None => runs.push(range),
            }
        }
        runs
    }

    /// A block that holds `length` bytes with that fingerprint: the first that lies at `from` or behind it, else the first.
    pub fn find(&self, fingerprint: u128, length: u32, from: u64) -> Option<Block> {
        let key = |block: &Block| (block.fingerprint, block.length);
        let wanted = (fingerprint, length);
        let at = |offset| self.0.partition_point(|block| (key(block), block.offset) < (wanted, offset));
        let found = |offset| self.0.get(at(offset)).filter(|block| key(block) == wanted).copied();
        found(from).or_else(|| found(0))
    }
}
