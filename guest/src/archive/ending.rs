//! Where a tar ends, and where Home Assistant's reader thinks that it does.

use std::io::{ErrorKind, Read};

use tar::Header;

use super::header::{self, BLOCK};
use super::members::{Members, is_zero};
use super::{Result, paths};

/// Bytes that are read at once behind the last member.
const TAIL: usize = 64 << 10;

/// How a tar ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ending {
    /// Blocks of zeros, of the two that belong there.
    pub(super) marks: u8,
    /// Where the first byte stands behind them that is not zero.
    pub(super) behind: Option<u64>,
}

impl<R: Read> Members<R> {
    /// After the last member: reads on to the end of the source.
    pub(super) fn finish(&mut self) -> Result<Ending> {
        if self.ending.marks == 0 {
            return Ok(self.ending);
        }
        match self.block()? {
            Some(block) if is_zero(block.as_bytes()) => self.ending.marks = 2,
            Some(_) => self.ending.behind = Some(self.at.saturating_sub(BLOCK)),
            None => return Ok(self.ending),
        }
        let mut buffer = vec![0; TAIL];
        loop {
            let count = match self.source.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read.or_else(|error| self.explain(error))?,
            };
            let bytes = buffer.get(..count).unwrap_or_default();
            if bytes.is_empty() {
                return Ok(self.ending);
            }
            let first = bytes.iter().position(|byte| *byte != 0).map(|at| self.at.saturating_add(at as u64));
            self.ending.behind = self.ending.behind.or(first);
            self.at = self.at.saturating_add(count as u64);
        }
    }

    /// Whether a block of zeros ended the members, not the end of the source.
    pub(super) fn has_mark(&self) -> bool {
        self.ending.marks > 0
    }

    /// Why Home Assistant reads no further than to a member, though the archive goes on.
    pub(super) fn stop(&self) -> Option<&str> {
        self.stop.as_deref()
    }

    /// Python's `tarfile` reads all numbers of a header, also those that an extension replaces. Where it cannot, it stops
    /// without an error, or with one when an extension came before.
    pub(super) fn note_stop(&mut self, header: &Header, is_extended: bool) {
        if self.stop.is_some() || header::are_numbers(header) {
            return;
        }
        let place = match self.last.as_slice() {
            b"" => "before the first entry".to_owned(),
            last => format!("behind `{}`", paths::shown(last)),
        };
        let outcome = match is_extended || self.last.is_empty() {
            true => "refuses to restore this archive",
            false => "would restore only what stands before",
        };
        self.stop = Some(format!("{place} a header has a number that is none: Home Assistant {outcome}"));
    }
}
