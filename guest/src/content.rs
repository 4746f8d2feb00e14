//! The content of a backup while the home goes on living: files vanish, grow, shrink, or cannot be read.
//!
//! One odd file never costs the rest: it is left out or stored as far as it could be read, and named with a reason.

use std::collections::HashMap;
use std::io::Write;

use crate::archive::{Entry, Kind, TreeWriter, shown};
use crate::error::Result;
use crate::model::{Amount, Skipped};
use crate::plan::Planned;
use crate::ports::{Cause, Content, Fault, Snapshot};
use crate::progress::Progress;

/// Files up to this size are read before their header is written: it then says exactly what is stored.
const SMALL: u64 = 256 * 1024;
/// Bytes that are asked for at once.
const CHUNK: u32 = 256 * 1024;

pub struct ContentWriter<'a, W: Write> {
    tree: TreeWriter<W>,
    snapshot: &'a dyn Snapshot,
    /// The first stored name of each file that has several.
    stored: HashMap<u64, Vec<u8>>,
    /// A database that was left out takes its write-ahead log with it.
    left_out: Option<Vec<u8>>,
    amount: Amount,
    skipped: Vec<Skipped>,
}

pub struct Progressed<W> {
    pub sink: W,
    pub amount: Amount,
    pub skipped: Vec<Skipped>,
}

impl<'a, W: Write> ContentWriter<'a, W> {
    pub fn new(sink: W, snapshot: &'a dyn Snapshot) -> Self {
        Self {
            tree: TreeWriter::new(sink),
            snapshot,
            stored: HashMap::new(),
            left_out: None,
            amount: Amount::default(),
            skipped: Vec::new(),
        }
    }

    /// Adds one entry, or notes why not. Errors are those of the archive: then there is no backup.
    pub fn add(&mut self, planned: Planned, progress: &mut Progress<'_>) -> Result<()> {
        let Planned { entry, identity, is_made_up } = planned;
        match entry.kind {
            Kind::File(_) if is_made_up => self.add_made_up(&entry),
            Kind::File(size) => {
                self.add_file(entry, identity, progress)?;
                progress.add(size);
                Ok(())
            }
            Kind::Directory => {
                self.tree.add(&entry)?;
                self.amount.directories += 1;
                Ok(())
            }
            Kind::Symlink(_) | Kind::HardLink(_) => self.add_link(&entry),
        }
    }

    pub fn finish(self) -> Result<Progressed<W>> {
        let (sink, _) = self.tree.finish()?;
        Ok(Progressed { sink, amount: self.amount, skipped: self.skipped })
    }

    fn add_made_up(&mut self, entry: &Entry) -> Result<()> {
        if !self.belongs_to_left_out(&entry.path) {
            self.tree.add(entry)?;
            self.amount.files += 1;
        }
        Ok(())
    }

    fn add_link(&mut self, entry: &Entry) -> Result<()> {
        // A link whose target no archive can hold is the link's own problem.
        if let Err(error) = self.tree.add(entry) {
            if matches!(error, crate::archive::ArchiveError::Io(_)) {
                return Err(error.into());
            }
            self.note(&entry.path, error.to_string());
            return Ok(());
        }
        self.amount.links += 1;
        Ok(())
    }

    fn add_file(&mut self, entry: Entry, identity: Option<u64>, _progress: &mut Progress<'_>) -> Result<()> {
        if let Some(first) = identity.and_then(|identity| self.stored.get(&identity)) {
            let link = Entry { kind: Kind::HardLink(first.clone()), ..entry };
            return self.add_link(&link);
        }
        if self.belongs_to_left_out(&entry.path) {
            self.note(&entry.path, "its database could not be read".into());
            return Ok(());
        }
        match self.snapshot.open(&entry.path) {
            Ok(content) => {
                let path = entry.path.clone();
                if self.store(entry, content.as_ref())? {
                    identity.map(|identity| self.stored.insert(identity, path));
                }
            }
            Err(fault) => self.leave_out(&entry.path, fault),
        }
        Ok(())
    }

    /// Stores a file; whether it is now in the archive.
    fn store(&mut self, mut entry: Entry, content: &dyn Content) -> Result<bool> {
        let size = content.size();
        entry.mtime = content.modified();
        let written = if size <= SMALL {
            let bytes = match whole(content) {
                Ok(bytes) => bytes,
                Err(fault) => {
                    self.leave_out(&entry.path, fault);
                    return Ok(false);
                }
            };
            entry.kind = Kind::File(bytes.len() as u64);
            let mut rest = bytes.as_slice();
            self.tree.add_file(&entry, |buffer| {
                std::io::Read::read(&mut rest, buffer).map_err(Fault::unexpected)
            })?
        } else {
            entry.kind = Kind::File(size);
            let mut source = Chunks { content, offset: 0, chunk: Vec::new(), used: 0 };
            self.tree.add_file(&entry, |buffer| source.read(buffer))?
        };
        self.amount.files += 1;
        if let Kind::File(stored) = entry.kind {
            self.amount.bytes += stored;
        }
        if written.missing > 0 {
            let why = written.failed.map_or_else(|| "it shrank".to_owned(), |fault| fault.message);
            let missing = written.missing;
            self.note(
                &entry.path,
                format!("stored, but its last {missing} bytes are zeros: {why} while it was read"),
            );
        } else if let Some(note) = content.note() {
            self.note(&entry.path, note);
        }
        Ok(true)
    }

    fn leave_out(&mut self, path: &[u8], fault: Fault) {
        let reason = match fault.cause {
            Cause::NotFound => "left out: it vanished while the backup was made".to_owned(),
            _ => format!("left out: {}", fault.message),
        };
        self.note(path, reason);
        self.left_out = Some(path.to_vec());
    }

    fn belongs_to_left_out(&self, path: &[u8]) -> bool {
        self.left_out.as_deref().is_some_and(|left_out| path.strip_suffix(b"-wal") == Some(left_out))
    }

    fn note(&mut self, path: &[u8], reason: String) {
        self.skipped.push(Skipped { path: shown(path), reason });
    }
}

/// All bytes of a small file as it is now.
fn whole(content: &dyn Content) -> std::result::Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < content.size() {
        let more = content.read(bytes.len() as u64, CHUNK)?;
        if more.is_empty() {
            break;
        }
        bytes.extend_from_slice(&more);
    }
    Ok(bytes)
}

/// A large file, piece by piece.
struct Chunks<'a> {
    content: &'a dyn Content,
    offset: u64,
    chunk: Vec<u8>,
    used: usize,
}

impl Chunks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::result::Result<usize, Fault> {
        if self.used >= self.chunk.len() {
            self.chunk = self.content.read(self.offset, CHUNK)?;
            self.offset += self.chunk.len() as u64;
            self.used = 0;
        }
        let from = self.chunk.get(self.used..).unwrap_or_default();
        let length = from.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), from.get(..length)) {
            to.copy_from_slice(from);
        }
        self.used += length;
        Ok(length)
    }
}
