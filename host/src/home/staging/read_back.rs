//! Reading back: what was staged must come from the disk as it was written, before it replaces anything.
//!
//! Owns what is compared, and how: digests of contents, past the system's cache. A disk that says it has written and has not is found
//! here. Knows the staged files by their paths; changes nothing.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Builder};
use std::vec::IntoIter;

use rustix::fs::{Mode, OFlags};
use xxhash_rust::xxh3::Xxh3Default;

use crate::disk::direct::{self, ALIGN, Buffer};
use crate::disk::durable::sync_data;
use crate::error::{Doing, Error, Result};
use crate::model::shown;
use crate::options::{CHECK_FILES, CHECK_THREADS, SMALL_FILE};
use crate::storage::locations::ObjectReader;

/// Room for a small file, in whole pieces of a disk.
const SMALL_ROOM: usize = (SMALL_FILE as usize).next_multiple_of(ALIGN);

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

    /// Reads back a small file: past the cache where that is known to go well, in as few calls as can be.
    fn check_small(&self, top: &OwnedFd, buffer: &mut Buffer) -> Result<()> {
        let Some(file) = direct::is_supported(top).then(|| self.open(top, true).ok()).flatten() else {
            return Reading::new(self, self.open(top, false)?)?.read(self, u64::MAX).map(drop);
        };
        let size = file.metadata().doing(|| self.cannot())?.len();
        let count = usize::try_from(self.size).unwrap_or(SMALL_ROOM).next_multiple_of(ALIGN);
        buffer.read(&file, 0, count).doing(|| self.cannot())?;
        let mut digest = Digest::default();
        digest.update(buffer.bytes());
        match size == self.size && digest.0.digest128() == self.digest {
            true => Ok(()),
            false => Err(self.is_other()),
        }
    }

    fn open(&self, top: &OwnedFd, is_direct: bool) -> Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let flags = if is_direct { flags | OFlags::DIRECT } else { flags };
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
    stored: ObjectReader,
    digest: Digest,
    at: u64,
}

impl Reading {
    fn new(written: &Written, file: File) -> Result<Self> {
        let mut stored = ObjectReader::new(file, &shown(&written.path))?.without_cache();
        if stored.size() != written.size {
            return Err(written.is_other());
        }
        if written.size > SMALL_FILE {
            stored.read_ahead(0, written.size);
        }
        Ok(Self { stored, digest: Digest::default(), at: 0 })
    }

    /// Reads on: how many bytes are left, none of which may differ at the end.
    fn read(&mut self, written: &Written, most: u64) -> Result<u64> {
        let count = written.size.saturating_sub(self.at).min(most);
        let digest = &mut self.digest;
        self.stored.copy_to(self.at, count, &mut |bytes| {
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

/// What is still to be read back. Large files are read beside small ones: both wait for the disk.
pub(super) struct Check {
    top: Arc<OwnedFd>,
    small: IntoIter<Written>,
    large: Large,
}

impl Check {
    pub(super) fn new(top: Arc<OwnedFd>, written: Vec<Written>) -> Self {
        let is_small = |written: &Written| written.size <= SMALL_FILE;
        let (small, large): (Vec<_>, Vec<_>) = written.into_iter().partition(is_small);
        Self { top, small: small.into_iter(), large: Large { waiting: large.into_iter(), open: None } }
    }

    /// Reads about `most` bytes of large files, as many of small ones at most; how many, 0 at the end.
    pub(super) fn read(&mut self, most: u64) -> Result<u64> {
        let most = most.max(1);
        let batch = self.batch(most);
        let (top, large) = (&self.top, Mutex::new(&mut self.large));
        let read_large = || large.lock().unwrap_or_else(PoisonError::into_inner).read(top, most);
        thread::scope(|scope| {
            let beside = Builder::new().name("read back".into()).spawn_scoped(scope, read_large);
            let small = read_side_by_side(top, &batch);
            let large = match beside {
                Ok(thread) => {
                    thread.join().unwrap_or_else(|_| Err(Error::Io("reading back ended early".into())))
                }
                // Without another thread this one does it all.
                Err(_) => read_large(),
            };
            Ok(small?.saturating_add(large?))
        })
    }

    /// The next small files.
    fn batch(&mut self, most: u64) -> Vec<Written> {
        let mut bytes = 0_u64;
        let fits = |written: &&Written| {
            let has_room = bytes < most;
            bytes = bytes.saturating_add(written.size);
            has_room
        };
        let count = self.small.as_slice().iter().take(CHECK_FILES).take_while(fits).count();
        self.small.by_ref().take(count).collect()
    }
}

/// Large files, one after the other.
struct Large {
    waiting: IntoIter<Written>,
    /// The one that is being read.
    open: Option<(Written, Reading)>,
}

impl Large {
    fn read(&mut self, top: &OwnedFd, most: u64) -> Result<u64> {
        let mut done = 0_u64;
        while done < most {
            let (written, mut reading) = match self.open.take() {
                Some(open) => open,
                None => match self.waiting.next() {
                    Some(written) => {
                        let reading = Reading::new(&written, written.open(top, false)?)?;
                        (written, reading)
                    }
                    None => break,
                },
            };
            let before = reading.at;
            let left = reading.read(&written, most.saturating_sub(done))?;
            done = done.saturating_add(reading.at.saturating_sub(before));
            if left > 0 {
                self.open = Some((written, reading));
            }
        }
        Ok(done)
    }
}

/// A disk answers several at once in little more time than one. How many bytes were read.
fn read_side_by_side(top: &OwnedFd, batch: &[Written]) -> Result<u64> {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(None));
    let work = || {
        let mut buffer = Buffer::new(SMALL_ROOM);
        while let Some(written) = batch.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = written.check_small(top, &mut buffer) {
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                next.store(batch.len(), Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..CHECK_THREADS.min(batch.len()) {
            // Without another thread this one does it all.
            let _ = Builder::new().name("read back".into()).spawn_scoped(scope, work);
        }
        work();
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.map_or_else(|| Ok(batch.iter().map(|written| written.size).sum()), Err)
}
