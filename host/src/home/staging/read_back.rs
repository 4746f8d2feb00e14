//! Reading back: before it replaces anything, every staged file is read from the disk and compared with what was
//! written.
//!
//! Owns the comparison: digests of contents, read past the page cache. It detects a disk that reports a write and loses
//! it. Finds the staged files by their paths and changes nothing.

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
use crate::storage::locations::ObjectReader;
use crate::tunables::{CHECK_FILES, CHECK_THREADS, SMALL_FILE};

/// The buffer for a small file, in whole disk blocks.
const SMALL_ROOM: usize = (SMALL_FILE as usize).next_multiple_of(ALIGN);

/// Detects damage, not tampering: a failing disk does not choose its bytes.
#[derive(Default)]
pub(super) struct Digest(Box<Xxh3Default>);

impl Digest {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

/// A staged file, as it was written.
pub(super) struct WrittenFile {
    path: Box<[u8]>,
    size: u64,
    digest: u128,
}

impl WrittenFile {
    pub(super) fn new(path: &[u8], size: u64, digest: &Digest) -> Self {
        Self { path: path.into(), size, digest: digest.0.digest128() }
    }

    /// Reads back a file that cannot be opened again later.
    pub(super) fn read_back_now(&self, file: &File) -> Result<()> {
        sync_data(file).doing(|| self.cannot())?;
        let file = file.try_clone().doing(|| self.cannot())?;
        FileReadBack::new(self, file)?.read(self, u64::MAX).map(drop)
    }

    /// Reads back a small file in as few calls as possible, with direct I/O where that works well.
    fn read_back_small(&self, top: &OwnedFd, buffer: &mut Buffer) -> Result<()> {
        let Some(file) = direct::is_supported(top).then(|| self.open(top, true).ok()).flatten() else {
            return FileReadBack::new(self, self.open(top, false)?)?.read(self, u64::MAX).map(drop);
        };
        let size = file.metadata().doing(|| self.cannot())?.len();
        let count = usize::try_from(self.size).unwrap_or(SMALL_ROOM).next_multiple_of(ALIGN);
        buffer.read(&file, 0, count).doing(|| self.cannot())?;
        let mut digest = Digest::default();
        digest.update(buffer.bytes());
        match size == self.size && digest.0.digest128() == self.digest {
            true => Ok(()),
            false => Err(self.mismatch()),
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

    fn mismatch(&self) -> Error {
        Error::Io(format!(
            "{} differs on the disk from what was written: nothing was put in place. The disk, its cable or the memory may be \
             faulty: check them, or restore to another disk with --to",
            shown(&self.path)
        ))
    }
}

/// A file that is being read back.
struct FileReadBack {
    stored: ObjectReader,
    digest: Digest,
    at: u64,
}

impl FileReadBack {
    fn new(written: &WrittenFile, file: File) -> Result<Self> {
        let mut stored = ObjectReader::new(file, &shown(&written.path))?.without_cache();
        if stored.size() != written.size {
            return Err(written.mismatch());
        }
        if written.size > SMALL_FILE {
            stored.read_ahead(0, written.size);
        }
        Ok(Self { stored, digest: Digest::default(), at: 0 })
    }

    /// Reads up to `max` bytes. Returns how many are left; with none left, the digest was compared.
    fn read(&mut self, written: &WrittenFile, max: u64) -> Result<u64> {
        let count = written.size.saturating_sub(self.at).min(max);
        let digest = &mut self.digest;
        self.stored.copy_to(self.at, count, &mut |bytes| {
            digest.update(bytes);
            Ok(())
        })?;
        self.at = self.at.saturating_add(count);
        match written.size.saturating_sub(self.at) {
            0 if self.digest.0.digest128() != written.digest => Err(written.mismatch()),
            left => Ok(left),
        }
    }
}

/// The files that have not been read back yet. Large files are read in parallel with small ones, since both wait for
/// the disk.
pub(super) struct ReadBack {
    top: Arc<OwnedFd>,
    small: IntoIter<WrittenFile>,
    large: LargeFiles,
}

impl ReadBack {
    pub(super) fn new(top: Arc<OwnedFd>, written: Vec<WrittenFile>) -> Self {
        let is_small = |written: &WrittenFile| written.size <= SMALL_FILE;
        let (small, large): (Vec<_>, Vec<_>) = written.into_iter().partition(is_small);
        Self { top, small: small.into_iter(), large: LargeFiles { waiting: large.into_iter(), open: None } }
    }

    /// Reads about `max` bytes of large files and at most as many of small ones. Returns the number of bytes, 0 at the
    /// end.
    pub(super) fn read(&mut self, max: u64) -> Result<u64> {
        let max = max.max(1);
        let batch = self.batch(max);
        let (top, large) = (&self.top, Mutex::new(&mut self.large));
        let read_large = || large.lock().unwrap_or_else(PoisonError::into_inner).read(top, max);
        thread::scope(|scope| {
            let beside = Builder::new().name("read back".into()).spawn_scoped(scope, read_large);
            let small = read_in_parallel(top, &batch);
            let large = match beside {
                Ok(thread) => thread
                    .join()
                    .unwrap_or_else(|_| Err(Error::Io("a thread that reads files back failed".into()))),
                // Without another thread, this one reads everything.
                Err(_) => read_large(),
            };
            Ok(small?.saturating_add(large?))
        })
    }

    /// The next batch of small files.
    fn batch(&mut self, max: u64) -> Vec<WrittenFile> {
        let mut bytes = 0_u64;
        let fits = |written: &&WrittenFile| {
            let has_room = bytes < max;
            bytes = bytes.saturating_add(written.size);
            has_room
        };
        let count = self.small.as_slice().iter().take(CHECK_FILES).take_while(fits).count();
        self.small.by_ref().take(count).collect()
    }
}

/// Large files, one after the other.
struct LargeFiles {
    waiting: IntoIter<WrittenFile>,
    /// The file that is being read.
    open: Option<(WrittenFile, FileReadBack)>,
}

impl LargeFiles {
    fn read(&mut self, top: &OwnedFd, max: u64) -> Result<u64> {
        let mut done = 0_u64;
        while done < max {
            let (written, mut reading) = match self.open.take() {
                Some(open) => open,
                None => match self.waiting.next() {
                    Some(written) => {
                        let reading = FileReadBack::new(&written, written.open(top, false)?)?;
                        (written, reading)
                    }
                    None => break,
                },
            };
            let before = reading.at;
            let left = reading.read(&written, max.saturating_sub(done))?;
            done = done.saturating_add(reading.at.saturating_sub(before));
            if left > 0 {
                self.open = Some((written, reading));
            }
        }
        Ok(done)
    }
}

/// Reads several files at once, which a disk answers in little more time than one. Returns the number of bytes.
fn read_in_parallel(top: &OwnedFd, batch: &[WrittenFile]) -> Result<u64> {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(None));
    let work = || {
        let mut buffer = Buffer::new(SMALL_ROOM);
        while let Some(written) = batch.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = written.read_back_small(top, &mut buffer) {
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                next.store(batch.len(), Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..CHECK_THREADS.min(batch.len()) {
            // Without another thread, this one reads everything.
            let _ = Builder::new().name("read back".into()).spawn_scoped(scope, work);
        }
        work();
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.map_or_else(|| Ok(batch.iter().map(|written| written.size).sum()), Err)
}
