//! Files that somebody else may have put there, to read: regular ones, and nothing that blocks or does something when it is opened.
//!
//! A FIFO without a writer is waited for without end, and a device may rewind or reboot. Links are followed here: a person may keep
//! a file elsewhere.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, RawMode, fstat, openat, stat};
use rustix::io::Errno;

/// Opens a regular file to read.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    check(stat(path)?.st_mode)?;
    // What was looked at may be another by now: what was opened counts, and opening waits for nobody.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    checked(openat(CWD, path, flags, Mode::empty())?.into())
}

/// The first `most` bytes of a regular file.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The first `most` bytes of a regular file, which are text.
pub(crate) fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let mut text = String::new();
    open(path)?.take(most).read_to_string(&mut text)?;
    Ok(text)
}

/// An open file, if it is a regular one.
pub(crate) fn checked(file: File) -> io::Result<File> {
    check(fstat(&file)?.st_mode)?;
    Ok(file)
}

/// An error that says what it is, unless it is a regular file.
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
        FileType::Unknown => "something unknown",
    };
    Err(io::Error::other(format!("it is {what}, not a regular file")))
}
