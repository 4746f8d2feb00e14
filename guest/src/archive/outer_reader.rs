//! The outer tar of a backup: its `backup.json` and the positions of its other members.
//!
//! Owns the decision which outer archives are accepted. Reads headers and `backup.json` and skips the rest.

use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom, Take};

use super::entry::Instant;
use super::error::{ArchiveError, Result, damaged, too_large, unsupported};
use super::header::BLOCK;
use super::limits::Limits;
use super::manifest::Manifest;
use super::members::{MemberHeader, Members};
use super::paths;

/// Bytes read at once after the last member.
const TAIL: usize = 256 << 10;

/// A regular file in the outer tar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Without a leading `./`.
    pub name: String,
    /// Offset of the content, in bytes, and its size.
    pub offset: u64,
    pub size: u64,
    pub modified: Instant,
}

impl Member {
    /// Whether it is an inner tar, by its name, as in Home Assistant.
    pub fn is_part(&self) -> bool {
        self.part_name().is_some()
    }

    /// Offset of the first byte after the content.
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(self.size)
    }

    /// The name of an inner tar without its extension; `None` for any other member.
    pub fn part_name(&self) -> Option<&str> {
        inner_stem(&self.name).or_else(|| self.name.strip_suffix(".tgz"))
    }
}

/// An opened backup.
#[derive(Debug)]
pub struct Outer<R> {
    pub manifest: Manifest,
    /// All members except `backup.json`, in the archive's order.
    pub members: Vec<Member>,
    /// Why Home Assistant does not read all members; `None` when it does.
    pub early_stop: Option<String>,
    /// Members that are not files or have no readable name, as sentences.
    pub ignored: Vec<String>,
    source: R,
    /// Where the members end, and whether a block of zeros marks it.
    end: u64,
    has_end_marker: bool,
}

impl<R: Read + Seek> Outer<R> {
    /// Scans the archive, which starts at the source's first byte.
    pub fn open(source: R, limits: &Limits) -> Result<Self> {
        let (scan, damage) = Scan::new(source, limits)?;
        damage.map_or(Ok(()), Err)?;
        scan.with_manifest(limits)
    }

    /// As [`Outer::open`], for an archive that may be damaged: the members before the damage, and the damage.
    pub fn salvage(source: R, limits: &Limits) -> Result<(Self, Option<ArchiveError>)> {
        let (scan, damage) = Scan::new(source, limits)?;
        let (outer, missing) = scan.with_any_manifest(limits);
        Ok((outer, damage.or(missing)))
    }

    /// Irregularities of the members that lose no data, as sentences.
    pub fn notes(&self) -> Vec<String> {
        let ignored = self.ignored.iter().map(|member| format!("{member}; it is ignored"));
        self.early_stop.iter().cloned().chain(ignored).collect()
    }

    /// An irregularity after the last member that loses no data, as a sentence.
    pub fn end_note(&mut self) -> Result<Option<String>> {
        self.source.seek(SeekFrom::Start(self.end))?;
        let mut buffer = vec![0; TAIL];
        let mut at = self.end;
        loop {
            let count = self.source.read(&mut buffer)?;
            let bytes = buffer.get(..count).unwrap_or_default();
            if let Some(first) = bytes.iter().position(|byte| *byte != 0) {
                let first = at.saturating_add(first as u64);
                return Ok(Some(format!(
                    "the archive ends at byte {}; the data from byte {first} on is ignored here and by Home Assistant",
                    self.end
                )));
            }
            at = at.saturating_add(count as u64);
            if count == 0 {
                let is_proper = self.has_end_marker && at >= self.end.saturating_add(BLOCK);
                return Ok((!is_proper).then(|| {
                    "the end-of-archive marker is missing; the lengths of the members show that none is cut off"
                        .to_owned()
                }));
            }
        }
    }

    /// The inner tar of the home: `homeassistant.tar.gz` or `homeassistant.tar`.
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

/// The members found so far.
#[derive(Default)]
struct Found {
    members: Vec<Member>,
    /// Names that may not appear again, with the two extensions of an inner tar treated as one.
    names: HashSet<String>,
    count: u64,
    ignored: Vec<String>,
}

impl Found {
    fn add(&mut self, header: &MemberHeader, offset: u64, limits: &Limits) -> Result<()> {
        self.count = self.count.saturating_add(1);
        if self.count > limits.members {
            return too_large(format!(
                "more than {} members, at `{}`",
                limits.members,
                paths::shown(&header.name)
            ));
        }
        let bytes = paths::normalized(&header.name)?;
        match header.flag {
            b'5' if header.size == 0 => return Ok(()),
            0 | b'0' | b'7' if bytes.is_empty() => return damaged("a file without a name"),
            0 | b'0' | b'7' => {}
            b'S' => return unsupported(format!("the sparse file `{}`", paths::shown(bytes))),
            b'1'..=b'6' if header.size > 0 => {
                return damaged(format!(
                    "the member `{}` is not a file but has content",
                    paths::shown(bytes)
                ));
            }
            flag => return self.ignore(bytes, &format!("is {}", type_name(flag)), limits),
        }
        let Ok(name) = std::str::from_utf8(bytes).map(str::to_owned) else {
            return self.ignore(bytes, "has a name that is not UTF-8", limits);
        };
        let once = inner_stem(&name).map_or_else(|| name.clone(), |stem| format!("{stem}.tar"));
        if !self.names.insert(once) {
            return damaged(format!("the member `{}` appears twice", paths::shown(bytes)));
        }
        self.members.push(Member { name, offset, size: header.size, modified: header.mtime });
        Ok(())
    }

    /// Home Assistant ignores such members, too.
    fn ignore(&mut self, name: &[u8], why: &str, limits: &Limits) -> Result<()> {
        if self.ignored.len() < limits.reported {
            self.ignored.push(format!("the member `{}` {why}", paths::shown(name)));
        }
        Ok(())
    }

    /// Removes `backup.json` from the members.
    fn manifest(&mut self) -> Result<Member> {
        if let Some(at) = self.members.iter().position(|member| member.name == "backup.json") {
            return Ok(self.members.remove(at));
        }
        let hider = self.members.last().filter(|member| member.is_part());
        damaged(hider.map_or_else(
            || "it has no `backup.json`, so it is not a Home Assistant backup".to_owned(),
            |hider| {
                format!(
                    "it has no `backup.json`, or that is hidden in `{}`, whose header claims to reach byte {}; `larder verify` \
                     finds out where that member ends",
                    paths::shown(hider.name.as_bytes()),
                    hider.end()
                )
            },
        ))
    }
}

/// The members of an archive, as far as they can be found.
struct Scan<R> {
    found: Found,
    source: R,
    end: u64,
    has_end_marker: bool,
    early_stop: Option<String>,
}

impl<R: Read + Seek> Scan<R> {
    fn new(mut source: R, limits: &Limits) -> Result<(Self, Option<ArchiveError>)> {
        let end = source.seek(SeekFrom::End(0))?;
        source.seek(SeekFrom::Start(0))?;
        let mut members = Members::new(source);
        let mut found = Found::default();
        let damage = loop {
            let step = members.next().and_then(|header| match header {
                None => Ok(false),
                Some(header) => {
                    found.add(&header, members.at(), limits)?;
                    members.seek_past(header.size, end).map(|()| true)
                }
            });
            match step {
                Ok(true) => {}
                Ok(false) => break None,
                Err(error) => break Some(error),
            }
        };
        let (end, has_end_marker) = (members.at(), members.has_end_marker());
        let early_stop = members.early_stop().map(str::to_owned);
        Ok((Self { found, source: members.into_source(), end, has_end_marker, early_stop }, damage))
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
        let Self { found, source, end, has_end_marker, early_stop } = self;
        let Found { members, ignored, .. } = found;
        Outer { manifest, members, early_stop, ignored, source, end, has_end_marker }
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

/// The name of an inner tar without its extension. Both extensions mean the same part.
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
