//! The walk through an inner tar: every entry below `data/`, checked, in order, with its content.
//!
//! Owns which entries are good, skipped, outside, or reason to refuse the whole. Gives them to a visitor, and has no
//! idea whether that one writes, compares or only counts. What was given is only good once the walk has ended well.

use std::io::Read;

use super::ending::Ending;
use super::entry::{Entry, Kind};
use super::members::{Head, Members};
use super::stream::{Packing, Stream, Unpacked};
use super::tree::Tree;
use super::{ArchiveError, Limits, Result, damaged, paths, refused, unsupported};

/// Bytes of content that are handed over at once.
const CHUNK: usize = 256 << 10;

/// Who looks at what is in an archive. An error of any method ends the walk with it.
pub trait Visit {
    type Error: From<ArchiveError>;

    /// An entry. A file is followed by its content (`data`, maybe never) and `end_file`.
    fn entry(&mut self, entry: &Entry) -> std::result::Result<(), Self::Error>;
    /// Up to 256 KiB of the file that was named last.
    fn data(&mut self, bytes: &[u8]) -> std::result::Result<(), Self::Error>;
    /// The file got all its bytes.
    fn end_file(&mut self) -> std::result::Result<(), Self::Error>;
}

/// What a whole archive held. Each list ends at [`Limits::reported`]; the numbers count all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub files: u64,
    pub directories: u64,
    /// Symbolic and hard links.
    pub links: u64,
    /// Bytes of content of all files.
    pub bytes: u64,
    pub skipped: Vec<Skipped>,
    pub skipped_count: u64,
    /// Names of members outside `data/`, which belong to somebody else.
    pub outside: Vec<Vec<u8>>,
    pub outside_count: u64,
    /// What is odd about the archive and loses nothing, for people.
    pub notes: Vec<String>,
    /// Attributes of entries that no file can have.
    pub lost: Vec<Lost>,
    pub lost_count: u64,
}

/// An attribute that an entry comes back without. Its content is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    pub path: Vec<u8>,
    pub attribute: Attribute,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    Time,
    Owner,
}

/// Something below `data/` that no home can get back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub path: Vec<u8>,
    pub reason: String,
}

/// What an inner tar holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// A home, below `data/`; what lies elsewhere belongs to others.
    Home,
    /// Anything: an add-on, a folder.
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

/// Reads an inner tar (gzip or plain, told by content) from its first to its last byte.
///
/// Errors: the visitor's own, or an [`ArchiveError`] when the archive is not good as a whole: then nothing of what the
/// visitor got may be used.
pub fn walk<R: Read, V: Visit>(
    source: R,
    limits: &Limits,
    visit: &mut V,
) -> std::result::Result<Summary, V::Error> {
    walk_inflated(&mut Stream::open(source)?, Base::Home, limits, visit)
}

/// The same of a tar that is not compressed, or not any more.
pub fn walk_inflated<R: Unpacked + ?Sized, V: Visit>(
    source: &mut R,
    base: Base,
    limits: &Limits,
    visit: &mut V,
) -> std::result::Result<Summary, V::Error> {
    let mut members = Members::new(source);
    let mut walk = Walk::new(base, limits);
    let mut buffer = vec![0; CHUNK];
    let mut count = 0_u64;
    while let Some(head) = members.next()? {
        count = count.saturating_add(1);
        if count > limits.entries {
            Err(walk.too_many(&head))?;
        }
        match walk.judge(&head)? {
            Some(entry) => {
                visit.entry(&entry)?;
                if matches!(entry.kind, Kind::File(_)) {
                    members.content(head.size, &mut buffer, |piece| visit.data(piece))?;
                    visit.end_file()?;
                }
            }
            None => members.content(head.size, &mut buffer, |_| Ok::<_, V::Error>(()))?,
        }
    }
    let notes = end(&mut members)?;
    Ok(Summary { notes, ..walk.finish()? })
}

/// Reads to the end, which must prove that nothing is missing. What is odd there all the same.
fn end<R: Unpacked + ?Sized>(members: &mut Members<&mut R>) -> Result<Vec<String>> {
    let Ending { marks, behind } = members.finish()?;
    let stop = members.stop().map(str::to_owned);
    let Packing { is_checked, end } = members.source().finish()?;
    if let Some(end) = end {
        return Err(ArchiveError::Surplus { end });
    }
    let missing = (marks < 2).then(|| {
        let proof = if is_checked { "its check value and its lengths show" } else { "its lengths show" };
        format!("it lacks the blocks of zeros that end an archive; {proof} that nothing is missing")
    });
    let more = match behind {
        // Nothing tells a stretch of zeros that a disk made of contents from an end.
        Some(at) if !is_checked => {
            return damaged(format!("there are more bytes after the end mark, from byte {at} on"));
        }
        more => more.map(|at| {
            format!(
                "from byte {at} on, behind its end mark, stand bytes that nobody reads, Home Assistant neither"
            )
        }),
    };
    Ok(stop.into_iter().chain(missing.filter(|_| behind.is_none())).chain(more).collect())
}

/// Reads any inner tar (a home's, an add-on's, a folder's) to its end and checks its structure.
pub fn check(source: impl Read) -> Result<Checked> {
    check_inflated(&mut Stream::open(source)?)
}

/// The same of a tar that is not compressed, or not any more.
pub fn check_inflated<R: Unpacked + ?Sized>(source: &mut R) -> Result<Checked> {
    let mut members = Members::new(source);
    let mut buffer = vec![0; CHUNK];
    let mut count = 0;
    while let Some(head) = members.next()? {
        members.content(head.size, &mut buffer, |_| Ok::<_, ArchiveError>(()))?;
        count += 1;
    }
    Ok(Checked { members: count, notes: end(&mut members)? })
}

/// What was found in an inner tar whose entries nobody judges.
pub struct Checked {
    pub members: u64,
    /// As in [`Summary`].
    pub notes: Vec<String>,
}

pub(super) struct Walk<'a> {
    tree: Tree,
    summary: Summary,
    base: Base,
    limits: &'a Limits,
}

impl<'a> Walk<'a> {
    pub(super) fn new(base: Base, limits: &'a Limits) -> Self {
        Self { tree: Tree::new(limits), summary: Summary::default(), base, limits }
    }

    /// The entry to give to the visitor; none when it is skipped.
    pub(super) fn judge(&mut self, head: &Head) -> Result<Option<Entry>> {
        let name = paths::cleaned(&head.name)?;
        if matches!(head.flag, b'1'..=b'6') && head.size > 0 {
            return damaged(format!("`{}` is no file but has content", paths::shown(name)));
        }
        let Some(path) = self.base.below(name) else {
            self.note_outside(name);
            return Ok(None);
        };
        paths::check_below_data(path)?;
        match kind(head, path, self.base)? {
            Some(kind) => self.accept(head, path, kind).map(Some),
            None => self.skip(head, path).map(|()| None),
        }
    }

    fn accept(&mut self, head: &Head, path: &[u8], kind: Kind) -> Result<Entry> {
        self.tree.add(path, &kind)?;
        match kind {
            Kind::Directory => self.summary.directories += 1,
            Kind::Symlink(_) | Kind::HardLink(_) => self.summary.links += 1,
            Kind::File(size) => {
                self.summary.files += 1;
                self.summary.bytes = self.summary.bytes.saturating_add(size);
            }
        }
        let (uid, gid) = (owner(head.uid), owner(head.gid));
        if uid.is_none() || gid.is_none() {
            self.lose(path, Attribute::Owner);
        }
        if head.is_time_lost {
            self.lose(path, Attribute::Time);
        }
        Ok(Entry {
            path: path.to_vec(),
            kind,
            mode: head.mode,
            uid: uid.unwrap_or(Entry::NO_OWNER),
            gid: gid.unwrap_or(Entry::NO_OWNER),
            user: String::from_utf8_lossy(&head.user).into_owned(),
            group: String::from_utf8_lossy(&head.group).into_owned(),
            mtime: head.mtime,
        })
    }

    fn skip(&mut self, head: &Head, path: &[u8]) -> Result<()> {
        self.tree.skip(path)?;
        self.summary.skipped_count += 1;
        if self.summary.skipped.len() < self.limits.reported {
            let reason = match head.flag {
                b'3' | b'4' => "a device node".to_owned(),
                b'6' => "a FIFO".to_owned(),
                flag => format!("of the unknown type `{}`", flag.escape_ascii()),
            };
            self.summary.skipped.push(Skipped { path: path.to_vec(), reason });
        }
        Ok(())
    }

    fn lose(&mut self, path: &[u8], attribute: Attribute) {
        self.summary.lost_count += 1;
        if self.summary.lost.len() < self.limits.reported {
            self.summary.lost.push(Lost { path: path.to_vec(), attribute });
        }
    }

    fn note_outside(&mut self, name: &[u8]) {
        self.summary.outside_count += 1;
        if self.summary.outside.len() < self.limits.reported && !name.is_empty() {
            self.summary.outside.push(name.to_vec());
        }
    }

    fn too_many(&self, head: &Head) -> ArchiveError {
        let what = format!("more than {} entries, at `{}`", self.limits.entries, paths::shown(&head.name));
        ArchiveError::TooLarge { what }
    }

    pub(super) fn finish(self) -> Result<Summary> {
        let is_nothing = self.base == Base::Home && self.tree.is_empty();
        if is_nothing { damaged("nothing in it lies below `data/`") } else { Ok(self.summary) }
    }
}

/// What a member is; none for what cannot be kept.
fn kind(head: &Head, path: &[u8], base: Base) -> Result<Option<Kind>> {
    Ok(Some(match head.flag {
        // Before POSIX, a directory was a file whose name ends in a slash.
        0 | b'0' | b'7' if head.name.ends_with(b"/") => match head.size {
            0 => Kind::Directory,
            _ => return damaged(format!("the directory `{}` has content", paths::shown(path))),
        },
        0 | b'0' | b'7' => Kind::File(head.size),
        b'1' => Kind::HardLink(hard_link(head, path, base)?),
        b'2' => {
            paths::check_target(path, &head.link)?;
            Kind::Symlink(head.link.clone())
        }
        b'5' => Kind::Directory,
        b'S' => return unsupported(format!("the sparse file `{}`", paths::shown(path))),
        _ => return Ok(None),
    }))
}

fn hard_link(head: &Head, path: &[u8], base: Base) -> Result<Vec<u8>> {
    match paths::cleaned(&head.link).ok().and_then(|link| base.below(link)) {
        Some(target) => Ok(target.to_vec()),
        None => {
            let (path, link) = (paths::shown(path), paths::shown(&head.link));
            refused(format!("the hard link `{path}` to `{link}`, which lies outside `data/`"))
        }
    }
}

/// Owner numbers have 32 bits; some writers store the last ones as small negative numbers. None for what is no owner.
fn owner(number: i64) -> Option<u32> {
    let wrapped = || i32::try_from(number).ok().map(i32::cast_unsigned);
    u32::try_from(number).ok().or_else(wrapped)
}
