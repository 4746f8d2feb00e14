//! The walk through an inner tar: every entry below `data/`, checked, in order, with its content.
//!
//! Owns the decision whether an entry is accepted, skipped, outside `data/`, or a reason to refuse the whole archive. Passes
//! accepted entries to a visitor and does not know whether that one writes, compares or counts. The visitor's results are valid
//! only if the walk returns without an error.

use std::io::Read;

use super::entry::{Entry, Kind};
use super::error::{ArchiveError, Result, damaged, refused, unsupported};
use super::inflater::{Inflater, StreamEnd, TarStream};
use super::limits::Limits;
use super::members::{MemberHeader, Members, TarEnd};
use super::paths;
use super::seen_paths::SeenPaths;

/// Bytes of content passed to a visitor at once.
const CHUNK: usize = 256 << 10;

/// Receives the entries of an archive. An error from any method ends the walk and is returned by it.
pub trait Visit {
    type Error: From<ArchiveError>;

    /// An entry. For a file, its content (`data`, not called when empty) and `end_file` follow.
    fn entry(&mut self, entry: &Entry) -> std::result::Result<(), Self::Error>;
    /// Up to 256 KiB of the current file's content.
    fn data(&mut self, bytes: &[u8]) -> std::result::Result<(), Self::Error>;
    /// The current file is complete.
    fn end_file(&mut self) -> std::result::Result<(), Self::Error>;
}

/// The contents of a whole inner tar. Each list ends at [`Limits::reported`]; the counts cover everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub files: u64,
    pub directories: u64,
    /// Symbolic and hard links.
    pub links: u64,
    /// Bytes of content of all files.
    pub bytes: u64,
    pub skipped: Vec<SkippedEntry>,
    pub skipped_count: u64,
    /// Names of members outside `data/`, which are not part of the home.
    pub outside: Vec<Vec<u8>>,
    pub outside_count: u64,
    /// Irregularities that lose no data, as sentences.
    pub notes: Vec<String>,
    /// Attributes with values that no file can have.
    pub lost: Vec<LostAttribute>,
    pub lost_count: u64,
}

/// An attribute that cannot be restored. The entry's content is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostAttribute {
    pub path: Vec<u8>,
    pub attribute: Attribute,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    Time,
    Owner,
}

/// An entry below `data/` that cannot be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedEntry {
    pub path: Vec<u8>,
    pub reason: String,
}

/// Which entries of an inner tar count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Those of a home, below `data/`. Members elsewhere are only listed.
    Home,
    /// All of them: the tar of an add-on or a folder.
    Any,
}

impl Base {
    fn below(self, name: &[u8]) -> Option<&[u8]> {
        match self {
            Self::Home => paths::below_data(name),
            Self::Any => Some(name),
        }
    }
}

/// Reads an inner tar from its first to its last byte. Gzip is detected by content.
///
/// Errors: the visitor's own, or an [`ArchiveError`] when the archive is refused. Nothing that the visitor received may be used
/// then.
pub fn walk<R: Read, V: Visit>(
    source: R,
    limits: &Limits,
    visit: &mut V,
) -> std::result::Result<Summary, V::Error> {
    walk_inflated(&mut Inflater::open(source)?, Base::Home, limits, visit)
}

/// As [`walk`], for a tar that is already inflated.
pub fn walk_inflated<R: TarStream + ?Sized, V: Visit>(
    source: &mut R,
    base: Base,
    limits: &Limits,
    visit: &mut V,
) -> std::result::Result<Summary, V::Error> {
    let mut members = Members::new(source);
    let mut walk = Walk::new(base, limits);
    let mut buffer = vec![0; CHUNK];
    let mut count = 0_u64;
    while let Some(header) = members.next()? {
        count = count.saturating_add(1);
        if count > limits.entries {
            Err(walk.too_many(&header))?;
        }
        match walk.classify(&header)? {
            Some(entry) => {
                visit.entry(&entry)?;
                if matches!(entry.kind, Kind::File(_)) {
                    members.content(header.size, &mut buffer, |piece| visit.data(piece))?;
                    visit.end_file()?;
                }
            }
            None => members.content(header.size, &mut buffer, |_| Ok::<_, V::Error>(()))?,
        }
    }
    let notes = end(&mut members)?;
    Ok(Summary { notes, ..walk.finish()? })
}

/// Reads to the end of the archive, which must prove that nothing is missing. Returns notes about harmless irregularities.
fn end<R: TarStream + ?Sized>(members: &mut Members<&mut R>) -> Result<Vec<String>> {
    let TarEnd { marker_blocks, trailing } = members.finish()?;
    let early_stop = members.early_stop().map(str::to_owned);
    let StreamEnd { is_verified, surplus_from } = members.source().finish()?;
    if let Some(end) = surplus_from {
        return Err(ArchiveError::Surplus { end });
    }
    let missing = (marker_blocks < 2).then(|| {
        let proof = if is_verified { "the checksum and the lengths show" } else { "the lengths show" };
        format!("the end-of-archive marker is missing; {proof} that no data is missing")
    });
    let more = match trailing {
        // Content that a disk turned into zeros looks like an end-of-archive marker.
        Some(at) if !is_verified => {
            return damaged(format!("more data follows the end-of-archive marker, from byte {at}"));
        }
        more => more.map(|at| {
            format!(
                "data after the end-of-archive marker, from byte {at}, is ignored here and by Home Assistant"
            )
        }),
    };
    Ok(early_stop.into_iter().chain(missing.filter(|_| trailing.is_none())).chain(more).collect())
}

/// Reads any inner tar (of a home, an add-on or a folder) to its end and checks its structure.
pub fn check(source: impl Read) -> Result<CheckSummary> {
    check_inflated(&mut Inflater::open(source)?)
}

/// As [`check`], for a tar that is already inflated.
pub fn check_inflated<R: TarStream + ?Sized>(source: &mut R) -> Result<CheckSummary> {
    let mut members = Members::new(source);
    let mut buffer = vec![0; CHUNK];
    let mut count = 0;
    while let Some(header) = members.next()? {
        members.content(header.size, &mut buffer, |_| Ok::<_, ArchiveError>(()))?;
        count += 1;
    }
    Ok(CheckSummary { members: count, notes: end(&mut members)? })
}

/// The result of [`check`], which applies no rules to single entries.
pub struct CheckSummary {
    pub members: u64,
    /// As [`Summary::notes`].
    pub notes: Vec<String>,
}

/// The rules for entries, applied one after the other.
pub(super) struct Walk<'a> {
    seen: SeenPaths,
    summary: Summary,
    base: Base,
    limits: &'a Limits,
}

impl<'a> Walk<'a> {
    pub(super) fn new(base: Base, limits: &'a Limits) -> Self {
        Self { seen: SeenPaths::new(limits), summary: Summary::default(), base, limits }
    }

    /// The entry to pass to the visitor; `None` when it is skipped or outside.
    pub(super) fn classify(&mut self, header: &MemberHeader) -> Result<Option<Entry>> {
        let name = paths::normalized(&header.name)?;
        if matches!(header.flag, b'1'..=b'6') && header.size > 0 {
            return damaged(format!("`{}` is not a file but has content", paths::shown(name)));
        }
        let Some(path) = self.base.below(name) else {
            self.note_outside(name);
            return Ok(None);
        };
        paths::check_below_data(path)?;
        match kind(header, path, self.base)? {
            Some(kind) => self.accept(header, path, kind).map(Some),
            None => self.skip(header, path).map(|()| None),
        }
    }

    fn accept(&mut self, header: &MemberHeader, path: &[u8], kind: Kind) -> Result<Entry> {
        self.seen.add(path, &kind)?;
        match kind {
            Kind::Directory => self.summary.directories += 1,
            Kind::Symlink(_) | Kind::HardLink(_) => self.summary.links += 1,
            Kind::File(size) => {
                self.summary.files += 1;
                self.summary.bytes = self.summary.bytes.saturating_add(size);
            }
        }
        let (uid, gid) = (owner(header.uid), owner(header.gid));
        if uid.is_none() || gid.is_none() {
            self.lose(path, Attribute::Owner);
        }
        if header.is_time_lost {
            self.lose(path, Attribute::Time);
        }
        Ok(Entry {
            path: path.to_vec(),
            kind,
            mode: header.mode,
            uid: uid.unwrap_or(Entry::NO_OWNER),
            gid: gid.unwrap_or(Entry::NO_OWNER),
            user: String::from_utf8_lossy(&header.user).into_owned(),
            group: String::from_utf8_lossy(&header.group).into_owned(),
            mtime: header.mtime,
        })
    }

    fn skip(&mut self, header: &MemberHeader, path: &[u8]) -> Result<()> {
        self.seen.skip(path)?;
        self.summary.skipped_count += 1;
        if self.summary.skipped.len() < self.limits.reported {
            let reason = match header.flag {
                b'3' | b'4' => "a device node".to_owned(),
                b'6' => "a FIFO".to_owned(),
                flag => format!("of the unknown type `{}`", flag.escape_ascii()),
            };
            self.summary.skipped.push(SkippedEntry { path: path.to_vec(), reason });
        }
        Ok(())
    }

    fn lose(&mut self, path: &[u8], attribute: Attribute) {
        self.summary.lost_count += 1;
        if self.summary.lost.len() < self.limits.reported {
            self.summary.lost.push(LostAttribute { path: path.to_vec(), attribute });
        }
    }

    fn note_outside(&mut self, name: &[u8]) {
        self.summary.outside_count += 1;
        if self.summary.outside.len() < self.limits.reported && !name.is_empty() {
            self.summary.outside.push(name.to_vec());
        }
    }

    fn too_many(&self, header: &MemberHeader) -> ArchiveError {
        let what = format!("more than {} entries, at `{}`", self.limits.entries, paths::shown(&header.name));
        ArchiveError::TooLarge { what }
    }

    pub(super) fn finish(self) -> Result<Summary> {
        let is_empty = self.base == Base::Home && self.seen.is_empty();
        if is_empty { damaged("it contains nothing below `data/`") } else { Ok(self.summary) }
    }
}

/// The kind of a member; `None` for types that cannot be restored.
fn kind(header: &MemberHeader, path: &[u8], base: Base) -> Result<Option<Kind>> {
    Ok(Some(match header.flag {
        // Before POSIX, a directory was a file whose name ends in a slash.
        0 | b'0' | b'7' if header.name.ends_with(b"/") => match header.size {
            0 => Kind::Directory,
            _ => return damaged(format!("the directory `{}` has content", paths::shown(path))),
        },
        0 | b'0' | b'7' => Kind::File(header.size),
        b'1' => Kind::HardLink(hard_link(header, path, base)?),
        b'2' => {
            paths::check_target(path, &header.link)?;
            Kind::Symlink(header.link.clone())
        }
        b'5' => Kind::Directory,
        b'S' => return unsupported(format!("the sparse file `{}`", paths::shown(path))),
        _ => return Ok(None),
    }))
}

fn hard_link(header: &MemberHeader, path: &[u8], base: Base) -> Result<Vec<u8>> {
    match paths::normalized(&header.link).ok().and_then(|link| base.below(link)) {
        Some(target) => Ok(target.to_vec()),
        None => {
            let (path, link) = (paths::shown(path), paths::shown(&header.link));
            refused(format!("the hard link `{path}` to `{link}`, which is outside `data/`"))
        }
    }
}

/// Owner numbers have 32 bits; some writers store the largest as small negative numbers. `None` for anything else.
fn owner(number: i64) -> Option<u32> {
    let wrapped = || i32::try_from(number).ok().map(i32::cast_unsigned);
    u32::try_from(number).ok().or_else(wrapped)
}
