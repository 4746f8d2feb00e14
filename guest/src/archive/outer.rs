//! The outer tar of a backup: its `backup.json`, and where its other members lie.
//!
//! Owns which outer archives are good. Reads headers and `backup.json`, steps over the rest.

use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom, Take};

use super::entry::Instant;
use super::members::{Head, Members};
use super::{Limits, Manifest, Result, damaged, paths, refused, too_large, unsupported};

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
        self.name.ends_with(".tgz") || inner_stem(&self.name).is_some()
    }
}

#[derive(Debug)]
pub struct Outer<R> {
    pub manifest: Manifest,
    /// All but `backup.json`, in the archive's order.
    pub members: Vec<Member>,
    source: R,
}

impl<R: Read + Seek> Outer<R> {
    /// Looks through the archive, which begins at the source's first byte.
    pub fn open(mut source: R, limits: &Limits) -> Result<Self> {
        let end = source.seek(SeekFrom::End(0))?;
        source.seek(SeekFrom::Start(0))?;
        let mut members = Members::new(source);
        let mut found = Found::default();
        while let Some(head) = members.next()? {
            found.add(&head, members.at(), limits)?;
            members.seek_past(head.size, end)?;
        }
        let mut source = members.into_source();
        let (manifest, members) = found.split()?;
        let manifest = Manifest::parse(&content(&mut source, &manifest, limits)?)?;
        Ok(Self { manifest, members, source })
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
            flag => return refused(format!("the member `{}` is {}", paths::shown(bytes), type_name(flag))),
        }
        let Ok(name) = std::str::from_utf8(bytes).map(str::to_owned) else {
            return unsupported(format!("the member name `{}`, which is not UTF-8", paths::shown(bytes)));
        };
        let once = inner_stem(&name).map_or_else(|| name.clone(), |stem| format!("{stem}.tar"));
        if !self.names.insert(once) {
            return damaged(format!("the member `{}` is there twice", paths::shown(bytes)));
        }
        self.members.push(Member { name, offset, size: head.size, modified: head.mtime });
        Ok(())
    }

    fn split(mut self) -> Result<(Member, Vec<Member>)> {
        match self.members.iter().position(|member| member.name == "backup.json") {
            Some(at) => Ok((self.members.remove(at), self.members)),
            None => damaged("it has no `backup.json`; it is no backup of Home Assistant"),
        }
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
        b'5' => "a directory with content".into(),
        b'6' => "a FIFO".into(),
        flag => format!("of the unknown type `{}`", flag.escape_ascii()),
    }
}
