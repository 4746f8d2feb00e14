//! The outer tar of a backup: its `backup.json`, and where its other members lie.
//!
//! Owns which outer archives are good. Reads headers and `backup.json`, steps over the rest.

use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom, Take};

use super::entry::Instant;
use super::header::BLOCK;
use super::members::{Head, Members};
use super::{ArchiveError, Limits, Manifest, Result, damaged, paths, too_large, unsupported};

/// Bytes that are read at once behind the last member.
const TAIL: usize = 256 << 10;

/// A regular file in the outer tar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Without a leading `./`.
    pub name: String,
    /// Where its content begins, and how many bytes it has.
    pub offset: u64,
    pub size: u64,
    pub modified: Instant,
}

impl Member {
    /// Whether it is an inner tar, by its name as Home Assistant tells them.
    pub fn is_part(&self) -> bool {
        self.part_name().is_some()
    }

    /// Where its content ends.
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(self.size)
    }

    /// What an inner tar is called without its ending; none for anything else.
    pub fn part_name(&self) -> Option<&str> {
        inner_stem(&self.name).or_else(|| self.name.strip_suffix(".tgz"))
    }
}

#[derive(Debug)]
pub struct Outer<R> {
    pub manifest: Manifest,
    /// All but `backup.json`, in the archive's order.
    pub members: Vec<Member>,
    /// Why Home Assistant does not read all members.
    pub stop: Option<String>,
    /// Members that are no files, or have no readable name, in words.
    pub left_alone: Vec<String>,
    source: R,
    /// Where the members end, and whether a block of zeros says so.
    end: u64,
    has_mark: bool,
}

impl<R: Read + Seek> Outer<R> {
    /// Looks through the archive, which begins at the source's first byte.
    pub fn open(source: R, limits: &Limits) -> Result<Self> {
        let (survey, damage) = Survey::of(source, limits)?;
        damage.map_or(Ok(()), Err)?;
        survey.with_manifest(limits)
    }

    /// The same of an archive that may be damaged: what stands before the damage, and what that is.
    pub fn salvage(source: R, limits: &Limits) -> Result<(Self, Option<ArchiveError>)> {
        let (survey, damage) = Survey::of(source, limits)?;
        let (outer, missing) = survey.with_any_manifest(limits);
        Ok((outer, damage.or(missing)))
    }

    /// What is odd about the members and loses nothing here, for people.
    pub fn notes(&self) -> Vec<String> {
        let alone = self.left_alone.iter().map(|member| format!("{member}; it is left alone"));
        self.stop.iter().cloned().chain(alone).collect()
    }

    /// What is odd behind the last member.
    pub fn odd_end(&mut self) -> Result<Option<String>> {
        self.source.seek(SeekFrom::Start(self.end))?;
        let mut buffer = vec![0; TAIL];
        let mut at = self.end;
        loop {
            let count = self.source.read(&mut buffer)?;
            let bytes = buffer.get(..count).unwrap_or_default();
            if let Some(first) = bytes.iter().position(|byte| *byte != 0) {
                let first = at.saturating_add(first as u64);
                return Ok(Some(format!(
                    "the archive ends at byte {}; from byte {first} on stand bytes that nobody reads, Home Assistant neither",
                    self.end
                )));
            }
            at = at.saturating_add(count as u64);
            if count == 0 {
                let is_proper = self.has_mark && at >= self.end.saturating_add(BLOCK);
                return Ok((!is_proper).then(|| {
                    "the archive lacks the blocks of zeros at its end; the lengths of its members show that none is cut off"
                        .to_owned()
                }));
            }
        }
    }

    /// The inner tar of Home Assistant itself: `homeassistant.tar.gz` or `homeassistant.tar`.
    pub fn home(&self) -> Option<&Member> {
        self.members.iter().find(|member| inner_stem(&member.name) == Some("homeassistant"))
    }

    /// Reads the content of a member.
    pub fn read(&mut self, member: &Member) -> Result<Take<&mut R>> {
        self.source.seek(SeekFrom::Start(member.offset))?;
        Ok(self.source.by_ref().take(member.size))
    }

    pub fn source(&self) -> &R {
        &self.source
    }

    pub fn into_source(self) -> R {
        self.source
    }
}

#[derive(Default)]
struct Found {
    members: Vec<Member>,
    /// Names as they may stand only once.
    names: HashSet<String>,
    count: u64,
    left_alone: Vec<String>,
}

impl Found {
    fn add(&mut self, head: &Head, offset: u64, limits: &Limits) -> Result<()> {
        self.count = self.count.saturating_add(1);
        if self.count > limits.members {
            return too_large(format!(
                "more than {} members, at `{}`",
                limits.members,
                paths::shown(&head.name)
            ));
        }
        let bytes = paths::cleaned(&head.name)?;
        match head.flag {
            b'5' if head.size == 0 => return Ok(()),
            0 | b'0' | b'7' if bytes.is_empty() => return damaged("a file without a name"),
            0 | b'0' | b'7' => {}
            b'S' => return unsupported(format!("the sparse file `{}`", paths::shown(bytes))),
            b'1'..=b'6' if head.size > 0 => {
                return damaged(format!("the member `{}` is no file but has content", paths::shown(bytes)));
            }
            flag => return self.leave_alone(bytes, &format!("is {}", type_name(flag)), limits),
        }
        let Ok(name) = std::str::from_utf8(bytes).map(str::to_owned) else {
            return self.leave_alone(bytes, "has a name that is not UTF-8", limits);
        };
        let once = inner_stem(&name).map_or_else(|| name.clone(), |stem| format!("{stem}.tar"));
        if !self.names.insert(once) {
            return damaged(format!("the member `{}` is there twice", paths::shown(bytes)));
        }
        self.members.push(Member { name, offset, size: head.size, modified: head.mtime });
        Ok(())
    }

    /// Home Assistant knows no such members either.
    fn leave_alone(&mut self, name: &[u8], why: &str, limits: &Limits) -> Result<()> {
        if self.left_alone.len() < limits.reported {
            self.left_alone.push(format!("the member `{}` {why}", paths::shown(name)));
        }
        Ok(())
    }

    /// Takes `backup.json` out.
    fn manifest(&mut self) -> Result<Member> {
        if let Some(at) = self.members.iter().position(|member| member.name == "backup.json") {
            return Ok(self.members.remove(at));
        }
        let hider = self.members.last().filter(|member| member.is_part());
        damaged(hider.map_or_else(
            || "it has no `backup.json`; it is no backup of Home Assistant".to_owned(),
            |hider| {
                format!(
                    "it has no `backup.json`, or that is hidden in `{}`, which says that it reaches to byte {}; `larder \
                     verify` looks where that ends",
                    paths::shown(hider.name.as_bytes()),
                    hider.end()
                )
            },
        ))
    }
}

/// The members of an archive, as far as they can be found.
struct Survey<R> {
    found: Found,
    source: R,
    end: u64,
    has_mark: bool,
    stop: Option<String>,
}

impl<R: Read + Seek> Survey<R> {
    fn of(mut source: R, limits: &Limits) -> Result<(Self, Option<ArchiveError>)> {
        let end = source.seek(SeekFrom::End(0))?;
        source.seek(SeekFrom::Start(0))?;
        let mut members = Members::new(source);
        let mut found = Found::default();
        let damage = loop {
            let step = members.next().and_then(|head| match head {
                None => Ok(false),
                Some(head) => {
                    found.add(&head, members.at(), limits)?;
                    members.seek_past(head.size, end).map(|()| true)
                }
            });
            match step {
                Ok(true) => {}
                Ok(false) => break None,
                Err(error) => break Some(error),
            }
        };
        let (end, has_mark, stop) = (members.at(), members.has_mark(), members.stop().map(str::to_owned));
        Ok((Self { found, source: members.into_source(), end, has_mark, stop }, damage))
    }

    fn with_manifest(mut self, limits: &Limits) -> Result<Outer<R>> {
        let member = self.found.manifest()?;
        let manifest = Manifest::parse(&content(&mut self.source, &member, limits)?)?;
        Ok(self.with(manifest))
    }

    fn with_any_manifest(mut self, limits: &Limits) -> (Outer<R>, Option<ArchiveError>) {
        let read = self.found.manifest().and_then(|member| content(&mut self.source, &member, limits));
        match read.and_then(|text| Manifest::parse(&text)) {
            Ok(manifest) => (self.with(manifest), None),
            Err(error) => (self.with(Manifest::missing()), Some(error)),
        }
    }

    fn with(self, manifest: Manifest) -> Outer<R> {
        let Self { found, source, end, has_mark, stop } = self;
        let Found { members, left_alone, .. } = found;
        Outer { manifest, members, stop, left_alone, source, end, has_mark }
    }
}

fn content(source: &mut (impl Read + Seek), member: &Member, limits: &Limits) -> Result<Vec<u8>> {
    if member.size > limits.manifest {
        return too_large(format!("`backup.json` has more than {} bytes", limits.manifest));
    }
    source.seek(SeekFrom::Start(member.offset))?;
    let mut bytes = Vec::new();
    source.take(member.size).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The name of an inner tar without its ending: the two endings mean the same part.
fn inner_stem(name: &str) -> Option<&str> {
    name.strip_suffix(".tar.gz").or_else(|| name.strip_suffix(".tar"))
}

fn type_name(flag: u8) -> String {
    match flag {
        b'1' => "a hard link".into(),
        b'2' => "a symbolic link".into(),
        b'3' | b'4' => "a device node".into(),
        b'6' => "a FIFO".into(),
        flag => format!("of the unknown type `{}`", flag.escape_ascii()),
    }
}
