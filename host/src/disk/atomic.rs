//! A small file that is replaced: whole at any time, for its owner alone.

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

/// A file's new content, beside it. Dropping it removes it.
pub(crate) struct Draft<'a> {
    directory: &'a Directory,
    pub(crate) file: File,
    name: String,
    is_put: bool,
}

impl<'a> Draft<'a> {
    /// An empty one, under a name that begins with `prefix`.
    pub(crate) fn new(directory: &'a Directory, prefix: &str) -> io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let name = format!("{prefix}{}-{number}", process::id());
            match directory.create_new(&name, PRIVATE) {
                // A process of the same number was killed there.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                file => return Ok(Self { directory, file: file?, name, is_put: false }),
            }
        }
    }

    /// Gives it its name; what had it is replaced.
    pub(crate) fn put(mut self, name: impl AsRef<OsStr>) -> io::Result<()> {
        retry_at_end(|| self.directory.rename(&self.name, name.as_ref()))?;
        self.is_put = true;
        Ok(())
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if !self.is_put {
            // What cannot be removed now is removed at the next start.
            let _ = self.directory.remove(&self.name);
        }
    }
}

/// A draft that holds `bytes`.
pub(crate) fn draft<'a>(directory: &'a Directory, prefix: &str, bytes: &[u8]) -> io::Result<Draft<'a>> {
    let draft = Draft::new(directory, prefix)?;
    retry_at_end(|| draft.file.write_all_at(bytes, 0))?;
    Ok(draft)
}

/// Makes a draft durable as `name`. Why that could not be promised, if so: then it is there all the same.
pub(crate) fn replace(draft: Draft<'_>, name: impl AsRef<OsStr>) -> io::Result<Option<Errno>> {
    let refused = sync(&draft.file)?;
    let directory = draft.directory;
    draft.put(name)?;
    Ok(refused.or_else(|| directory.sync_names()))
}
