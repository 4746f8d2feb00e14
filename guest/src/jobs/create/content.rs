//! Writes the content of a backup while the home is in use: files vanish, grow, shrink, or cannot be read.
//!
//! A problem with a file never stops the backup. The file is left out, or stored as far as it could be read, and reported with
//! a reason.

use std::collections::HashMap;

use crate::archive::{self, ArchiveError, Entry, Kind, TreeSink, TreeWriter, Written, shown};
use crate::error::Result;
use crate::jobs::create::plan::Planned;
use crate::model::{Skipped, Totals};
use crate::ports::{Cause, Content, Fault, Outcome, Snapshot};
use crate::progress::Progress;

/// Files up to this size are read before their header is written, so that the header gives the exact size that is stored.
const SMALL: u64 = 256 * 1024;
/// Entries whose files are announced to the host at once.
const EXPECTED: usize = 512;
/// Bytes read at once.
const CHUNK: u32 = 256 * 1024;

/// Writes planned entries into the tar of the home.
pub struct ContentWriter<'a, S: TreeSink> {
    tree: TreeWriter<S>,
    snapshot: &'a dyn Snapshot,
    /// The first stored name of each file with several names.
    stored: HashMap<u64, Vec<u8>>,
    /// The file that was left out last. If it is a database, its write-ahead log is left out too.
    left_out: Option<Vec<u8>>,
    totals: Totals,
    skipped: Vec<Skipped>,
}

/// The result: the sink, and what it was given.
pub struct StoredContent<S> {
    pub sink: S,
    pub totals: Totals,
    pub skipped: Vec<Skipped>,
}

impl<'a, S: TreeSink> ContentWriter<'a, S> {
    pub fn new(sink: S, snapshot: &'a dyn Snapshot) -> Self {
        Self {
            tree: TreeWriter::new(sink),
            snapshot,
            stored: HashMap::new(),
            left_out: None,
            totals: Totals::default(),
            skipped: Vec::new(),
        }
    }

    /// Adds entries, in their order.
    pub fn add_all(&mut self, entries: Vec<Planned>, progress: &mut Progress<'_>) -> Result<()> {
        let mut entries = entries.into_iter();
        loop {
            let now: Vec<_> = entries.by_ref().take(EXPECTED).collect();
            if now.is_empty() {
                return Ok(());
            }
            let is_file =
                |planned: &&Planned| matches!(planned.entry.kind, Kind::File(_)) && !planned.is_made_up;
            // The first file is opened right away, so announcing it gains nothing.
            let files = now.iter().filter(is_file).skip(1);
            self.snapshot.expect(&files.map(|planned| planned.entry.path.as_slice()).collect::<Vec<_>>());
            for planned in now {
                self.add(planned, progress)?;
            }
        }
    }

    /// Adds one entry, or notes why it is left out. An error comes from the archive itself and ends the backup.
    fn add(&mut self, planned: Planned, progress: &mut Progress<'_>) -> Result<()> {
        let Planned { mut entry, identity, is_made_up } = planned;
        if !matches!(entry.kind, Kind::File(_)) {
            self.limit_time(&mut entry);
        }
        match entry.kind {
            Kind::File(_) if is_made_up => self.add_made_up(&entry),
            Kind::File(size) => {
                let mut read = 0;
                self.add_file(entry, identity, &mut |bytes| {
                    read += bytes;
                    progress.add(bytes);
                })?;
                progress.add(size.saturating_sub(read));
                Ok(())
            }
            Kind::Directory => {
                let added = self.tree.add(&entry);
                self.totals.directories += u64::from(self.is_kept(&entry.path, added)?.is_some());
                Ok(())
            }
            Kind::Symlink(_) | Kind::HardLink(_) => self.add_link(&entry),
        }
    }

    /// Ends the tar.
    pub fn finish(self) -> Result<StoredContent<S>> {
        let (sink, _) = self.tree.finish()?;
        Ok(StoredContent { sink, totals: self.totals, skipped: self.skipped })
    }

    fn add_made_up(&mut self, entry: &Entry) -> Result<()> {
        if !self.belongs_to_left_out(&entry.path) {
            let added = self.tree.add(entry);
            self.totals.files += u64::from(self.is_kept(&entry.path, added)?.is_some());
        }
        Ok(())
    }

    fn add_link(&mut self, entry: &Entry) -> Result<()> {
        let added = self.tree.add(entry);
        self.totals.links += u64::from(self.is_kept(&entry.path, added)?.is_some());
        Ok(())
    }

    /// Adds a file. `count` is called with the bytes of a large file as they are read.
    fn add_file(&mut self, entry: Entry, identity: Option<u64>, count: &mut dyn FnMut(u64)) -> Result<()> {
        if self.belongs_to_left_out(&entry.path) {
            self.note(&entry.path, "its database could not be read".into());
            return Ok(());
        }
        let content = match self.snapshot.open(&entry.path) {
            Ok(content) => content,
            Err(fault) => {
                self.leave_out(&entry.path, fault);
                return Ok(());
            }
        };
        // The name may refer to another file than when it was listed.
        let identity = identity.and_then(|_| content.identity());
        if let Some(first) = identity.and_then(|identity| self.stored.get(&identity)) {
            let link = Entry { kind: Kind::HardLink(first.clone()), ..entry };
            return self.add_link(&link);
        }
        let path = entry.path.clone();
        if self.store(entry.clone(), content.as_ref(), count)? {
            identity.map(|identity| self.stored.insert(identity, path));
            if content.note().is_some() {
                self.add_companions(&entry)?;
            }
        }
        Ok(())
    }

    /// Adds the files that SQLite needs with a database that could not be stored in one committed state.
    fn add_companions(&mut self, database: &Entry) -> Result<()> {
        for path in self.snapshot.companions(&database.path) {
            self.add_file(Entry { path, ..database.clone() }, None, &mut |_| ())?;
        }
        Ok(())
    }

    /// Stores a file. Returns whether it is in the archive.
    fn store(&mut self, mut entry: Entry, content: &dyn Content, count: &mut dyn FnMut(u64)) -> Result<bool> {
        let size = content.size();
        entry.mtime = content.modified();
        self.limit_time(&mut entry);
        let (stored, written) = if size <= SMALL {
            let bytes = match whole(content, size) {
                Ok(bytes) => bytes,
                Err(fault) => {
                    self.leave_out(&entry.path, fault);
                    return Ok(false);
                }
            };
            let mut rest = bytes.as_slice();
            entry.kind = Kind::File(bytes.len() as u64);
            let next = |most| -> Outcome<&[u8]> { Ok(archive::first_of(&mut rest, most)) };
            (bytes.len() as u64, self.tree.add_file(&entry, next))
        } else {
            let mut offset = 0;
            entry.kind = Kind::File(size);
            content.ahead(0, size);
            let next = |most| {
                let bytes = content.read(offset, u32::try_from(most).unwrap_or(u32::MAX))?;
                offset += bytes.len() as u64;
                count(bytes.len() as u64);
                Ok(bytes)
            };
            (size, self.tree.add_file(&entry, next))
        };
        let Some(written) = self.is_kept(&entry.path, written)? else { return Ok(false) };
        self.totals.files += 1;
        self.totals.bytes += stored;
        if let Some(reason) = incomplete(size, stored, written).or_else(|| content.note()) {
            self.note(&entry.path, reason);
        }
        Ok(true)
    }

    /// Limits a time of modification that no reader could restore, and notes it.
    fn limit_time(&mut self, entry: &mut Entry) {
        if let Some(nearest) = archive::nearest_restorable_time(entry.mtime) {
            entry.mtime = nearest;
            self.note(
                &entry.path,
                "stored; its time of modification is limited to the latest that can be restored".into(),
            );
        }
    }

    /// Notes an entry that no archive can hold. An error of the sink ends the backup.
    fn is_kept<T>(&mut self, path: &[u8], added: archive::Result<T>) -> Result<Option<T>> {
        match added {
            Ok(added) => Ok(Some(added)),
            Err(error @ ArchiveError::Io(_)) => Err(error.into()),
            Err(error) => {
                self.note(path, format!("left out: {error}"));
                Ok(None)
            }
        }
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

/// Why fewer bytes are stored than the `size` of the file when it was opened, if so.
fn incomplete(size: u64, stored: u64, written: Written<Fault>) -> Option<String> {
    let missing = written.missing;
    if missing > 0 {
        let why = written.failed.map_or_else(|| "it shrank".to_owned(), |fault| fault.message);
        return Some(format!("stored, but its last {missing} bytes are zeros: {why} while it was read"));
    }
    (stored < size).then(|| {
        format!(
            "it shrank from {size} to {stored} bytes while it was read; stored as far as it could be read"
        )
    })
}

/// Reads a small file of that size completely.
fn whole(content: &dyn Content, size: u64) -> std::result::Result<Vec<u8>, Fault> {
    let mut bytes = if size > 0 { content.read(0, CHUNK)? } else { Vec::new() };
    while !bytes.is_empty() && (bytes.len() as u64) < size {
        let more = content.read(bytes.len() as u64, CHUNK)?;
        if more.is_empty() {
            break;
        }
        bytes.extend_from_slice(&more);
    }
    Ok(bytes)
}
