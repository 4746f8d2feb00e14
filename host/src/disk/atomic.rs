//! Atomic replacement of a small file: readers see the old content or the new one. Only the owner may read the file.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::io::Errno;

use super::directory::{Directory, PRIVATE};
use super::durable::sync;
use super::retry::retry_at_end;

/// The new content of a file, in a draft next to it. Dropping the draft removes it.
pub(crate) struct Draft<'a> {
    directory: &'a Directory,
    pub(crate) file: File,
    name: String,
    is_published: bool,
}

impl<'a> Draft<'a> {
    /// An empty draft whose name begins with `prefix`.
    pub(crate) fn new(directory: &'a Directory, prefix: &str) -> io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let name = format!("{prefix}{}-{number}", process::id());
            match directory.create_new(&name, PRIVATE) {
                // A killed process with the same id left this draft.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                file => return Ok(Self { directory, file: file?, name, is_published: false }),
            }
        }
    }

    /// Renames the draft to `name` and replaces the file of that name.
    pub(crate) fn publish(mut self, name: impl AsRef<OsStr>) -> io::Result<()> {
        retry_at_end(|| self.directory.rename(&self.name, name.as_ref()))?;
        self.is_published = true;
        Ok(())
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if !self.is_published {
            // If this fails, the next start removes the draft.
            let _ = self.directory.remove(&self.name);
        }
    }
}

/// A draft with `bytes` as its content.
pub(crate) fn draft<'a>(directory: &'a Directory, prefix: &str, bytes: &[u8]) -> io::Result<Draft<'a>> {
    let draft = Draft::new(directory, prefix)?;
    retry_at_end(|| draft.file.write_all_at(bytes, 0))?;
    Ok(draft)
}

/// Makes a draft durable and renames it to `name`. Returns the error with which the file system declined to make it durable, if
/// any; the file is replaced even then.
pub(crate) fn replace(draft: Draft<'_>, name: impl AsRef<OsStr>) -> io::Result<Option<Errno>> {
    let unsupported = sync(&draft.file)?;
    let directory = draft.directory;
    draft.publish(name)?;
    Ok(unsupported.or_else(|| directory.sync_names()))
}
