//! The members of a tar in sequence, outer or inner. It reads headers, the extension headers before them, and the end of the
//! archive.
//!
//! Owns what a header means once PAX and GNU extensions are applied. Refuses headers that can be read in two ways, and never
//! allocates memory by a size that a header claims. Callers decide which names and types they accept.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use tar::Header;

use super::early_stop::early_stop;
use super::entry::Instant;
use super::error::{ArchiveError, Result, damaged, too_large, unsupported};
use super::extension::Extension;
use super::header::{self, BLOCK};
use super::{paths, pax};

/// Bytes of one extension header. Real ones hold a name or two.
const EXTENSION_LIMIT: u64 = 1 << 20;
/// Extension headers before one member. Real writers use at most three.
const EXTENSIONS_LIMIT: usize = 8;
/// Bytes read at once after the last member.
const TAIL: usize = 64 << 10;

/// A member as its headers describe it, before any rule about names and types.
#[derive(Clone, Debug, Default)]
pub(super) struct MemberHeader {
    pub(super) name: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) flag: u8,
    pub(super) size: u64,
    pub(super) mode: u32,
    pub(super) uid: i64,
    pub(super) gid: i64,
    pub(super) user: Vec<u8>,
    pub(super) group: Vec<u8>,
    pub(super) mtime: Instant,
    /// An extension header gives a time that no file can have; `mtime` comes from the header itself.
    pub(super) is_time_lost: bool,
}

/// How a tar ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TarEnd {
    /// Blocks of zeros found, of the two that mark the end.
    pub(super) marker_blocks: u8,
    /// Offset of the first non-zero byte after them.
    pub(super) trailing: Option<u64>,
}

pub(super) struct Members<R> {
    source: R,
    /// Bytes read so far. After `next`, the offset of the member's content.
    at: u64,
    /// Values from global PAX headers.
    globals: Extension,
    /// Name of the last member.
    last: Vec<u8>,
    end: TarEnd,
    early_stop: Option<String>,
}

impl<R: Read> Members<R> {
    pub(super) fn new(source: R) -> Self {
        let (globals, end) = (Extension::default(), TarEnd::default());
        Self { source, at: 0, globals, last: Vec::new(), end, early_stop: None }
    }

    pub(super) fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn source(&mut self) -> &mut R {
        &mut self.source
    }

    pub(super) fn into_source(self) -> R {
        self.source
    }

    /// The next member. Its content must be read or skipped before the following call. `None` at the end of the archive: a block
    /// of zeros, as for Home Assistant, or the end of the source. [`Self::finish`] examines what follows.
    pub(super) fn next(&mut self) -> Result<Option<MemberHeader>> {
        let mut extension = self.globals.clone();
        let mut seen = Vec::new();
        loop {
            let header = match self.block()? {
                Some(header) if !is_zero(header.as_bytes()) => header,
                _ if !seen.is_empty() => return self.wrong("extension header without a member"),
                end => {
                    self.end.marker_blocks = u8::from(end.is_some());
                    return Ok(None);
                }
            };
            if !header::has_valid_checksum(&header) {
                return self.wrong("header with a wrong checksum");
            }
            if self.early_stop.is_none() {
                self.early_stop = early_stop(&header, &self.last, !seen.is_empty());
            }
            // Solaris uses `X` for PAX headers.
            let flag = if header.as_old().linkflag == *b"X" { b'x' } else { header.as_old().linkflag[0] };
            if !matches!(flag, b'x' | b'g' | b'L' | b'K') {
                return self.member(&header, extension).map(Some);
            }
            if seen.len() == EXTENSIONS_LIMIT || flag != b'g' && seen.contains(&flag) {
                return self.wrong("conflicting extension headers");
            }
            seen.push(flag);
            self.extend(&header, flag, &mut extension)?;
        }
    }

    /// Passes the content of a member to `take` in pieces. Each piece but the last fills `buffer`.
    pub(super) fn content<E: From<ArchiveError>>(
        &mut self,
        size: u64,
        buffer: &mut [u8],
        mut take: impl FnMut(&[u8]) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let mut left = size;
        while left > 0 {
            let room = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let piece = buffer.get_mut(..room).unwrap_or_default();
            self.fill(piece)?;
            take(piece)?;
            left = left.saturating_sub(room as u64);
        }
        let mut rest = [0; BLOCK as usize];
        let rest = rest.get_mut(..header::padding(size) as usize).unwrap_or_default();
        Ok(self.fill(rest)?)
    }

    /// After the last member: reads to the end of the source.
    pub(super) fn finish(&mut self) -> Result<TarEnd> {
        if self.end.marker_blocks == 0 {
            return Ok(self.end);
        }
        match self.block()? {
            Some(block) if is_zero(block.as_bytes()) => self.end.marker_blocks = 2,
            Some(_) => self.end.trailing = Some(self.at.saturating_sub(BLOCK)),
            None => return Ok(self.end),
        }
        let mut buffer = vec![0; TAIL];
        loop {
            let count = match self.source.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read.or_else(|error| self.explain(error))?,
            };
            let bytes = buffer.get(..count).unwrap_or_default();
            if bytes.is_empty() {
                return Ok(self.end);
            }
            let first = bytes.iter().position(|byte| *byte != 0).map(|at| self.at.saturating_add(at as u64));
            self.end.trailing = self.end.trailing.or(first);
            self.at = self.at.saturating_add(count as u64);
        }
    }

    /// Whether a block of zeros ended the members, rather than the end of the source.
    pub(super) fn has_end_marker(&self) -> bool {
        self.end.marker_blocks > 0
    }

    /// Why Home Assistant stops reading before the end of the archive.
    pub(super) fn early_stop(&self) -> Option<&str> {
        self.early_stop.as_deref()
    }

    /// The next block; `None` at the end of the source.
    fn block(&mut self) -> Result<Option<Header>> {
        let mut bytes = Vec::new();
        let read = self.source.by_ref().take(BLOCK).read_to_end(&mut bytes);
        read.or_else(|error| self.explain(error))?;
        let mut header = Header::new_old();
        let is_whole = bytes.len() == header.as_bytes().len();
        if !is_whole && (self.at == 0 || !is_zero(&bytes)) {
            return self.wrong("cut off");
        }
        self.at = self.at.saturating_add(bytes.len() as u64);
        header.as_mut_bytes().iter_mut().zip(&bytes).for_each(|(to, from)| *to = *from);
        Ok(is_whole.then_some(header))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.source.read_exact(bytes).or_else(|error| self.explain(error))?;
        self.at = self.at.saturating_add(bytes.len() as u64);
        Ok(())
    }

    fn extend(&mut self, header: &Header, flag: u8, extension: &mut Extension) -> Result<()> {
        let size = self.number(&header.as_old().size, "size")?;
        let size = u64::try_from(size).unwrap_or(u64::MAX);
        if size > EXTENSION_LIMIT {
            return too_large(format!(
                "extension header of more than {EXTENSION_LIMIT} bytes {}",
                self.place()
            ));
        }
        let mut bytes = Vec::new();
        self.content(size, &mut [0; 4096], |piece| {
            bytes.extend_from_slice(piece);
            Ok::<_, ArchiveError>(())
        })?;
        let text = || Some(bytes.split(|byte| *byte == 0).next().unwrap_or_default().to_vec());
        match flag {
            b'L' if extension.name.is_none() => extension.name = text(),
            b'K' if extension.link.is_none() => extension.link = text(),
            b'L' | b'K' => return self.wrong("member with two names"),
            b'g' => {
                self.apply(&bytes, true, extension)?;
                let mut globals = std::mem::take(&mut self.globals);
                self.apply(&bytes, true, &mut globals)?;
                self.globals = globals;
            }
            _ => self.apply(&bytes, false, extension)?,
        }
        Ok(())
    }

    fn apply(&self, bytes: &[u8], global: bool, extension: &mut Extension) -> Result<()> {
        let Some(records) = pax::parse(bytes) else {
            return self.wrong("malformed PAX header");
        };
        for (key, value) in records {
            if key.starts_with(b"GNU.sparse.") {
                return unsupported(format!("sparse file {}", self.place()));
            }
            if global && matches!(key, b"path" | b"linkpath" | b"size") {
                return unsupported(format!("global PAX header with a name, link or size {}", self.place()));
            }
            if key == b"path" && extension.name.is_some() || key == b"linkpath" && extension.link.is_some() {
                return self.wrong("member with two names");
            }
            if extension.set(key, value).is_none() {
                let key = paths::shown(key);
                return self.wrong(&format!("PAX record `{key}` with an invalid value"));
            }
        }
        Ok(())
    }

    fn member(&mut self, header: &Header, extension: Extension) -> Result<MemberHeader> {
        let old = header.as_old();
        let or_field = |value: Option<i64>, field: &[u8], what| match value {
            Some(value) => Ok(value),
            None => self.number(field, what),
        };
        let size = match extension.size {
            Some(size) => size,
            None => {
                u64::try_from(self.number(&old.size, "size")?).or_else(|_| self.wrong("negative size"))?
            }
        };
        let mtime = match extension.mtime {
            Some(mtime) => mtime,
            None => Instant { seconds: self.number(&old.mtime, "time")?, nanoseconds: 0 },
        };
        let member = MemberHeader {
            name: extension.name.unwrap_or_else(|| header.path_bytes().into_owned()),
            link: extension.link.unwrap_or_else(|| header.link_name_bytes().unwrap_or_default().into_owned()),
            flag: old.linkflag[0],
            size,
            mode: (self.number(&old.mode, "mode")? & 0o7777) as u32,
            uid: or_field(extension.uid, &old.uid, "owner")?,
            gid: or_field(extension.gid, &old.gid, "group")?,
            user: extension.user.unwrap_or_else(|| header.username_bytes().unwrap_or_default().to_vec()),
            group: extension.group.unwrap_or_else(|| header.groupname_bytes().unwrap_or_default().to_vec()),
            mtime,
            is_time_lost: extension.is_time_lost,
        };
        self.last.clone_from(&member.name);
        Ok(member)
    }

    fn number(&self, field: &[u8], what: &str) -> Result<i64> {
        match header::number(field) {
            Some(value) => Ok(value),
            None => self.wrong(&format!("header with an invalid {what}")),
        }
    }

    fn place(&self) -> String {
        match self.last.as_slice() {
            b"" => format!("at byte {}", self.at),
            last => format!("at byte {}, after `{}`", self.at, paths::shown(last)),
        }
    }

    fn wrong<T>(&self, what: &str) -> Result<T> {
        damaged(format!("{what} {}", self.place()))
    }

    /// Converts a read error. The layers below mark bad bytes with the error's kind.
    fn explain<T>(&self, error: std::io::Error) -> Result<T> {
        match error.kind() {
            ErrorKind::UnexpectedEof => self.wrong("cut off"),
            ErrorKind::InvalidData => self.wrong(&format!("{error}")),
            _ => Err(error.into()),
        }
    }
}

impl<R: Read + Seek> Members<R> {
    /// Skips the content of a member, which must end at or before `end`, the size of the source.
    pub(super) fn seek_past(&mut self, size: u64, end: u64) -> Result<()> {
        let next = size.checked_add(header::padding(size)).and_then(|size| self.at.checked_add(size));
        match next.filter(|next| *next <= end) {
            Some(next) => self.at = self.source.seek(SeekFrom::Start(next))?,
            None => return self.wrong("cut off"),
        }
        Ok(())
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}
