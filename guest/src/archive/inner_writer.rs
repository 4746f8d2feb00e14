//! The inner tar, entry by entry, as Home Assistant writes it.
//!
//! Owns the order of bytes. The sink below compresses, encrypts and stores them. Refuses a name that the reader would refuse.

use std::io::{self, Write};

use super::entry::{Entry, Kind};
use super::error::{Result, unsupported};
use super::header;
use super::header_fields::{HeaderFields, Time};
use super::paths;

/// A tar is padded to whole records of this many bytes.
pub(super) const RECORD: u64 = 10_240;
/// Bytes of content requested at once.
const CHUNK: usize = 256 << 10;

/// What has been written so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub entries: u64,
    /// Bytes of file content, without headers and padding.
    pub bytes: u64,
}

/// The outcome for the content of one file, which always takes its full size in the archive.
#[derive(Debug)]
pub struct Written<E> {
    /// Bytes that the source did not deliver; zeros replace them.
    pub missing: u64,
    /// The source's error, if it failed.
    pub failed: Option<E>,
}

/// Receives the bytes of a tar in order, labeled by meaning, so that a sink can check them and split the tar at suitable places.
pub trait TreeSink {
    /// The header blocks of an entry. A file's content of the announced size follows, then zeros up to a whole block.
    fn header(&mut self, entry: &Entry, bytes: &[u8]) -> io::Result<()>;
    fn content(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// The padding after a content, or the end-of-archive marker.
    fn zeros(&mut self, count: u64) -> io::Result<()>;
}

impl<W: Write> TreeSink for W {
    fn header(&mut self, _entry: &Entry, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn content(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn zeros(&mut self, count: u64) -> io::Result<()> {
        zeros(self, count)
    }
}

/// Writes entries as a tar into a [`TreeSink`].
pub struct TreeWriter<W> {
    sink: W,
    at: u64,
    counts: Counts,
}

impl<W: TreeSink> TreeWriter<W> {
    pub fn new(sink: W) -> Self {
        Self { sink, at: 0, counts: Counts::default() }
    }

    /// Adds a directory, a link or an empty file.
    pub fn add(&mut self, entry: &Entry) -> Result<()> {
        match entry.kind {
            Kind::File(size) if size > 0 => {
                unsupported(format!("adding `{}` without its content", paths::shown(&entry.path)))
            }
            _ => self.header(entry),
        }
    }

    /// Adds a file with exactly as many bytes as its kind announces. `next` returns the next bytes, at most as many as requested,
    /// and none at the end of the file. It is never called for more than is needed, nor after an error.
    ///
    /// Errors are those of the sink. An error of `next` is part of the result, since the archive remains valid.
    pub fn add_file<B: AsRef<[u8]>, E>(
        &mut self,
        entry: &Entry,
        mut next: impl FnMut(usize) -> std::result::Result<B, E>,
    ) -> Result<Written<E>> {
        let Kind::File(size) = entry.kind else {
            return unsupported(format!("content for `{}`, which is not a file", paths::shown(&entry.path)));
        };
        self.header(entry)?;
        let (mut left, mut failed) = (size, None);
        while left > 0 {
            let most = CHUNK.min(usize::try_from(left).unwrap_or(usize::MAX));
            let bytes = match next(most) {
                Ok(bytes) => bytes,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            };
            let bytes = bytes.as_ref();
            let bytes = bytes.get(..most).unwrap_or(bytes);
            if bytes.is_empty() {
                break;
            }
            self.sink.content(bytes)?;
            left = left.saturating_sub(bytes.len() as u64);
        }
        self.fill(left)?;
        self.sink.zeros(header::padding(size))?;
        self.at = self.at.saturating_add(size).saturating_add(header::padding(size));
        self.counts.bytes = self.counts.bytes.saturating_add(size);
        Ok(Written { missing: left, failed })
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Writes the end-of-archive marker and returns the sink, which the caller must finish.
    pub fn finish(mut self) -> Result<(W, Counts)> {
        self.sink.zeros(end_marker(self.at))?;
        Ok((self.sink, self.counts))
    }

    /// Writes zeros for bytes that the source did not deliver.
    fn fill(&mut self, mut count: u64) -> Result<()> {
        const NOTHING: [u8; 4096] = [0; 4096];
        while count > 0 {
            let room = NOTHING.len().min(usize::try_from(count).unwrap_or(usize::MAX));
            self.sink.content(NOTHING.get(..room).unwrap_or_default())?;
            count = count.saturating_sub(room as u64);
        }
        Ok(())
    }

    fn header(&mut self, entry: &Entry) -> Result<()> {
        let (mut bytes, block) = encode(entry)?;
        bytes.extend_from_slice(block.as_bytes());
        self.sink.header(entry, &bytes)?;
        self.at = self.at.saturating_add(bytes.len() as u64);
        self.counts.entries += 1;
        Ok(())
    }
}

/// Splits off the first bytes of `rest`, at most `most`, as [`TreeWriter::add_file`] requests them.
pub fn first_of<'a>(rest: &mut &'a [u8], most: usize) -> &'a [u8] {
    rest.split_off(..most.min(rest.len())).unwrap_or_default()
}

fn encode(entry: &Entry) -> Result<(Vec<u8>, tar::Header)> {
    paths::check_below_data(&entry.path)?;
    let mut name = paths::in_data(&entry.path);
    let (flag, size, link) = match &entry.kind {
        Kind::Directory => {
            name.push(b'/');
            (b'5', 0, Vec::new())
        }
        Kind::File(size) => (b'0', *size, Vec::new()),
        Kind::Symlink(target) => {
            paths::check_target(&entry.path, target)?;
            (b'2', 0, target.clone())
        }
        Kind::HardLink(target) => {
            paths::check(target)?;
            (b'1', 0, paths::in_data(target))
        }
    };
    let (uid, gid) = (u64::from(entry.uid), u64::from(entry.gid));
    let (user, group) = (without_nul(&entry.user), without_nul(&entry.group));
    let (mode, time) = (entry.mode, Time::Exact(entry.mtime));
    Ok(HeaderFields { name: &name, flag, mode, uid, gid, size, link: &link, user, group, time }.encode())
}

/// A header would end the name at a NUL. No system has such names.
fn without_nul(name: &str) -> &str {
    name.split('\0').next().unwrap_or_default()
}

/// Bytes of zeros that end a tar of `at` bytes: two blocks, then up to a whole record.
pub(super) fn end_marker(at: u64) -> u64 {
    at.saturating_add(2 * header::BLOCK).next_multiple_of(RECORD).saturating_sub(at)
}

pub(super) fn zeros(sink: &mut impl Write, count: u64) -> io::Result<()> {
    io::copy(&mut io::Read::take(io::repeat(0), count), sink).map(|_| ())
}
