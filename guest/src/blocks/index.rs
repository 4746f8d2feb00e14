//! The index of the previous backup: where the deflated bytes of its blocks are.
//!
//! Owns its format. It is sealed with this home's key; an index that was written elsewhere or changed is ignored. The index of a
//! protected backup is encrypted with the same password, because it reveals lengths and checksums of the home's content.
//!
//! The bytes are: `LarderIndex3`; the length of the header in 4 bytes; the header as JSON ([`IndexHeader`]); the blocks, 52 bytes each
//! ([`Block`]), for a protected backup inside a SecureTar part; a seal of 32 bytes over everything before it. Numbers are
//! little-endian.

use std::io::{Read, Write};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::codec::stored_size;
use super::fingerprint::Fingerprints;
use crate::securetar::{ArchiveKeys, Decryptor, Encryptor, Keys, Random};

const MAGIC: &[u8; 12] = b"LarderIndex3";
/// Bytes of one block's entry.
const ENTRY: usize = 52;
/// The largest gap between two deflated blocks that are read together.
const GAP: u64 = 64 * 1024;
/// The smallest range of deflated bytes worth a seek. Below it, deflating again is faster.
const SEEK_MIN: u64 = 4 * 1024;
/// The smallest range worth a read-ahead.
const READ_AHEAD_MIN: u64 = 1024 * 1024;

/// The backup that an index describes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexHeader {
    pub location: String,
    pub file: String,
    /// Bytes of the whole file.
    pub size: u64,
    pub is_protected: bool,
}

/// One block of the backup. The index stores the fields in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    /// Fingerprint of the content (`Fingerprints`), and its length in bytes.
    pub fingerprint: u128,
    pub length: u32,
    /// Offset of the deflated bytes in the gzip stream, and their number; 0 for a stored block.
    pub offset: u64,
    pub deflated: u32,
    /// CRC-32 of the content.
    pub crc32: u32,
    /// Fingerprint of the deflated bytes.
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
        to.extend_from_slice(&self.crc32.to_le_bytes());
        to.extend_from_slice(&self.deflated_fingerprint.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (fingerprint, rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        let (deflated, rest) = rest.split_first_chunk()?;
        let (crc32, rest) = rest.split_first_chunk()?;
        let (deflated_fingerprint, _) = rest.split_first_chunk()?;
        Some(Self {
            fingerprint: u128::from_le_bytes(*fingerprint),
            length: u32::from_le_bytes(*length),
            offset: u64::from_le_bytes(*offset),
            deflated: u32::from_le_bytes(*deflated),
            crc32: u32::from_le_bytes(*crc32),
            deflated_fingerprint: u128::from_le_bytes(*deflated_fingerprint),
        })
    }
}

/// Serializes an index; `keys` encrypts its blocks. `None` on failure: the next backup then has no index.
pub fn encode(
    header: &IndexHeader,
    blocks: &[Block],
    fingerprints: &Fingerprints,
    keys: Option<(&ArchiveKeys, &mut dyn Random)>,
) -> Option<Vec<u8>> {
    let mut body = Vec::with_capacity(blocks.len() * ENTRY);
    blocks.iter().for_each(|block| block.encode(&mut body));
    if let Some((keys, random)) = keys {
        body = encrypted(&body, keys, random)?;
    }
    let header = serde_json::to_vec(header).ok()?;
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&u32::try_from(header.len()).ok()?.to_le_bytes());
    bytes.extend_from_slice(&header);
    bytes.extend_from_slice(&body);
    bytes.extend_from_slice(&fingerprints.seal(&bytes));
    Some(bytes)
}

fn encrypted(body: &[u8], keys: &ArchiveKeys, random: &mut dyn Random) -> Option<Vec<u8>> {
    let mut encryptor = Encryptor::new(Vec::new(), keys, random).ok()?;
    encryptor.write_all(body).ok()?;
    let (mut bytes, sealed) = encryptor.finish().ok()?;
    let at = usize::try_from(sealed.offset).ok()?;
    bytes.get_mut(at..at.checked_add(sealed.patch.len())?)?.copy_from_slice(&sealed.patch);
    Some(bytes)
}

/// The header of an index, and its blocks still serialized. `None` when the seal is wrong.
pub fn parse<'a>(bytes: &'a [u8], fingerprints: &Fingerprints) -> Option<(IndexHeader, &'a [u8])> {
    let bytes = fingerprints.unseal(bytes)?;
    let (length, rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk()?;
    let (header, body) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    Some((serde_json::from_slice(header).ok()?, body))
}

/// The blocks of an index; `keys` decrypts them.
pub fn parse_blocks(body: &[u8], keys: Option<&mut Keys>) -> Option<Blocks> {
    let plaintext = match keys {
        None => body,
        Some(keys) => {
            let mut plaintext = Vec::new();
            Decryptor::open(body, body.len() as u64, keys).ok()?.read_to_end(&mut plaintext).ok()?;
            return Some(Blocks::new(&plaintext));
        }
    };
    Some(Blocks::new(plaintext))
}

/// Blocks, sorted for lookup by fingerprint.
#[derive(Debug, Default)]
pub struct Blocks(Vec<Block>);

impl Blocks {
    fn new(bytes: &[u8]) -> Self {
        let mut blocks: Vec<_> = bytes.chunks_exact(ENTRY).filter_map(Block::decode).collect();
        blocks.sort_unstable();
        Self(blocks)
    }

    /// Removes blocks that are not worth a seek. Returns the ranges worth a read-ahead when blocks are read in order, the last range
    /// first.
    pub fn remove_isolated(&mut self) -> Vec<Range<u64>> {
        let mut runs = self.runs();
        let size = |run: &Range<u64>| run.end.saturating_sub(run.start);
        runs.retain(|run| size(run) >= SEEK_MIN);
        let is_in_one = |offset: u64| {
            let at = runs.partition_point(|run| run.start <= offset);
            at.checked_sub(1).and_then(|at| runs.get(at)).is_some_and(|run| run.contains(&offset))
        };
        self.0.retain(|block| block.deflated == 0 || is_in_one(block.offset));
        runs.retain(|run| size(run) >= READ_AHEAD_MIN);
        runs.reverse();
        runs
    }

    /// Ranges of deflated bytes with only small gaps.
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

    /// A block with this fingerprint and length: the first one at or after the offset `from`, else the first of all.
    pub fn find(&self, fingerprint: u128, length: u32, from: u64) -> Option<Block> {
        let key = |block: &Block| (block.fingerprint, block.length);
        let wanted = (fingerprint, length);
        let at = |offset| self.0.partition_point(|block| (key(block), block.offset) < (wanted, offset));
        let found = |offset| self.0.get(at(offset)).filter(|block| key(block) == wanted).copied();
        found(from).or_else(|| found(0))
    }
}
