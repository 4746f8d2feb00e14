//! One block: deflated or stored, and verified while both forms are in memory.
//!
//! Owns the encoding of a block and the guarantee that every block it accepts inflates to its content, whatever its origin.
//! Each block is independent of all others, so that it can be reused.

use std::hash::{BuildHasher, RandomState};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::crc32::crc32;
use super::protocol::Encoding;
use crate::error::{Failure, Result};

/// Deflate's level. In blocks of 64 KiB, level 5 of zlib-rs stays within 3 % of the size of `pigz -6` and takes two thirds of
/// the time of its own level 6. Level 4 is another 20 % faster and 1 % larger (docs/performance.md).
const LEVEL: u32 = 5;
/// The level for samples.
const SAMPLE_LEVEL: u32 = 2;
/// Bytes of one sample. Blocks shorter than two samples are deflated without sampling.
const SAMPLE: usize = 4096;
/// The most bytes of content in a stored block of deflate, and the bytes of its header.
const STORED_MAX: usize = 0xffff;
const STORED_HEADER: usize = 5;
/// Spare bytes in an output buffer beyond the size of the content. A block that does not fit is stored.
const ROOM: usize = 1024;
/// The empty stored block that ends each of our blocks, without its first three bits.
const SYNC_MARKER: [u8; 4] = [0, 0, 0xff, 0xff];
/// The header of a stored block with the length of a probe.
const PROBE_HEADER: [u8; 4] = [8, 0, 0xf7, 0xff];
/// An empty final block.
const END: [u8; 2] = [3, 0];

/// Encodes and verifies blocks.
pub struct Codec {
    deflate: Compress,
    sample: Compress,
    inflate: Decompress,
    /// The last inflated content, or scratch space for a checksum.
    buffer: Vec<u8>,
    /// Unpredictable bytes.
    probe: [u8; 8],
}

impl Default for Codec {
    fn default() -> Self {
        Self {
            deflate: Compress::new(Compression::new(LEVEL), false),
            sample: Compress::new(Compression::new(SAMPLE_LEVEL), false),
            inflate: Decompress::new(false),
            buffer: Vec::new(),
            probe: RandomState::new().hash_one(0).to_le_bytes(),
        }
    }
}

impl Codec {
    /// Encodes content as a block. Returns the result that a worker sends.
    pub fn encode(&mut self, content: &[u8]) -> Result<Vec<u8>> {
        let crc32 = crc32(content, &mut self.buffer);
        let deflated = if self.looks_incompressible(content) { None } else { self.deflate(content, crc32)? };
        Ok(deflated.unwrap_or_else(|| stored(Encoding::Stored.result_header(crc32), content)))
    }

    /// The result with the deflated block; `None` when that is not smaller than a stored one.
    fn deflate(&mut self, content: &[u8], crc32: u32) -> Result<Option<Vec<u8>>> {
        let mut result = Encoding::Deflated.result_header(crc32);
        result.reserve_exact(content.len().saturating_add(ROOM));
        self.deflate.reset();
        let done = self.deflate.compress_vec(content, &mut result, FlushCompress::Sync);
        let is_whole = self.deflate.total_in() == content.len() as u64 && result.len() < result.capacity();
        if done.is_err() || !is_whole || result.len() - Encoding::HEADER >= content.len() {
            return Ok(None);
        }
        match self.inflates_to(result.get(Encoding::HEADER..).unwrap_or_default(), content) {
            true => Ok(Some(result)),
            false => Err(Failure::new(
                "backup_reader_writer_error",
                "compressed data did not decompress to the original: this machine's memory or processor is unreliable; check the \
                 hardware, then try again",
            )),
        }
    }

    /// The content of `length` bytes of one block in the stream, deflated (see [`Codec::inflate`]) or stored.
    pub fn decode(&mut self, block: &[u8], length: usize) -> Option<&[u8]> {
        // Only a stored block has this size: blocks that do not shrink are stored.
        if block.len() != stored_size(length) {
            return self.inflate(block, length);
        }
        self.buffer.clear();
        for chunk in block.chunks(STORED_HEADER + STORED_MAX) {
            self.buffer.extend_from_slice(chunk.get(STORED_HEADER..)?);
        }
        Some(&self.buffer)
    }

    /// Whether `deflated` is one or more complete blocks that inflate to exactly `content`. See [`Codec::inflate`].
    pub fn inflates_to(&mut self, deflated: &[u8], content: &[u8]) -> bool {
        self.inflate(deflated, content.len()).is_some_and(|found| is_equal(found, content))
    }

    /// The content of `length` bytes of `deflated`, if that is one or more complete blocks, the last of which does not end the stream
    /// and ends on a byte boundary. `deflated` may come from anywhere: its author cannot predict the probe.
    pub fn inflate(&mut self, deflated: &[u8], length: usize) -> Option<&[u8]> {
        let before_marker = deflated.strip_suffix(&SYNC_MARKER)?;
        self.inflate.reset(false);
        self.buffer.clear();
        self.buffer.reserve(length.saturating_add(ROOM));
        let first = self.inflate.decompress_vec(before_marker, &mut self.buffer, FlushDecompress::None);
        let mut all = before_marker.len() as u64;
        if !matches!(first, Ok(Status::Ok)) || self.inflate.total_in() != all || self.buffer.len() != length {
            return None;
        }
        // Replaces the marker. These bytes are unchanged only where a stored block may begin.
        let probe = [PROBE_HEADER.as_slice(), &self.probe, &END].concat();
        let end = self.inflate.decompress_vec(&probe, &mut self.buffer, FlushDecompress::Finish);
        all = all.saturating_add(probe.len() as u64);
        let (found, rest) = self.buffer.split_at_checked(length)?;
        let is_whole = matches!(end, Ok(Status::StreamEnd)) && self.inflate.total_in() == all;
        (is_whole && rest == self.probe).then_some(found)
    }

    /// A cheap guess from two samples. The distribution of bytes in text, code and databases is far from random. Only samples that
    /// look random are deflated as a trial.
    fn looks_incompressible(&mut self, content: &[u8]) -> bool {
        if content.len() < 2 * SAMPLE {
            return false;
        }
        let (start, _) = content.split_at_checked(SAMPLE).unwrap_or_default();
        let middle = content.get(content.len() / 2..).unwrap_or_default();
        let middle = middle.get(..SAMPLE).unwrap_or_default();
        [start, middle].iter().all(|sample| looks_random(sample) && !self.shrinks(sample))
    }

    fn shrinks(&mut self, sample: &[u8]) -> bool {
        self.sample.reset();
        let mut deflated = Vec::with_capacity(sample.len().saturating_add(ROOM));
        let done = self.sample.compress_vec(sample, &mut deflated, FlushCompress::Sync);
        done.is_ok() && deflated.len() < sample.len() / 100 * 98
    }
}

/// As `==`, which compares byte by byte in WebAssembly and takes as long as inflating.
fn is_equal(a: &[u8], b: &[u8]) -> bool {
    let ((a_words, a_rest), (b_words, b_rest)) = (a.as_chunks::<64>(), b.as_chunks::<64>());
    let differs = |(a, b): (&[u8; 64], &[u8; 64])| a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) != 0;
    a.len() == b.len() && a_rest == b_rest && !a_words.iter().zip(b_words).any(differs)
}

/// Whether equal bytes are about as rare as in random data.
fn looks_random(sample: &[u8]) -> bool {
    let mut counts = [0_u32; 256];
    for byte in sample {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let size = sample.len() as u64;
    let pairs: u64 = counts.iter().map(|count| u64::from(*count) * u64::from(*count)).sum();
    // For random bytes the expected value is size + size * size / 256.
    pairs < size + size * size / 256 * 5 / 4
}

/// Bytes of a stored block with a content of `length` bytes.
pub fn stored_size(length: usize) -> usize {
    length.saturating_add(length.div_ceil(STORED_MAX).saturating_mul(STORED_HEADER))
}

/// Appends `content` as stored blocks of deflate.
pub fn stored(mut to: Vec<u8>, content: &[u8]) -> Vec<u8> {
    to.reserve_exact(stored_size(content.len()));
    for chunk in content.chunks(STORED_MAX) {
        let length = u16::try_from(chunk.len()).unwrap_or(u16::MAX);
        to.push(0);
        to.extend_from_slice(&length.to_le_bytes());
        to.extend_from_slice(&(!length).to_le_bytes());
        to.extend_from_slice(chunk);
    }
    to
}
