//! One writer at a time on a state directory: a locked file that says who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::{Doing, Error, Result};

/// Held until dropped; the system releases it when the process dies.
pub struct Lock {
    _file: File,
}

/// Between two tries.
const NAP: Duration = Duration::from_millis(20);

impl Lock {
    /// Takes the lock of `state` for `purpose`, trying for `wait`, or says which process has it and what for.
    pub fn take(state: &Path, purpose: &str, wait: Duration) -> Result<Self> {
        let path = state.join("lock");
        let what = || format!("cannot open {}", path.display());
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).doing(what)?;
        let end = Instant::now() + wait;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < end => std::thread::sleep(NAP),
                Err(TryLockError::WouldBlock) => return Err(held(state, &mut file)),
                Err(TryLockError::Error(error)) => {
                    return Err(Error::from_io(format!("cannot lock {}", path.display()), &error));
                }
            }
        }
        // The name is a courtesy: a full disk must not keep anybody from restoring.
        let _ = sign(&mut file, purpose);
        Ok(Self { _file: file })
    }
}

fn sign(file: &mut File, purpose: &str) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    write!(file, "larder {purpose} (process {})", std::process::id())
}

fn held(state: &Path, file: &mut File) -> Error {
    let mut holder = String::new();
    // Whoever holds it may not have written its name yet.
    let _ = file.read_to_string(&mut holder);
    let holder = if holder.trim().is_empty() { "another process" } else { holder.trim() };
    Error::InUse(format!("{} is in use by {holder}; wait until that has ended", state.display()))
}
