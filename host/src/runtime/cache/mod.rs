//! The cache of compiled components, because compiling one takes longer than a small command.
//!
//! An entry is machine code that is executed unchanged. It is therefore used only where no other user can write or rename, and only if
//! it is exactly what was written; a keyed digest, the seal, detects damage. The entry is copied first and the copy is checked, so
//! later changes of the entry have no effect. A bad entry is never an error: the component is compiled again.

mod code;
mod trust;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::disk::atomic::Draft;
use crate::disk::directory::Directory;
use crate::tunables::COMPILED_KEPT;

/// The prefix of the name of an entry that is being written.
const DRAFT: &str = ".larder-compiled-";

/// The length of the seal at an entry's end.
const SEAL: usize = blake3::OUT_LEN;
/// Bytes that are read at a time to check an entry.
const CHUNK: usize = 64 * 1024;

/// The cached code of one component, for one engine.
pub(super) struct Entry {
    directory: Directory,
    key: blake3::Hash,
}

impl Entry {
    /// The entry in `directory`, which is created if it does not exist. `None` when the directory cannot be trusted or used.
    pub(super) fn new(directory: &Path, engine: &Engine, wasm: &[u8]) -> Option<Self> {
        Directory::make(directory, 0o700).ok()?;
        let path = fs::canonicalize(directory).ok()?;
        let directory = Directory::open(&path).ok()?;
        trust::is_safe_directory(&directory, &path).then(|| Self { directory, key: key(engine, wasm) })
    }

    /// The component, if the entry exists, is intact and belongs to this user.
    pub(super) fn load(&self, engine: &Engine) -> Option<Component> {
        self.mapped(engine).or_else(|_| self.copied(engine)).ok()
    }

    /// Maps the copy into memory, so that only the pages in use are read.
    fn mapped(&self, engine: &Engine) -> wasmtime::Result<Component> {
        let mut file = code::file()?;
        self.copy(&mut file)?;
        code::seal(&file)?;
        code::mapped(engine, &file)
    }

    fn copied(&self, engine: &Engine) -> wasmtime::Result<Component> {
        let mut bytes = Vec::new();
        self.copy(&mut bytes)?;
        code::copied(engine, &bytes)
    }

    /// Stores the component for the next run, and removes entries that have not been used for long. A failure only costs the next run time.
    pub(super) fn store(&self, component: &Component) {
        let Ok(code) = component.serialize() else { return };
        if let Ok(entry) = self.write(&code) {
            remove_old(&self.directory, &entry);
        }
    }

    /// Writes the entry under a temporary name first, so that no other process sees it half-written.
    fn write(&self, code: &[u8]) -> io::Result<File> {
        let mut draft = Draft::new(&self.directory, DRAFT)?;
        let seal = self.seal(code, code.len(), &mut draft.file)?;
        draft.file.write_all(seal.as_bytes())?;
        let file = draft.file.try_clone()?;
        draft.publish(self.name())?;
        Ok(file)
    }

    /// Copies the code to where no process can change it. An error when the entry is damaged, or when others can write to it.
    fn copy(&self, to: &mut impl Write) -> io::Result<()> {
        let mut file = trust::open(&self.directory, &self.name())?;
        let size = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        let expected = self.seal(&mut file, size.saturating_sub(SEAL), to)?;
        let mut seal = [0; SEAL];
        file.read_exact(&mut seal)?;
        match expected == seal {
            true => Ok(()),
            false => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// Copies the next `size` bytes and returns their digest, keyed for this entry: code of another entry under this name counts as
    /// damage.
    fn seal(&self, mut code: impl Read, size: usize, copy: &mut impl Write) -> io::Result<blake3::Hash> {
        let mut digest = blake3::Hasher::new_keyed(self.key.as_bytes());
        let mut chunk = vec![0; CHUNK];
        let mut left = size;
        while left > 0 {
            let part = chunk.get_mut(..left.min(CHUNK)).unwrap_or_default();
            code.read_exact(part)?;
            digest.update(part);
            copy.write_all(part)?;
            left -= part.len();
        }
        Ok(digest.finalize())
    }

    fn name(&self) -> String {
        self.key.to_hex().to_string()
    }
}

/// What the code depends on: the component, and the engine with its version, its settings and the processor.
fn key(engine: &Engine, wasm: &[u8]) -> blake3::Hash {
    struct Digest(blake3::Hasher);
    impl Hasher for Digest {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut digest = Digest(blake3::Hasher::new());
    wasm.hash(&mut digest);
    engine.precompile_compatibility_hash().hash(&mut digest);
    digest.0.finalize()
}

/// Removes entries and drafts that were written long before `entry`: most belong to an earlier version. An entry that is still in use
/// is written again.
fn remove_old(directory: &Directory, entry: &File) {
    let Ok(now) = entry.metadata().and_then(|metadata| metadata.modified()) else { return };
    let written = |name: &OsString| {
        let seconds = directory.status(name).ok()??.st_mtime;
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
    };
    for other in directory.names().unwrap_or_default() {
        let age = written(&other).and_then(|written| now.duration_since(written).ok());
        if age.is_some_and(|age| age > COMPILED_KEPT) {
            // An entry that cannot be removed only takes up space.
            let _ = directory.remove(&other);
        }
    }
}
