//! Staging: writes the wanted entries of an archive to a target, or only counts them if there is no target.
//!
//! A hard link follows the contents of its file. If the link is wanted and the file's first name is not, the link becomes an
//! ordinary file, and a second walk through the archive fetches its contents.

use std::collections::HashMap;

use crate::archive::{Entry, Kind, Summary, Visit, shown};
use crate::error::{Failure, Result};
use crate::home::links;
use crate::jobs::part::{Part, walk_part};
use crate::jobs::restore_memory::RestoreMemory;
use crate::jobs::space::Need;
use crate::model::{Skipped, Totals};
use crate::ports::{Host, Outcome, Target, Writer};
use crate::progress::Progress;
use crate::stored_archive::Archive;

/// A visitor that stages the entries that `wanted` accepts.
pub struct Staging<'a> {
    wanted: &'a dyn Fn(&[u8]) -> bool,
    writer: Option<Box<dyn Writer>>,
    /// Dropped after its writer.
    target: Option<Box<dyn Target>>,
    memory: RestoreMemory,
    pub totals: Totals,
    /// Without a target: the space that staging would need.
    pub need: Need,
    /// Without a target: whether the data that comes next belongs to a wanted file.
    is_counted: bool,
    /// Paths that were wanted and found, and whether they are directories.
    pub seen: HashMap<Vec<u8>, bool>,
    /// Symbolic links among them, and their targets.
    pub links: HashMap<Vec<u8>, Vec<u8>>,
    /// The last unwanted link that replaces something a home needs.
    pub unwanted_link: Option<Skipped>,
    /// The first name of each file with several names, by its other names.
    first_names: HashMap<Vec<u8>, Vec<u8>>,
    /// Wanted names of files whose first name is not wanted, by that first name.
    second_pass: HashMap<Vec<u8>, Vec<Entry>>,
    /// Entries that were read completely.
    complete: u64,
    /// How many entries to read.
    limit: u64,
    /// The path of the current file, until its content was read completely.
    open: Option<Vec<u8>>,
    /// Whether the target refused something, so that the archive is not the cause of the failure.
    pub is_refused: bool,
}

impl<'a> Staging<'a> {
    pub fn new(target: Option<Box<dyn Target>>, wanted: &'a dyn Fn(&[u8]) -> bool) -> Self {
        Self {
            target,
            wanted,
            writer: None,
            memory: RestoreMemory::default(),
            totals: Totals::default(),
            need: Need::default(),
            is_counted: false,
            seen: HashMap::new(),
            links: HashMap::new(),
            unwanted_link: None,
            first_names: HashMap::new(),
            second_pass: HashMap::new(),
            complete: 0,
            limit: u64::MAX,
            open: None,
            is_refused: false,
        }
    }

    /// Takes the target out, to be committed. Nothing can be staged after that.
    pub fn take_target(&mut self) -> Option<Box<dyn Target>> {
        self.target.take()
    }

    /// Stages only the first entries, up to that number, and ignores the rest: [`Self::result`].
    pub fn up_to(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    /// The result of a walk through an archive. Damage after the last entry to stage is ignored.
    pub fn result(&self, walked: Result<Summary>) -> Result<Summary> {
        match walked {
            Err(_) if self.complete == self.limit && !self.is_refused => Ok(Summary::default()),
            walked => walked,
        }
    }

    /// How many entries were read completely.
    pub fn complete(&self) -> u64 {
        self.complete
    }

    /// Whether that path is a wanted file or link, and was read completely.
    pub fn has_complete(&self, path: &[u8]) -> bool {
        self.seen.get(path) == Some(&false) && self.open.as_deref() != Some(path)
    }

    /// The visitor for a second walk through the archive. `None` if one walk was enough.
    pub fn second_pass(&mut self) -> Option<SecondPass<'_, 'a>> {
        self.complete = 0;
        (!self.second_pass.is_empty()).then_some(SecondPass {
            staging: self,
            others: Vec::new(),
            is_open: false,
        })
    }

    fn begin_entry(&mut self) -> Result<()> {
        match self.complete == self.limit {
            true => Err(Failure::invalid("all entries to stage were read")),
            false => Ok(()),
        }
    }

    fn note_unwanted(&mut self, entry: &Entry) {
        if let Kind::Symlink(target) = &entry.kind
            && links::is_important(&entry.path)
        {
            let reason = links::kept_instead(target);
            self.unwanted_link = Some(Skipped { path: shown(&entry.path), reason });
        }
    }

    /// Stages a directory or link, or begins a file.
    fn stage(&mut self, entry: &Entry) -> Result<()> {
        self.memory.add(entry)?;
        if let Kind::Symlink(target) = &entry.kind {
            self.links.insert(entry.path.clone(), target.clone());
        }
        match entry.kind {
            Kind::Directory => self.totals.directories += 1,
            Kind::Symlink(_) | Kind::HardLink(_) => self.totals.links += 1,
            Kind::File(size) => {
                self.totals.files += 1;
                self.totals.bytes += size;
            }
        }
        let Some(target) = &self.target else {
            self.need.entry();
            self.is_counted = matches!(entry.kind, Kind::File(_));
            return Ok(());
        };
        let staged = match entry.kind {
            Kind::File(_) => target.add_file(entry).map(|writer| self.writer = Some(writer)),
            _ => target.add(entry),
        };
        self.note_refusal(staged)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        if self.is_counted {
            self.need.data(bytes);
        }
        let written = self.writer.as_ref().map_or(Ok(()), |writer| writer.append(bytes));
        self.note_refusal(written)
    }

    fn finish(&mut self) -> Result<()> {
        self.is_counted = false;
        let finished = self.writer.take().map_or(Ok(()), |writer| writer.finish());
        self.note_refusal(finished)
    }

    fn note_refusal(&mut self, staged: Outcome<()>) -> Result<()> {
        self.is_refused |= staged.is_err();
        Ok(staged?)
    }
}

/// Walks through a part and stages what is wanted. If contents have to be fetched for hard links, it walks twice.
pub fn stage_all(
    host: &dyn Host,
    outer: &mut Archive<'_>,
    part: &mut Part,
    name: &str,
    mut progress: Progress<'_>,
    staging: &mut Staging<'_>,
) -> Result<Summary> {
    let walked = walk_part(host, outer, part, name, &mut progress, staging);
    let summary = staging.result(walked)?;
    if let Some(mut second_pass) = staging.second_pass() {
        let walked = walk_part(host, outer, part, name, &mut progress, &mut second_pass);
        staging.result(walked)?;
    }
    progress.finish();
    Ok(summary)
}

impl Visit for Staging<'_> {
    type Error = Failure;

    fn entry(&mut self, entry: &Entry) -> Result<()> {
        self.begin_entry()?;
        let mut entry = entry.clone();
        if let Kind::HardLink(other) = &mut entry.kind {
            if let Some(first) = self.first_names.get(other.as_slice()) {
                other.clone_from(first);
            }
            self.first_names.insert(entry.path.clone(), other.clone());
        }
        let is_file = matches!(entry.kind, Kind::File(_));
        self.open = is_file.then(|| entry.path.clone());
        if (self.wanted)(&entry.path) {
            self.seen.insert(entry.path.clone(), entry.kind == Kind::Directory);
            match &entry.kind {
                Kind::HardLink(first) if !self.seen.contains_key(first) => {
                    self.second_pass.entry(first.clone()).or_default().push(entry);
                }
                _ => self.stage(&entry)?,
            }
        } else {
            self.note_unwanted(&entry);
        }
        self.complete += u64::from(!is_file);
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        self.append(bytes)
    }

    fn end_file(&mut self) -> Result<()> {
        self.finish()?;
        self.complete += 1;
        self.open = None;
        Ok(())
    }
}

/// Stages the contents of files whose first name is not wanted, under their wanted names.
pub struct SecondPass<'s, 'a> {
    staging: &'s mut Staging<'a>,
    /// The other wanted names of the current file.
    others: Vec<Entry>,
    is_open: bool,
}

impl Visit for SecondPass<'_, '_> {
    type Error = Failure;

    fn entry(&mut self, entry: &Entry) -> Result<()> {
        self.staging.begin_entry()?;
        let is_file = matches!(entry.kind, Kind::File(_));
        self.staging.complete += u64::from(!is_file);
        let names = if is_file { self.staging.second_pass.remove(&entry.path) } else { None };
        let mut names = names.unwrap_or_default().into_iter();
        let Some(first) = names.next() else { return Ok(()) };
        self.is_open = true;
        self.others = names.map(|name| Entry { kind: Kind::HardLink(first.path.clone()), ..name }).collect();
        self.staging.stage(&Entry { kind: entry.kind.clone(), ..first })
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        if self.is_open { self.staging.append(bytes) } else { Ok(()) }
    }

    fn end_file(&mut self) -> Result<()> {
        self.staging.complete += 1;
        if std::mem::take(&mut self.is_open) {
            self.staging.finish()?;
        }
        std::mem::take(&mut self.others).iter().try_for_each(|name| self.staging.stage(name))
    }
}
