//! The writer of one staged file. It writes exactly the announced number of bytes, long runs of zeros as holes, large files
//! with write-behind.
//!
//! Refuses bytes beyond the announced size or the space budget. While a file is not finished, its target cannot be
//! committed.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::metadata::{Context, Metadata};
use super::read_back::{Digest, WrittenFile};
use super::space::Budget;
use super::warnings::Warnings;
use crate::disk::retry::retry_at_end;
use crate::disk::write_behind::WriteBehind;
use crate::error::{Doing, Error, Result};
use crate::model::{HomePath, shown};
use crate::tunables::WORTH_WRITING_BEHIND;

/// Shorter runs of zeros are written: a hole there is not worth the fragmentation.
const HOLE: usize = 64 * 1024;
/// Zeros are searched in blocks of this size.
const BLOCK: usize = 4096;
static ZEROS: [u8; HOLE] = [0; HOLE];

/// What a target and its writers share.
pub(super) struct Shared {
    pub(super) budget: Budget,
    pub(super) warnings: Arc<Warnings>,
    keep_setuid: bool,
    unfinished: Mutex<Unfinished>,
    /// Files that were written and not read back yet.
    written: Mutex<Vec<WrittenFile>>,
}

/// Files without an end, for which a target cannot be committed.
#[derive(Default)]
struct Unfinished {
    /// Files that are being written.
    open: BTreeSet<HomePath>,
    /// One of those that were dropped unfinished.
    dropped: Option<HomePath>,
}

impl Shared {
    pub(super) fn new(budget: Budget, warnings: Arc<Warnings>, keep_setuid: bool) -> Self {
        let (unfinished, written) = (Mutex::default(), Mutex::default());
        Self { budget, warnings, keep_setuid, unfinished, written }
    }

    pub(super) fn context<'a>(&'a self, path: &'a [u8]) -> Context<'a> {
        Context { warnings: &self.warnings, path, keep_setuid: self.keep_setuid }
    }

    pub(super) fn take_written(&self) -> Vec<WrittenFile> {
        std::mem::take(&mut self.written.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn unfinished(&self) -> MutexGuard<'_, Unfinished> {
        self.unfinished.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `Invalid` while a file is not finished.
    pub(super) fn check_finished(&self) -> Result<()> {
        let unfinished = self.unfinished();
        match unfinished.dropped.as_ref().or(unfinished.open.first()) {
            None => Ok(()),
            Some(path) => Err(Error::Invalid(format!(
                "{} was not written completely: nothing was restored",
                shown(path)
            ))),
        }
    }
}

/// A staged file that is being written. Independent of the target that created it.
pub struct Writer {
    file: Arc<File>,
    /// For a large file that has no holes so far.
    behind: Option<WriteBehind>,
    path: HomePath,
    size: u64,
    metadata: Metadata,
    shared: Arc<Shared>,
    /// Bytes that were written or left as holes.
    offset: u64,
    /// Zeros that follow and may become a hole.
    zeros: u64,
    /// The digest of all bytes received.
    digest: Digest,
    is_finished: bool,
}

impl Drop for Writer {
    /// One file that was dropped unfinished is enough to refuse the commit; a list of them could grow without limit.
    fn drop(&mut self) {
        let path = std::mem::take(&mut self.path);
        let mut unfinished = self.shared.unfinished();
        unfinished.open.remove(&path);
        if !self.is_finished {
            unfinished.dropped.get_or_insert(path);
        }
    }
}

impl Writer {
    pub(super) fn new(file: File, path: &[u8], size: u64, metadata: Metadata, shared: Arc<Shared>) -> Self {
        shared.unfinished().open.insert(path.to_vec());
        let file = Arc::new(file);
        let behind = (size >= WORTH_WRITING_BEHIND)
            .then(|| WriteBehind::new(file.clone(), format!("cannot stage {}", shown(path))));
        Self {
            file,
            behind,
            path: path.to_vec(),
            size,
            metadata,
            shared,
            offset: 0,
            zeros: 0,
            digest: Digest::default(),
            is_finished: false,
        }
    }

    /// Appends bytes. `Invalid` beyond the announced size, `NoSpace` beyond the budget.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let end = self.end().saturating_add(bytes.len() as u64);
        if end > self.size {
            return Err(Error::Invalid(format!(
                "{} was announced with {} bytes, but {end} were written",
                shown(&self.path),
                self.size
            )));
        }
        self.digest.update(bytes);
        let mut rest = bytes;
        while !rest.is_empty() {
            let (zeros, tail) = rest.split_at(leading_zeros(rest));
            self.zeros += zeros.len() as u64;
            let (data, tail) = tail.split_at(leading_data(tail));
            if !data.is_empty() {
                self.flush_zeros()?;
                self.write(data)?;
            }
            rest = tail;
        }
        Ok(())
    }

    /// Finishes the file and sets its owner, mode and time. `Invalid` when bytes are missing.
    pub fn finish(mut self) -> Result<()> {
        if self.end() < self.size {
            return Err(Error::Invalid(format!(
                "{} was announced with {} bytes, but only {} were written",
                shown(&self.path),
                self.size,
                self.end()
            )));
        }
        self.flush_zeros()?;
        self.flush()?;
        self.file.set_len(self.size).doing(|| self.cannot())?;
        let written = WrittenFile::new(&self.path, self.size, &self.digest);
        // With these permissions its owner cannot read it back later.
        let becomes_unreadable = !self.metadata.is_readable();
        if becomes_unreadable {
            written.read_back_now(&self.file)?;
        }
        self.metadata
            .apply(&*self.file, self.shared.context(&self.path))
            .doing(|| format!("cannot set mode, owner and time of {}", shown(&self.path)))?;
        if self.size > 0 && !becomes_unreadable {
            self.shared.written.lock().unwrap_or_else(PoisonError::into_inner).push(written);
        }
        self.is_finished = true;
        Ok(())
    }

    fn end(&self) -> u64 {
        self.offset.saturating_add(self.zeros)
    }

    /// Leaves a long run of zeros as a hole and writes a short one.
    fn flush_zeros(&mut self) -> Result<()> {
        let run = std::mem::take(&mut self.zeros);
        match usize::try_from(run).ok().and_then(|run| ZEROS.get(..run)).filter(|short| short.len() < HOLE) {
            Some(short) => self.write(short),
            None => {
                self.flush()?;
                self.offset += run;
                Ok(())
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.shared.budget.spend(bytes.len() as u64, &self.path)?;
        match &mut self.behind {
            Some(behind) => behind.append(bytes.to_vec())?,
            None => retry_at_end(|| self.file.write_all_at(bytes, self.offset)).doing(|| self.cannot())?,
        }
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// Waits until everything is in the file. Later bytes are written directly.
    fn flush(&mut self) -> Result<()> {
        self.behind.as_mut().map_or(Ok(()), WriteBehind::flush)?;
        self.behind = None;
        Ok(())
    }

    fn cannot(&self) -> String {
        format!("cannot stage {}", shown(&self.path))
    }
}

fn is_zero(block: &[u8]) -> bool {
    ZEROS.get(..block.len()).is_some_and(|zeros| zeros == block)
}

/// The number of leading zero bytes. Compares whole blocks at once.
fn leading_zeros(bytes: &[u8]) -> usize {
    let whole = bytes.chunks(BLOCK).take_while(|block| is_zero(block)).map(<[u8]>::len).sum();
    let rest = bytes.get(whole..).unwrap_or_default();
    whole + rest.iter().take_while(|byte| **byte == 0).count()
}

/// The number of bytes before the next block of zeros.
fn leading_data(bytes: &[u8]) -> usize {
    bytes.chunks(BLOCK).take_while(|block| !is_zero(block)).map(<[u8]>::len).sum()
}
