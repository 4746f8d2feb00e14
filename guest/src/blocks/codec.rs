//! One block: deflated or stored, and proven while both forms are in memory.
//!
//! Owns how a block looks and that no block leaves here that does not inflate to what it is made of, whoever made it. Knows
//! nothing of other blocks: each stands alone, so that it can be kept.

use std::hash::{BuildHasher, RandomState};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::check::check;
use super::worker::Answer;
use crate::error::{Failure, Result};

/// Deflate's level: zlib-rs's 5 stays within 3 % of `pigz -6` in blocks of 64 KiB, in two thirds of its level 6's time.
/// Level 4 is faster still by a fifth, and one per cent larger (docs/performance.md).
const LEVEL: u32 = 5;
/// The level for a look at a sample.
const SAMPLE_LEVEL: u32 = 2;
/// Bytes of one sample. Blocks below twice that are deflated without a look.
const SAMPLE: usize = 4096;
/// The most that a stored block of deflate holds, and the bytes before it.
const STORED_MOST: usize = 0xffff;
const STORED_HEAD: usize = 5;
/// More room than a deflated block needs beyond its size; what does not fit is stored.
const ROOM: usize = 1024;
/// The stored block without bytes that ends each block of ours, behind its first three bits.
const MARK: [u8; 4] = [0, 0, 0xff, 0xff];
/// The head of a stored block with as many bytes as a probe has.
const PROBE_HEAD: [u8; 4] = [8, 0, 0xf7, 0xff];
/// An empty last block.
const END: [u8; 2] = [3, 0];

pub struct Codec {
    deflate: Compress,
    sample: Compress,
    inflate: Decompress,
    /// What was inflated last, or what a check value was computed in.
    plain: Vec<u8>,
    /// Bytes that nobody knows before.
    probe: [u8; 8],
}

impl Default for Codec {
    fn default() -> Self {
        Self {
            deflate: Compress::new(Compression::new(LEVEL), false),
            sample: Compress::new(Compression::new(SAMPLE_LEVEL), false),
            inflate: Decompress::new(false),
            plain: Vec::new(),
            probe: RandomState::new().hash_one(0).to_le_bytes(),
        }
    }
}

impl Codec {
    /// Makes the block that holds this: the answer of a worker.
    pub fn work(&mut self, plain: &[u8]) -> Result<Vec<u8>> {
        let check = check(plain, &mut self.plain);
        let deflated = if self.looks_incompressible(plain) { None } else { self.deflated(plain, check)? };
        Ok(deflated.unwrap_or_else(|| stored(Answer::Stored.head(check), plain)))
    }

    /// The answer with the deflated block; none when it is not smaller than a stored one.
    fn deflated(&mut self, plain: &[u8], check: u32) -> Result<Option<Vec<u8>>> {
        let mut answer = Answer::Deflated.head(check);
        answer.reserve_exact(plain.len().saturating_add(ROOM));
        self.deflate.reset();
        let done = self.deflate.compress_vec(plain, &mut answer, FlushCompress::Sync);
        let is_whole = self.deflate.total_in() == plain.len() as u64 && answer.len() < answer.capacity();
        if done.is_err() || !is_whole || answer.len() - Answer::HEAD >= plain.len() {
            return Ok(None);
        }
        match self.holds(answer.get(Answer::HEAD..).unwrap_or_default(), plain) {
            true => Ok(Some(answer)),
            false => Err(Failure::new(
                "backup_reader_writer_error",
                "a block was deflated to something else than it is: the machine's memory or processor cannot be trusted; check it, \
                 then try again",
            )),
        }
    }

    /// The `length` bytes that a block holds as it stands in the stream: deflated, as [`Codec::inflated`] finds them, or stored.
    pub fn opened(&mut self, block: &[u8], length: usize) -> Option<&[u8]> {
        // What does not get smaller is stored: none is as large as that otherwise.
        if block.len() != stored_size(length) {
            return self.inflated(block, length);
        }
        self.plain.clear();
        for part in block.chunks(STORED_HEAD + STORED_MOST) {
            self.plain.extend_from_slice(part.get(STORED_HEAD..)?);
        }
        Some(&self.plain)
    }

    /// Whether `deflated` is one or more whole blocks that inflate to exactly `plain`, as [`Codec::inflated`] finds them.
    pub fn holds(&mut self, deflated: &[u8], plain: &[u8]) -> bool {
        self.inflated(deflated, plain.len()).is_some_and(|found| is_equal(found, plain))
    }

    /// The `length` bytes that `deflated` holds, if it is one or more whole blocks, the last of which ends neither the stream nor
    /// within a byte. It does not matter where it comes from: who made it cannot know the probe.
    pub fn inflated(&mut self, deflated: &[u8], length: usize) -> Option<&[u8]> {
        let before_mark = deflated.strip_suffix(&MARK)?;
        self.inflate.reset(false);
        self.plain.clear();
        self.plain.reserve(length.saturating_add(ROOM));
        let first = self.inflate.decompress_vec(before_mark, &mut self.plain, FlushDecompress::None);
        let mut all = before_mark.len() as u64;
        if !matches!(first, Ok(Status::Ok)) || self.inflate.total_in() != all || self.plain.len() != length {
            return None;
        }
        // In place of the mark: only where a stored block begins do these bytes come out as they are.
        let probe = [PROBE_HEAD.as_slice(), &self.probe, &END].concat();
        let end = self.inflate.decompress_vec(&probe, &mut self.plain, FlushDecompress::Finish);
        all = all.saturating_add(probe.len() as u64);
        let (found, behind) = self.plain.split_at_checked(length)?;
        let is_whole = matches!(end, Ok(Status::StreamEnd)) && self.inflate.total_in() == all;
        (is_whole && behind == self.probe).then_some(found)
    }

    /// A cheap guess. First how often bytes repeat: that of text, code and databases is far from chance. Only what looks like
    /// chance is deflated for a try, two samples of it.
    fn looks_incompressible(&mut self, plain: &[u8]) -> bool {
        if plain.len() < 2 * SAMPLE {
            return false;
        }
        let (start, _) = plain.split_at_checked(SAMPLE).unwrap_or_default();
        let middle = plain.get(plain.len() / 2..).unwrap_or_default();
        let middle = middle.get(..SAMPLE).unwrap_or_default();
        [start, middle].iter().all(|sample| is_like_chance(sample) && !self.shrinks(sample))
    }

    fn shrinks(&mut self, sample: &[u8]) -> bool {
        self.sample.reset();
        let mut deflated = Vec::with_capacity(sample.len().saturating_add(ROOM));
        let done = self.sample.compress_vec(sample, &mut deflated, FlushCompress::Sync);
        done.is_ok() && deflated.len() < sample.len() / 100 * 98
    }
}

/// As `==`, which compares byte by byte in a sandbox and takes as long as inflating.
fn is_equal(a: &[u8], b: &[u8]) -> bool {
    let ((a_words, a_rest), (b_words, b_rest)) = (a.as_chunks::<64>(), b.as_chunks::<64>());
    let differs = |(a, b): (&[u8; 64], &[u8; 64])| a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) != 0;
    a.len() == b.len() && a_rest == b_rest && !a_words.iter().zip(b_words).any(differs)
}

/// Whether pairs of equal bytes are about as rare as among random ones.
fn is_like_chance(sample: &[u8]) -> bool {
    let mut counts = [0_u32; 256];
    for byte in sample {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let size = sample.len() as u64;
    let pairs: u64 = counts.iter().map(|count| u64::from(*count) * u64::from(*count)).sum();
    // Random bytes have size + size * size / 256 on average.
    pairs < size + size * size / 256 * 5 / 4
}

/// Bytes of a block that is stored as it is.
pub fn stored_size(length: usize) -> usize {
    length.saturating_add(length.div_ceil(STORED_MOST).saturating_mul(STORED_HEAD))
}

/// Appends deflate's stored blocks.
pub fn stored(mut to: Vec<u8>, plain: &[u8]) -> Vec<u8> {
    to.reserve_exact(stored_size(plain.len()));
    for part in plain.chunks(STORED_MOST) {
        let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
        to.push(0);
        to.extend_from_slice(&length.to_le_bytes());
        to.extend_from_slice(&(!length).to_le_bytes());
        to.extend_from_slice(part);
    }
    to
}
