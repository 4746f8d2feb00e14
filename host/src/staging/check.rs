//! Reading back: what was staged must come from the disk as it was written, before it replaces anything.
//!
//! Owns what is compared, and how: digests of contents, past the system's cache. A disk that says it has written and has not is found
//! here. Knows the staged files by their paths; changes nothing.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::fs::{Mode, OFlags};
use xxhash_rust::xxh3::Xxh3Default;

use crate::disk::durable::sync_data;
use crate::error::{Doing, Error, Result};
use crate::locations::Stored;
use crate::model::shown;
use crate::options::{CHECK_FILES, CHECK_THREADS, SMALL_FILE};

/// Tells damage, not intent: nobody chooses bytes so that a disk changes them unseen.
#[derive(Default)]
pub(super) struct Digest(Box<Xxh3Default>);

impl Digest {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

/// A staged file, as it was written.
pub(super) struct Written {
    path: Box<[u8]>,
    size: u64,
    digest: u128,
}

impl Written {
    pub(super) fn new(path: &[u8], size: u64, digest: &Digest) -> Self {
        Self { path: path.into(), size, digest: digest.0.digest128() }
    }

    /// Reads back a file that cannot be opened any more later.
    pub(super) fn check_now(&self, file: &File) -> Result<()> {
        sync_data(file).doing(|| self.cannot())?;
        let file = file.try_clone().doing(|| self.cannot())?;
        Reading::new(self, file)?.read(self, u64::MAX).map(drop)
    }

    fn open(&self, top: &OwnedFd) -> Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        rustix::fs::openat(top, &*self.path, flags, Mode::empty()).map(File::from).doing(|| self.cannot())
    }

    fn cannot(&self) -> String {
        format!("cannot read back {}", shown(&self.path))
    }

    fn is_other(&self) -> Error {
        Error::Io(format!(
            "{} is not on the disk as it was written: nothing was put in place. The disk, its cable or its memory does not keep what \
             it is given: check it, or restore to another one with --to",
            shown(&self.path)
        ))
    }
}

/// A file while it is read back.
struct Reading {
    stored: Stored,
    digest: Digest,
    at: u64,
}

impl Reading {
    fn new(written: &Written, file: File) -> Result<Self> {
        let mut stored = Stored::new(file, &shown(&written.path))?.past_cache();
        if stored.size() != written.size {
            return Err(written.is_other());
        }
        if written.size > SMALL_FILE {
            stored.ahead(0, written.size);
        }
        Ok(Self { stored, digest: Digest::default(), at: 0 })
    }

    /// Reads on: how many bytes are left, none of which may differ at the end.
    fn read(&mut self, written: &Written, most: u64) -> Result<u64> {
        let count = written.size.saturating_sub(self.at).min(most);
        let digest = &mut self.digest;
        self.stored.pass(self.at, count, &mut |bytes| {
            digest.update(bytes);
            Ok(())
        })?;
        self.at = self.at.saturating_add(count);
        match written.size.saturating_sub(self.at) {
            0 if self.digest.0.digest128() != written.digest => Err(written.is_other()),
            left => Ok(left),
        }
    }
}

/// What is still to be read back, in the order in which it was written.
pub(super) struct Check {
    top: Arc<OwnedFd>,
    waiting: std::vec::IntoIter<Written>,
    /// A large file that is being read.
    large: Option<(Written, Reading)>,
}

impl Check {
    pub(super) fn new(top: Arc<OwnedFd>, written: Vec<Written>) -> Self {
        Self { top, waiting: written.into_iter(), large: None }
    }

    /// Reads about `most` bytes, one at least; how many, 0 at the end.
    pub(super) fn read(&mut self, most: u64) -> Result<u64> {
        let mut done = 0;
        while done < most.max(1) {
            let read = self.read_some(most.max(1).saturating_sub(done))?;
            if read == 0 {
                break;
            }
            done = done.saturating_add(read);
        }
        Ok(done)
    }

    fn read_some(&mut self, most: u64) -> Result<u64> {
        if let Some((written, mut reading)) = self.large.take() {
            let before = reading.at;
            if reading.read(&written, most)? > 0 {
                let read = reading.at.saturating_sub(before);
                self.large = Some((written, reading));
                return Ok(read);
            }
            return Ok(reading.at.saturating_sub(before));
        }
        let is_small = |written: &Written| written.size <= SMALL_FILE;
        let (mut batch, mut bytes) = (Vec::new(), 0_u64);
        while batch.len() < CHECK_FILES
            && bytes < most
            && self.waiting.as_slice().first().is_some_and(is_small)
        {
            let Some(written) = self.waiting.next() else { break };
            bytes = bytes.saturating_add(written.size);
            batch.push(written);
        }
        if !batch.is_empty() {
            self.read_side_by_side(&batch)?;
            return Ok(bytes);
        }
        let Some(written) = self.waiting.next() else { return Ok(0) };
        let reading = Reading::new(&written, written.open(&self.top)?)?;
        self.large = Some((written, reading));
        self.read_some(most)
    }

    /// A disk answers several at once in little more time than one.
    fn read_side_by_side(&self, batch: &[Written]) -> Result<()> {
        let (next, failed) = (AtomicUsize::new(0), Mutex::new(None));
        let work = || {
            while let Some(written) = batch.get(next.fetch_add(1, Ordering::Relaxed)) {
                let read = written
                    .open(&self.top)
                    .and_then(|file| Reading::new(written, file)?.read(written, u64::MAX));
                if let Err(error) = read {
                    failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                    next.store(batch.len(), Ordering::Relaxed);
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..CHECK_THREADS.min(batch.len()) {
                // Without another thread this one does it all.
                let _ = thread::Builder::new().name("read back".into()).spawn_scoped(scope, work);
            }
            work();
        });
        failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }
}
