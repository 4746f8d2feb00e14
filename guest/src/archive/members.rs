//! The sequence of members in a tar, outer or inner: header blocks, the extensions before them, the end of the archive.
//!
//! Owns what a header means once PAX and GNU extensions are applied. Refuses headers that could be read in two ways, and
//! never allocates by what a header claims. Judging names and types is for the callers.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use tar::Header;

use super::ending::Ending;
use super::entry::Instant;
use super::header::{self, BLOCK};
use super::{ArchiveError, Result, damaged, paths, pax, time, too_large, unsupported};

/// Bytes of one extension header. Real ones carry a name or two.
const EXTENSION_LIMIT: u64 = 1 << 20;
/// Stands for an owner number that no file can have.
const NO_OWNER: i64 = i64::MAX;
/// Extension headers before one member. Real writers put at most three.
const EXTENSIONS_LIMIT: usize = 8;

/// A member as its headers describe it, nothing of it judged yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
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
    /// An extension gives a time that no file can have; `mtime` is the header's own.
    pub(super) is_time_lost: bool,
}

/// What an extension says instead of the header.
#[derive(Clone, Default)]
struct Extra {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    uid: Option<i64>,
    gid: Option<i64>,
    user: Option<Vec<u8>>,
    group: Option<Vec<u8>>,
    mtime: Option<Instant>,
    is_time_lost: bool,
}

pub(super) struct Members<R> {
    pub(super) source: R,
    /// Bytes read so far; after `next`, where the content of the member begins.
    pub(super) at: u64,
    globals: Extra,
    pub(super) last: Vec<u8>,
    pub(super) ending: Ending,
    pub(super) stop: Option<String>,
}

impl<R: Read> Members<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            at: 0,
            globals: Extra::default(),
            last: Vec::new(),
            ending: Ending::default(),
            stop: None,
        }
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

    /// The next member; its content must be taken or skipped before the one after it. None at the end: a block of zeros, as
    /// for Home Assistant, or the end of the source. [`Self::finish`] looks at what follows.
    pub(super) fn next(&mut self) -> Result<Option<Head>> {
        let mut extra = self.globals.clone();
        let mut seen = Vec::new();
        loop {
            let header = match self.block()? {
                Some(header) if !is_zero(header.as_bytes()) => header,
                _ if !seen.is_empty() => return self.wrong("an extension header without its member"),
                end => {
                    self.ending.marks = u8::from(end.is_some());
                    return Ok(None);
                }
            };
            if !header::is_sealed(&header) {
                return self.wrong("a header whose checksum is wrong");
            }
            self.note_stop(&header, !seen.is_empty());
            // Solaris had a letter of its own for PAX headers.
            let flag = if header.as_old().linkflag == *b"X" { b'x' } else { header.as_old().linkflag[0] };
            if !matches!(flag, b'x' | b'g' | b'L' | b'K') {
                return self.head(&header, extra).map(Some);
            }
            if seen.len() == EXTENSIONS_LIMIT || flag != b'g' && seen.contains(&flag) {
                return self.wrong("extension headers that contradict each other");
            }
            seen.push(flag);
            self.extend(&header, flag, &mut extra)?;
        }
    }

    /// Hands the content of a member over, piece by piece; each piece but the last fills `buffer`.
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

    /// The next block; none at the end of the source.
    pub(super) fn block(&mut self) -> Result<Option<Header>> {
        let mut bytes = Vec::new();
        let read = self.source.by_ref().take(BLOCK).read_to_end(&mut bytes);
        read.or_else(|error| self.explain(error))?;
        let mut header = Header::new_old();
        let is_whole = bytes.len() == header.as_bytes().len();
        if !is_whole && (self.at == 0 || !is_zero(&bytes)) {
            return self.wrong("it is cut off");
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

    fn extend(&mut self, header: &Header, flag: u8, extra: &mut Extra) -> Result<()> {
        let size = self.number(&header.as_old().size, "size")?;
        let size = u64::try_from(size).unwrap_or(u64::MAX);
        if size > EXTENSION_LIMIT {
            return too_large(format!(
                "an extension header of more than {EXTENSION_LIMIT} bytes {}",
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
            b'L' if extra.name.is_none() => extra.name = text(),
            b'K' if extra.link.is_none() => extra.link = text(),
            b'L' | b'K' => return self.wrong("a member with two names"),
            b'g' => {
                self.apply(&bytes, true, extra)?;
                let mut globals = std::mem::take(&mut self.globals);
                self.apply(&bytes, true, &mut globals)?;
                self.globals = globals;
            }
            _ => self.apply(&bytes, false, extra)?,
        }
        Ok(())
    }

    fn apply(&self, bytes: &[u8], global: bool, extra: &mut Extra) -> Result<()> {
        let Some(records) = pax::parse(bytes) else {
            return self.wrong("a PAX header whose records do not add up");
        };
        for (key, value) in records {
            if key.starts_with(b"GNU.sparse.") {
                return unsupported(format!("a sparse file {}", self.place()));
            }
            if global && matches!(key, b"path" | b"linkpath" | b"size") {
                return unsupported(format!("one name, link or size for all members {}", self.place()));
            }
            if key == b"path" && extra.name.is_some() || key == b"linkpath" && extra.link.is_some() {
                return self.wrong("a member with two names");
            }
            if extra.set(key, value).is_none() {
                let key = paths::shown(key);
                return self.wrong(&format!("a PAX record `{key}` whose value makes no sense"));
            }
        }
        Ok(())
    }

    fn head(&mut self, header: &Header, extra: Extra) -> Result<Head> {
        let old = header.as_old();
        let or_field = |value: Option<i64>, field: &[u8], what| match value {
            Some(value) => Ok(value),
            None => self.number(field, what),
        };
        let size = match extra.size {
            Some(size) => size,
            None => {
                u64::try_from(self.number(&old.size, "size")?).or_else(|_| self.wrong("a negative size"))?
            }
        };
        let mtime = match extra.mtime {
            Some(mtime) => mtime,
            None => Instant { seconds: self.number(&old.mtime, "time")?, nanoseconds: 0 },
        };
        let head = Head {
            name: extra.name.unwrap_or_else(|| header.path_bytes().into_owned()),
            link: extra.link.unwrap_or_else(|| header.link_name_bytes().unwrap_or_default().into_owned()),
            flag: old.linkflag[0],
            size,
            mode: (self.number(&old.mode, "mode")? & 0o7777) as u32,
            uid: or_field(extra.uid, &old.uid, "owner")?,
            gid: or_field(extra.gid, &old.gid, "group")?,
            user: extra.user.unwrap_or_else(|| header.username_bytes().unwrap_or_default().to_vec()),
            group: extra.group.unwrap_or_else(|| header.groupname_bytes().unwrap_or_default().to_vec()),
            mtime,
            is_time_lost: extra.is_time_lost,
        };
        self.last.clone_from(&head.name);
        Ok(head)
    }

    fn number(&self, field: &[u8], what: &str) -> Result<i64> {
        match header::number(field) {
            Some(value) => Ok(value),
            None => self.wrong(&format!("a header whose {what} is no number")),
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

    /// What a failed read means: the layers below say with the error's kind that the bytes themselves are bad.
    pub(super) fn explain<T>(&self, error: std::io::Error) -> Result<T> {
        match error.kind() {
            ErrorKind::UnexpectedEof => self.wrong("it is cut off"),
            ErrorKind::InvalidData => self.wrong(&format!("{error}")),
            _ => Err(error.into()),
        }
    }
}

impl<R: Read + Seek> Members<R> {
    /// Steps over the content of a member that ends before `end`, the size of the source.
    pub(super) fn seek_past(&mut self, size: u64, end: u64) -> Result<()> {
        let next = size.checked_add(header::padding(size)).and_then(|size| self.at.checked_add(size));
        match next.filter(|next| *next <= end) {
            Some(next) => self.at = self.source.seek(SeekFrom::Start(next))?,
            None => return self.wrong("it is cut off"),
        }
        Ok(())
    }
}

impl Extra {
    /// Takes one PAX record. None when its value makes no sense. An empty value takes back what was said before.
    fn set(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        let bytes = Some(value.to_vec()).filter(|value| !value.is_empty());
        let text = || std::str::from_utf8(value).ok();
        match key {
            b"path" => self.name = bytes,
            b"linkpath" => self.link = bytes,
            b"uname" => self.user = bytes,
            b"gname" => self.group = bytes,
            _ if bytes.is_none() => {}
            b"size" => self.size = Some(text()?.parse().ok()?),
            // What no file can have is the attribute's loss, not the contents'.
            b"uid" => self.uid = Some(text().and_then(|text| text.parse().ok()).unwrap_or(NO_OWNER)),
            b"gid" => self.gid = Some(text().and_then(|text| text.parse().ok()).unwrap_or(NO_OWNER)),
            b"mtime" => {
                self.mtime = text().and_then(time::from_text);
                self.is_time_lost = self.mtime.is_none();
            }
            // `hdrcharset` too: names are bytes here, whatever they are said to be.
            _ => {}
        }
        Some(())
    }
}

pub(super) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}
