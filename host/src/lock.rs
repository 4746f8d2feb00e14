//! One writer at a time on a state directory: a locked file that says who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::error::{Doing, Error, Result};

/// Held until dropped; the system releases it when the process dies.
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of `state` for `purpose`, or says which process has it and what for.
    pub fn take(state: &Path, purpose: &str) -> Result<Self> {
        let path = state.join("lock");
        let what = || format!("cannot open {}", path.display());
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).doing(what)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Whoever holds it may have been killed before it wrote its name.
                let _ = file.read_to_string(&mut holder);
                let holder = if holder.trim().is_empty() { "another process" } else { holder.trim() };
                return Err(Error::InUse(format!(
                    "{} is in use by {holder}; wait until that has ended",
                    state.display()
                )));
            }
            Err(TryLockError::Error(error)) => {
                return Err(Error::from_io(format!("cannot lock {}", path.display()), &error));
            }
        }
        let holder = format!("larder {purpose} (process {})", std::process::id());
        let written = file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0))).map(|_| ());
        written
            .and_then(|()| file.write_all(holder.as_bytes()))
            .doing(|| format!("cannot write {}", path.display()))?;
        Ok(Self { _file: file })
    }
}
