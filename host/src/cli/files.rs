//! Files that the user names: read as text or JSON, or created so that only their owner can read them.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::Context;
use rustix::io::Errno;
use serde_json::Value;

use super::answer::WrongUse;
use crate::disk::directory::{Directory, PRIVATE};
use crate::disk::durable::{self, message};
use crate::disk::retry::retry_at_end;
use crate::error::{Doing, Error};
use crate::process::terminal;

/// The longest file that is read, in bytes. Password files have one line.
const MAX: u64 = 1024 * 1024;

/// Reads a text file. It may be a FIFO, or a pipe that a shell substitutes.
pub(super) fn read(path: &Path) -> anyhow::Result<String> {
    read_text(path, File::open(path).doing(|| format!("cannot read {}", path.display()))?)
}

/// Reads an open file as text. `path` is for messages.
pub(super) fn read_text(path: &Path, file: File) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    file.take(MAX).read_to_end(&mut bytes).doing(|| format!("cannot read {}", path.display()))?;
    // The standard library's error would contain the bytes.
    String::from_utf8(bytes).map_err(|_| WrongUse(format!("{} is not UTF-8 text", path.display())).into())
}

/// Reads a JSON file.
pub(super) fn read_json(path: &Path) -> anyhow::Result<Value> {
    let text = read(path)?;
    serde_json::from_str(&text)
        .map_err(|error| WrongUse(format!("{} is not valid JSON: {error}", path.display())).into())
}

/// The last component of a path that must name a file.
pub(super) fn file_name(path: &Path) -> anyhow::Result<&OsStr> {
    Ok(path
        .file_name()
        .ok_or_else(|| WrongUse(format!("{} is not a file name; name a file", path.display())))?)
}

/// Writes a new file that only its owner can read.
pub(super) fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let what = || format!("cannot write {}", path.display());
    let directory = Directory::of(path).doing(what)?;
    let name = file_name(path)?;
    let file = directory.create_new(name, PRIVATE).doing(what).map_err(|error| match error {
        Error::Exists(_) => Error::Exists(format!(
            "{} already exists; nothing was written and no key was created. Name a file that does not exist yet",
            path.display()
        )),
        error => error,
    })?;
    let written = retry_at_end(|| file.write_all_at(text.as_bytes(), 0)).doing(what);
    let synced = written.and_then(|()| durable::sync(&file).doing(what));
    if synced.is_err() {
        // Half a key is worse than no key.
        directory.remove(name).with_context(what)?;
    }
    warn_unconfirmed(synced?, path);
    Ok(())
}

/// Warns that a key may not survive a power failure.
pub(super) fn warn_unconfirmed(refused: Option<Errno>, path: &Path) {
    if let Some(errno) = refused {
        terminal::warn(&format!(
            "{}: written, but the file system did not confirm that it is on the disk ({}); print it or keep another copy",
            path.display(),
            message(errno)
        ));
    }
}
