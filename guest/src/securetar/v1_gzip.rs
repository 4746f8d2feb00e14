//! Repair of the gzip trailer inside SecureTar 1, which its writers corrupted.
//!
//! Until January 2025, SecureTar padded every single write to a multiple of 16 bytes. Python writes the two numbers of the gzip
//! trailer separately, so there is padding before, between and after them. Home Assistant never reads them. This module removes
//! the padding so that the CRC-32 can be checked. Only inflating the stream shows where the trailer begins. Any other stream passes
//! through unchanged.

use std::io::{self, Read};
use std::mem;

use flate2::{Decompress, FlushDecompress, Status};

const CHUNK: usize = 16 << 10;
/// More than a padded trailer can take: padding, 16 bytes, 4 bytes.
const TAIL: usize = 64;
/// Bytes of a gzip header without its name, and the offset of its flags. Python sets only the flag for a name.
const FIXED: u64 = 10;
const FLAGS: u64 = 3;
const NAME: u8 = 8;

/// Reads a gzip stream and repairs its trailer.
pub(super) struct GzipRepair<R> {
    source: R,
    section: Section,
    /// Bytes before the trailer so far.
    at: u64,
    ready: Vec<u8>,
    /// Bytes of `ready` already returned.
    returned: usize,
    tail: Vec<u8>,
    is_done: bool,
}

/// The section of the stream that the next byte belongs to.
enum Section {
    Header {
        flags: u8,
    },
    Name,
    Deflated(Box<Decompress>),
    Tail,
    /// Not written by Python; passed through unchanged.
    Unknown,
}

impl<R: Read> GzipRepair<R> {
    pub(super) fn new(source: R) -> Self {
        let (section, ready, tail) = (Section::Header { flags: 0 }, Vec::new(), Vec::new());
        Self { source, section, at: 0, ready, returned: 0, tail, is_done: false }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.ready.resize(CHUNK, 0);
        self.returned = 0;
        let count = match self.source.read(&mut self.ready) {
            Ok(count) => count,
            Err(error) => {
                self.ready.clear();
                return Err(error);
            }
        };
        self.ready.truncate(count);
        if count == 0 {
            self.is_done = true;
            self.ready = repaired_trailer(mem::take(&mut self.tail), self.at);
            return Ok(());
        }
        let bytes = mem::take(&mut self.ready);
        let length = self.follow(&bytes);
        let (before, behind) = bytes.split_at_checked(length).unwrap_or((&bytes, &[]));
        self.ready.extend_from_slice(before);
        self.tail.extend_from_slice(behind);
        if self.tail.len() > TAIL {
            self.section = Section::Unknown;
            self.ready.append(&mut self.tail);
        }
        Ok(())
    }

    /// How many of the bytes come before the trailer.
    fn follow(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while let Some((first, others)) = rest.split_first() {
            match &mut self.section {
                Section::Unknown => return bytes.len(),
                Section::Tail => break,
                Section::Header { flags } => {
                    *flags = if self.at == FLAGS { *first } else { *flags };
                    self.at += 1;
                    rest = others;
                    if self.at == FIXED {
                        self.section = match *flags {
                            0 => deflated(),
                            NAME => Section::Name,
                            _ => Section::Unknown,
                        };
                    }
                }
                Section::Name => {
                    self.at += 1;
                    rest = others;
                    if *first == 0 {
                        self.section = deflated();
                    }
                }
                Section::Deflated(inflater) => {
                    let (count, is_end) = inflated(inflater, rest);
                    self.at += count as u64;
                    rest = rest.get(count..).unwrap_or_default();
                    match is_end {
                        Some(true) => self.section = Section::Tail,
                        Some(false) => {}
                        None => self.section = Section::Unknown,
                    }
                }
            }
        }
        bytes.len().saturating_sub(rest.len())
    }
}

fn deflated() -> Section {
    Section::Deflated(Box::new(Decompress::new(false)))
}

/// Inflates and discards. Returns the bytes consumed and whether the stream ended; `None` when it is not deflate data.
fn inflated(inflater: &mut Decompress, bytes: &[u8]) -> (usize, Option<bool>) {
    let mut discarded = [0; CHUNK];
    let mut used = 0;
    loop {
        let (before_in, before_out) = (inflater.total_in(), inflater.total_out());
        let rest = bytes.get(used..).unwrap_or_default();
        let status = inflater.decompress(rest, &mut discarded, FlushDecompress::None);
        used = used.saturating_add(usize::try_from(inflater.total_in() - before_in).unwrap_or(usize::MAX));
        match status {
            Err(_) => return (used, None),
            Ok(Status::StreamEnd) => return (used, Some(true)),
            Ok(_) if inflater.total_in() == before_in && inflater.total_out() == before_out => {
                return (used, Some(false));
            }
            Ok(_) => {}
        }
    }
}

/// The trailer without its padding. `at` is the number of bytes before it, which determines the padding.
fn repaired_trailer(tail: Vec<u8>, at: u64) -> Vec<u8> {
    let padding = (16 - (at % 16) as usize) % 16;
    let Some((before, [c0, c1, c2, c3, between @ .., s0, s1, s2, s3])) = tail.split_at_checked(padding)
    else {
        return tail;
    };
    let is_padding = before.iter().all(|byte| usize::from(*byte) == padding);
    match is_padding && between == [12; 12] {
        true => vec![*c0, *c1, *c2, *c3, *s0, *s1, *s2, *s3],
        false => tail,
    }
}

impl<R: Read> Read for GzipRepair<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.returned == self.ready.len() && !self.is_done {
            self.fill()?;
        }
        let count = self.ready.get(self.returned..).unwrap_or_default().read(buffer)?;
        self.returned = self.returned.saturating_add(count);
        Ok(count)
    }
}
