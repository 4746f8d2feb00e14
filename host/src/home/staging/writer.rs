//! Writes one staged file: exactly as many bytes as announced, long runs of zeros as holes, a large file behind who restores.
//!
//! Refuses bytes beyond the announced size or the budget. A file that is not finished keeps its target from being committed.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::losses::Losses;
use super::metadata::{Context, Metadata};
use super::read_back::{Digest, Written};
use super::space::Budget;
use crate::disk::retry::retry_at_end;
use crate::disk::write_behind::WriteBehind;
use crate::error::{Doing, Error, Result};
use crate::model::{HomePath, shown};
use crate::options::WORTH_WRITING_BEHIND;

/// A shorter run of zeros is written: a hole saves nothing worth a fragment there.
const HOLE: usize = 64 * 1024;
/// The grain in which zeros are looked for.
const GRAIN: usize = 4096;
static ZEROS: [u8; HOLE] = [0; HOLE];

/// What a target shares with its writers.
pub(super) struct Shared {
    pub(super) budget: Budget,
    pub(super) losses: Arc<Losses>,
    keep_setuid: bool,
    /// The files being written, and one of those that were given up.
    unfinished: Mutex<(BTreeSet<HomePath>, Option<HomePath>)>,
    /// What was written and not read back yet.
    written: Mutex<Vec<Written>>,
}

impl Shared {
    pub(super) fn new(budget: Budget, losses: Arc<Losses>, keep_setuid: bool) -> Self {
        let (unfinished, written) = (Mutex::default(), Mutex::default());
        Self { budget, losses, keep_setuid, unfinished, written }
    }

    pub(super) fn context<'a>(&'a self, path: &'a [u8]) -> Context<'a> {
        Context { losses: &self.losses, path, keep_setuid: self.keep_setuid }
    }

    pub(super) fn take_written(&self) -> Vec<Written> {
        std::mem::take(&mut self.written.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn unfinished(&self) -> MutexGuard<'_, (BTreeSet<HomePath>, Option<HomePath>)> {
        self.unfinished.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `Invalid` while a file lacks its end.
    pub(super) fn check_finished(&self) -> Result<()> {
        let unfinished = self.unfinished();
        match unfinished.1.as_ref().or(unfinished.0.first()) {
            None => Ok(()),
            Some(path) => Err(Error::Invalid(format!(
                "{} was not written to its end: nothing was restored",
                shown(path)
            ))),
        }
    }
}

/// A staged file in the making. Independent of the target that gave it.
pub struct Writer {
    file: Arc<File>,
    /// For a large file without holes so far.
    behind: Option<WriteBehind>,
    path: HomePath,
    size: u64,
    metadata: Metadata,
    shared: Arc<Shared>,
    /// Bytes written or left as holes.
    settled: u64,
    /// Zeros behind them that may become a hole.
    zeros: u64,
    /// Of all bytes that came.
    digest: Digest,
    finished: bool,
}

impl Drop for Writer {
    /// One that was given up is enough to refuse the commit: remembering all would cost memory without end.
    fn drop(&mut self) {
        let path = std::mem::take(&mut self.path);
        let mut unfinished = self.shared.unfinished();
        unfinished.0.remove(&path);
        if !self.finished {
            unfinished.1.get_or_insert(path);
        }
    }
}

impl Writer {
    pub(super) fn new(file: File, path: &[u8], size: u64, metadata: Metadata, shared: Arc<Shared>) -> Self {
        shared.unfinished().0.insert(path.to_vec());
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
            settled: 0,
            zeros: 0,
            digest: Digest::default(),
            finished: false,
        }
    }

    /// Appends bytes. `Invalid` beyond the announced size, `NoSpace` beyond what may be used.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let end = self.end().saturating_add(bytes.len() as u64);
        if end > self.size {
            return Err(Error::Invalid(format!(
                "{} was announced with {} bytes, but {end} came",
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
                self.settle_zeros()?;
                self.write(data)?;
            }
            rest = tail;
        }
        Ok(())
    }

    /// Ends the file and gives it its owner, mode and time. `Invalid` when bytes are missing.
    pub fn finish(mut self) -> Result<()> {
        if self.end() < self.size {
            return Err(Error::Invalid(format!(
                "{} was announced with {} bytes, but only {} came",
                shown(&self.path),
                self.size,
                self.end()
            )));
        }
        self.settle_zeros()?;
        self.settle()?;
        self.file.set_len(self.size).doing(|| self.cannot())?;
        let written = Written::new(&self.path, self.size, &self.digest);
        // Afterwards its owner could not read it back any more.
        let is_last_chance = !self.metadata.is_readable();
        if is_last_chance {
            written.check_now(&self.file)?;
        }
        self.metadata
            .apply(&*self.file, self.shared.context(&self.path))
            .doing(|| format!("cannot set mode, owner and time of {}", shown(&self.path)))?;
        if self.size > 0 && !is_last_chance {
            self.shared.written.lock().unwrap_or_else(PoisonError::into_inner).push(written);
        }
        self.finished = true;
        Ok(())
    }

    fn end(&self) -> u64 {
        self.settled.saturating_add(self.zeros)
    }

    /// Leaves a long run of zeros as a hole, writes a short one.
    fn settle_zeros(&mut self) -> Result<()> {
        let run = std::mem::take(&mut self.zeros);
        match usize::try_from(run).ok().and_then(|run| ZEROS.get(..run)).filter(|short| short.len() < HOLE) {
            Some(short) => self.write(short),
            None => {
                self.settle()?;
                self.settled += run;
                Ok(())
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.shared.budget.spend(bytes.len() as u64, &self.path)?;
        match &mut self.behind {
            Some(behind) => behind.append(bytes.to_vec())?,
            None => retry_at_end(|| self.file.write_all_at(bytes, self.settled)).doing(|| self.cannot())?,
        }
        self.settled += bytes.len() as u64;
        Ok(())
    }

    /// Waits until everything is in the file; what comes next is written at once.
    fn settle(&mut self) -> Result<()> {
        self.behind.as_mut().map_or(Ok(()), WriteBehind::flush)?;
        self.behind = None;
        Ok(())
    }

    fn cannot(&self) -> String {
        format!("cannot stage {}", shown(&self.path))
    }
}

fn is_zero(grain: &[u8]) -> bool {
    ZEROS.get(..grain.len()).is_some_and(|zeros| zeros == grain)
}

/// How many bytes are zero before the first that is not; whole grains are compared at once.
fn leading_zeros(bytes: &[u8]) -> usize {
    let whole = bytes.chunks(GRAIN).take_while(|grain| is_zero(grain)).map(<[u8]>::len).sum();
    let rest = bytes.get(whole..).unwrap_or_default();
    whole + rest.iter().take_while(|byte| **byte == 0).count()
}

/// How many bytes come before the next grain of zeros.
fn leading_data(bytes: &[u8]) -> usize {
    bytes.chunks(GRAIN).take_while(|grain| !is_zero(grain)).map(<[u8]>::len).sum()
}
