//! Direct I/O: reads and writes that bypass the system's cache, with aligned buffers, offsets and lengths.
//!
//! A backup is written once and read back once. In the cache it would displace what the home works with, and reading it back from
//! the cache says nothing about the disk. This file decides where direct I/O is used; callers need a fallback.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use rustix::fs::{FsWord, OFlags, fcntl_getfl, fcntl_setfl, fstatfs};

use super::retry::retry;
use crate::tunables::DISK_BUFFER;

/// The alignment of addresses, offsets and lengths. No disk requires more.
pub(crate) const ALIGN: usize = 4096;

/// The file systems that support direct I/O well, by their magic numbers (statfs(2)): ext4, XFS, Btrfs, F2FS. Others refuse it, or wait for
/// another machine at each piece.
const SUPPORTED: [FsWord; 4] = [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010];

/// Whether the file's file system supports direct I/O well.
pub(crate) fn is_supported(file: impl AsFd) -> bool {
    fstatfs(file).is_ok_and(|facts| SUPPORTED.contains(&facts.f_type))
}

/// Switches direct I/O on or off for an open file. Returns whether it is on.
pub(crate) fn set(file: &File, wanted: bool) -> bool {
    let flags = || {
        let flags = fcntl_getfl(file)?;
        fcntl_setfl(file, if wanted { flags | OFlags::DIRECT } else { flags - OFlags::DIRECT })
    };
    (!wanted || is_supported(file)) && flags().is_ok() == wanted
}

/// Opens the same file a second time, for direct reads.
pub(crate) fn reopen(file: &File) -> Option<File> {
    let flags = i32::try_from((OFlags::DIRECT | OFlags::NONBLOCK).bits()).ok()?;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    is_supported(file).then(|| OpenOptions::new().read(true).custom_flags(flags).open(path).ok()).flatten()
}

/// A buffer that is aligned for direct I/O.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    pub(crate) used: usize,
}

impl Buffer {
    pub(crate) fn new(room: usize) -> Self {
        let bytes = vec![0; room.saturating_add(ALIGN)];
        let start = bytes.as_ptr().align_offset(ALIGN).min(ALIGN);
        Self { bytes, start, used: 0 }
    }

    fn room(&mut self) -> &mut [u8] {
        let end = self.bytes.len().saturating_sub(ALIGN).saturating_add(self.start);
        self.bytes.get_mut(self.start..end).unwrap_or_default()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(self.start..self.start.saturating_add(self.used)).unwrap_or_default()
    }

    /// Copies as many bytes as fit. Returns the rest.
    pub(crate) fn fill<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let used = self.used;
        let room = self.room().get_mut(used..).unwrap_or_default();
        let (now, later) = bytes.split_at_checked(room.len()).unwrap_or((bytes, &[]));
        if let Some(room) = room.get_mut(..now.len()) {
            room.copy_from_slice(now);
        }
        self.used = used.saturating_add(now.len());
        later
    }

    pub(crate) fn is_full(&mut self) -> bool {
        self.used >= self.room().len()
    }

    /// Reads up to `count` bytes from `offset` on, both aligned. Fewer at the end of the file.
    pub(crate) fn read(&mut self, file: &File, offset: u64, count: usize) -> io::Result<()> {
        self.used = 0;
        let mut room = self.room().get_mut(..count).unwrap_or_default();
        let mut at = offset;
        while !room.is_empty() {
            match retry(|| file.read_at(room, at)) {
                Ok(0) => break,
                Ok(read) => {
                    at = at.saturating_add(read as u64);
                    room = room.get_mut(read..).unwrap_or_default();
                    // Only the end of the file gives an unaligned length.
                    if !read.is_multiple_of(ALIGN) {
                        break;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        self.used = usize::try_from(at.saturating_sub(offset)).unwrap_or(0);
        Ok(())
    }
}

thread_local! {
    static BUFFER: RefCell<Buffer> = RefCell::new(Buffer::new(DISK_BUFFER + 2 * ALIGN));
}

/// Appends up to `most` bytes from `offset` on to `bytes`, at most [`DISK_BUFFER`] and fewer at the end of the file. The file is one that
/// [`reopen`] opened.
pub(crate) fn read(bytes: &mut Vec<u8>, file: &File, offset: u64, most: usize) -> io::Result<()> {
    let before = usize::try_from(offset % ALIGN as u64).unwrap_or(0);
    let count = before.saturating_add(most.min(DISK_BUFFER)).next_multiple_of(ALIGN);
    BUFFER.with_borrow_mut(|buffer| {
        buffer.read(file, offset.saturating_sub(before as u64), count)?;
        append_up_to(bytes, buffer.bytes().get(before..).unwrap_or_default(), most);
        Ok(())
    })
}

/// Appends at most `most` bytes of `more` to `bytes`.
pub(crate) fn append_up_to(bytes: &mut Vec<u8>, more: &[u8], most: usize) {
    let more = more.get(..most).unwrap_or(more);
    bytes.reserve_exact(more.len());
    bytes.extend_from_slice(more);
}
