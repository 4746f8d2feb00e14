//! Opens files that another program may have created, and refuses all but regular files.
//!
//! Opening a FIFO without a writer blocks forever, and opening a device may have effects, such as a rewind or a reboot. Links are
//! followed here, because a user may keep a file elsewhere.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, RawMode, fstat, openat, stat};
use rustix::io::Errno;

/// Opens a regular file for reading.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    check(stat(path)?.st_mode)?;
    // The file may have been exchanged since: check again after opening, which does not block.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    checked(openat(CWD, path, flags, Mode::empty())?.into())
}

/// The first `most` bytes of a regular file.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The first `most` bytes of a regular file, which must be UTF-8 text.
pub(crate) fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let mut text = String::new();
    open(path)?.take(most).read_to_string(&mut text)?;
    Ok(text)
}

/// Returns an open file if it is a regular one.
pub(crate) fn checked(file: File) -> io::Result<File> {
    check(fstat(&file)?.st_mode)?;
    Ok(file)
}

/// An error that names the kind of file, unless it is a regular file.
pub(crate) fn check(mode: RawMode) -> io::Result<()> {
    let what = match FileType::from_raw_mode(mode) {
        FileType::RegularFile => return Ok(()),
        FileType::Directory => return Err(Errno::ISDIR.into()),
        FileType::Symlink => {
            return Err(io::Error::other("it is a symbolic link, which is not followed here"));
        }
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "a file of an unknown kind",
    };
    Err(io::Error::other(format!("it is {what}, not a regular file")))
}
