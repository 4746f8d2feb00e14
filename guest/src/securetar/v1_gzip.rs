//! The gzip stream inside SecureTar 1, whose last bytes its writers spoiled.
//!
//! Until January 2025 each write that was not a multiple of 16 bytes was filled up by itself, and Python writes the two
//! numbers at the end of gzip one by one. So filling stands before, between and behind them; Home Assistant never looks at
//! them. This puts them together again, so that the check value counts. Inflating is the only way to know where they begin.
//! A stream that is not like that goes through unchanged.

use std::io::{self, Read};
use std::mem;

use flate2::{Decompress, FlushDecompress, Status};

const CHUNK: usize = 16 << 10;
/// More than the spoiled end can have: filling, 16 bytes, 4 bytes.
const TAIL: usize = 64;
/// A gzip header without its name, and where its flags stand. Python sets no other flag than the name's.
const FIXED: u64 = 10;
const FLAGS: u64 = 3;
const NAME: u8 = 8;

pub(super) struct Mended<R> {
    source: R,
    stage: Stage,
    /// Bytes up to the end of the deflated data.
    at: u64,
    ready: Vec<u8>,
    given: usize,
    tail: Vec<u8>,
    is_done: bool,
}

enum Stage {
    Header {
        flags: u8,
    },
    Name,
    Deflated(Box<Decompress>),
    Tail,
    /// Not what Python wrote: given out as it is.
    Unknown,
}

impl<R: Read> Mended<R> {
    pub(super) fn new(source: R) -> Self {
        let (stage, ready, tail) = (Stage::Header { flags: 0 }, Vec::new(), Vec::new());
        Self { source, stage, at: 0, ready, given: 0, tail, is_done: false }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.ready.resize(CHUNK, 0);
        self.given = 0;
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
            self.ready = mended(mem::take(&mut self.tail), self.at);
            return Ok(());
        }
        let bytes = mem::take(&mut self.ready);
        let length = self.follow(&bytes);
        let (before, behind) = bytes.split_at_checked(length).unwrap_or((&bytes, &[]));
        self.ready.extend_from_slice(before);
        self.tail.extend_from_slice(behind);
        if self.tail.len() > TAIL {
            self.stage = Stage::Unknown;
            self.ready.append(&mut self.tail);
        }
        Ok(())
    }

    /// How many of the bytes come before the end of gzip.
    fn follow(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while let Some((first, others)) = rest.split_first() {
            match &mut self.stage {
                Stage::Unknown => return bytes.len(),
                Stage::Tail => break,
                Stage::Header { flags } => {
                    *flags = if self.at == FLAGS { *first } else { *flags };
                    self.at += 1;
                    rest = others;
                    if self.at == FIXED {
                        self.stage = match *flags {
                            0 => deflated(),
                            NAME => Stage::Name,
                            _ => Stage::Unknown,
                        };
                    }
                }
                Stage::Name => {
                    self.at += 1;
                    rest = others;
                    if *first == 0 {
                        self.stage = deflated();
                    }
                }
                Stage::Deflated(inflater) => {
                    let (count, is_end) = inflated(inflater, rest);
                    self.at += count as u64;
                    rest = rest.get(count..).unwrap_or_default();
                    match is_end {
                        Some(true) => self.stage = Stage::Tail,
                        Some(false) => {}
                        None => self.stage = Stage::Unknown,
                    }
                }
            }
        }
        bytes.len().saturating_sub(rest.len())
    }
}

fn deflated() -> Stage {
    Stage::Deflated(Box::new(Decompress::new(false)))
}

/// Inflates into nowhere: how many bytes were used, and whether that was all. None when they are no deflated data.
fn inflated(inflater: &mut Decompress, bytes: &[u8]) -> (usize, Option<bool>) {
    let mut nowhere = [0; CHUNK];
    let mut used = 0;
    loop {
        let (before_in, before_out) = (inflater.total_in(), inflater.total_out());
        let rest = bytes.get(used..).unwrap_or_default();
        let status = inflater.decompress(rest, &mut nowhere, FlushDecompress::None);
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

/// The two numbers at the end of gzip without the filling; `at` says how much of the last block came before.
fn mended(tail: Vec<u8>, at: u64) -> Vec<u8> {
    let fill = (16 - (at % 16) as usize) % 16;
    let Some((filling, [c0, c1, c2, c3, between @ .., s0, s1, s2, s3])) = tail.split_at_checked(fill) else {
        return tail;
    };
    let is_filled = filling.iter().all(|byte| usize::from(*byte) == fill);
    match is_filled && between == [12; 12] {
        true => vec![*c0, *c1, *c2, *c3, *s0, *s1, *s2, *s3],
        false => tail,
    }
}

impl<R: Read> Read for Mended<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() && !self.is_done {
            self.fill()?;
        }
        let count = self.ready.get(self.given..).unwrap_or_default().read(buffer)?;
        self.given = self.given.saturating_add(count);
        Ok(count)
    }
}
