//! Open files of the home and their metadata.
//!
//! Reads at an offset, and copies. Knows nothing of databases and never writes to the home.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::fs::{FileType, Stat, fstat};
use rustix::io::pread;

use crate::disk::retry::retry;
use crate::model::Timestamp;

/// Device and inode number.
pub(super) type FileId = (u64, u64);

/// Metadata of a file, in types that are the same on all machines.
#[derive(Clone, Copy)]
pub(super) struct Facts {
    pub id: FileId,
    pub file_type: FileType,
    /// Size in bytes.
    pub size: u64,
    /// The twelve permission bits.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Number of names (hard links).
    pub links: u64,
    pub modified: Timestamp,
}

impl From<Stat> for Facts {
    #[allow(clippy::unnecessary_cast, reason = "the widths differ between machines")]
    fn from(stat: Stat) -> Self {
        Self {
            id: (stat.st_dev as u64, stat.st_ino as u64),
            file_type: FileType::from_raw_mode(stat.st_mode),
            size: u64::try_from(stat.st_size).unwrap_or(0),
            mode: stat.st_mode & 0o7777,
            uid: stat.st_uid,
            gid: stat.st_gid,
            links: stat.st_nlink as u64,
            modified: Timestamp { seconds: stat.st_mtime as i64, nanoseconds: stat.st_mtime_nsec as u32 },
        }
    }
}

/// Progress of a copy is reported each time this many bytes were copied.
pub(super) const COPY_STEP: u64 = 16 << 20;

/// An open file and its metadata when it was opened.
pub(super) struct Descriptor {
    file: File,
    pub facts: Facts,
}

impl Descriptor {
    pub(super) fn new(fd: OwnedFd) -> io::Result<Self> {
        let facts = fstat(&fd)?.into();
        Ok(Self { file: fd.into(), facts })
    }

    /// The metadata now.
    pub(super) fn facts_now(&self) -> io::Result<Facts> {
        Ok(fstat(&self.file)?.into())
    }

    /// Up to `max` bytes from `offset` on; empty past the end.
    pub(super) fn read(&self, offset: u64, max: usize) -> io::Result<Vec<u8>> {
        if max == 0 {
            return Ok(Vec::new());
        }
        let mut bytes = Vec::with_capacity(max);
        retry(|| pread(&self.file, spare_capacity(&mut bytes), offset))?;
        bytes.truncate(max);
        Ok(bytes)
    }

    /// Copies everything to the new file `target`: as shared blocks where the file systems can, else byte by byte.
    pub(super) fn copy_to(&self, target: &mut File, copied: &mut dyn FnMut(u64)) -> io::Result<()> {
        let mut file = &self.file;
        if rustix::fs::ioctl_ficlone(&*target, file).is_ok() {
            return Ok(());
        }
        file.rewind()?;
        let mut all = 0;
        loop {
            // The kernel copies the bytes without passing them through this process.
            let bytes = io::copy(&mut (&mut file).take(COPY_STEP), target)?;
            all += bytes;
            copied(all);
            if bytes < COPY_STEP {
                return target.flush();
            }
        }
    }
}

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
