//! Staging what is wanted of an archive, and only that; without a target it only counts.
//!
//! A wanted name of a file whose first name is not wanted becomes an ordinary file: its contents are fetched by walking
//! through the archive once more, since they stand before the name.

use std::collections::HashMap;

use crate::archive::{Entry, Kind, Summary, Visit, shown};
use crate::error::{Failure, Result};
use crate::home::links;
use crate::jobs::space::Need;
use crate::jobs::verify::judge::Burden;
use crate::model::{Amount, Skipped};
use crate::ports::{Target, Writer};

pub struct Staging<'a> {
    wanted: &'a dyn Fn(&[u8]) -> bool,
    writer: Option<Box<dyn Writer>>,
    /// Dropped after its writer.
    target: Option<Box<dyn Target>>,
    burden: Burden,
    pub amount: Amount,
    /// Without a target: what it would take, and whether what comes next belongs to a file that is wanted.
    pub need: Need,
    is_counted: bool,
    /// Paths that were wanted and found, and whether they are directories.
    pub seen: HashMap<Vec<u8>, bool>,
    /// Symbolic links among them, and what they say.
    pub links: HashMap<Vec<u8>, Vec<u8>>,
    /// The last link that was not wanted and stands for something that a home needs.
    pub unwanted_link: Option<Skipped>,
    /// The first name of each file, by its other names.
    first_names: HashMap<Vec<u8>, Vec<u8>>,
    /// Wanted names whose first name is not wanted, by that.
    late: HashMap<Vec<u8>, Vec<Entry>>,
    /// Entries that were seen to their end, and how many are to be seen.
    whole: u64,
    most: u64,
    /// The last one, as long as its content may be incomplete.
    open: Option<Vec<u8>>,
    /// Whether the target refused something: then the archive is not to blame.
    pub is_refused: bool,
}

impl<'a> Staging<'a> {
    pub fn new(target: Option<Box<dyn Target>>, wanted: &'a dyn Fn(&[u8]) -> bool) -> Self {
        Self {
            target,
            wanted,
            writer: None,
            burden: Burden::default(),
            amount: Amount::default(),
            need: Need::default(),
            is_counted: false,
            seen: HashMap::new(),
            links: HashMap::new(),
            unwanted_link: None,
            first_names: HashMap::new(),
            late: HashMap::new(),
            whole: 0,
            most: u64::MAX,
            open: None,
            is_refused: false,
        }
    }

    /// The target, to be committed: nothing is staged any more.
    pub fn take_target(&mut self) -> Option<Box<dyn Target>> {
        self.target.take()
    }

    /// What comes behind so many entries does not matter: [`Self::enough`].
    pub fn up_to(self, most: u64) -> Self {
        Self { most, ..self }
    }

    /// What a walk through an archive came to, once nothing more of it matters.
    pub fn enough(&self, walked: Result<Summary>) -> Result<Summary> {
        match walked {
            Err(_) if self.whole == self.most && !self.is_refused => Ok(Summary::default()),
            walked => walked,
        }
    }

    /// How many entries were seen to their end.
    pub fn whole(&self) -> u64 {
        self.whole
    }

    /// Whether that path was wanted and found, and nothing of it can come later.
    pub fn has_whole(&self, path: &[u8]) -> bool {
        self.seen.get(path) == Some(&false) && self.open.as_deref() != Some(path)
    }

    /// What to walk through the archive with once more, where that is needed.
    pub fn late(&mut self) -> Option<Late<'_, 'a>> {
        self.whole = 0;
        (!self.late.is_empty()).then_some(Late { staging: self, others: Vec::new(), is_open: false })
    }

    fn begin_entry(&mut self) -> Result<()> {
        match self.whole == self.most {
            true => Err(Failure::invalid("enough")),
            false => Ok(()),
        }
    }

    fn pass_over(&mut self, entry: &Entry) {
        if let Kind::Symlink(target) = &entry.kind
            && links::is_important(&entry.path)
        {
            let reason = links::kept_instead(target);
            self.unwanted_link = Some(Skipped { path: shown(&entry.path), reason });
        }
    }

    /// Stages an entry that is no file, or begins one.
    fn stage(&mut self, entry: &Entry) -> Result<()> {
        self.burden.add(entry)?;
        if let Kind::Symlink(target) = &entry.kind {
            self.links.insert(entry.path.clone(), target.clone());
        }
        match entry.kind {
            Kind::Directory => self.amount.directories += 1,
            Kind::Symlink(_) | Kind::HardLink(_) => self.amount.links += 1,
            Kind::File(size) => {
                self.amount.files += 1;
                self.amount.bytes += size;
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
        self.judged(staged)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        if self.is_counted {
            self.need.data(bytes);
        }
        let written = self.writer.as_ref().map_or(Ok(()), |writer| writer.append(bytes));
        self.judged(written)
    }

    fn finish(&mut self) -> Result<()> {
        self.is_counted = false;
        let finished = self.writer.take().map_or(Ok(()), |writer| writer.finish());
        self.judged(finished)
    }

    fn judged(&mut self, staged: crate::ports::Outcome<()>) -> Result<()> {
        self.is_refused |= staged.is_err();
        Ok(staged?)
    }
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
                    self.late.entry(first.clone()).or_default().push(entry);
                }
                _ => self.stage(&entry)?,
            }
        } else {
            self.pass_over(&entry);
        }
        self.whole += u64::from(!is_file);
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        self.append(bytes)
    }

    fn end_file(&mut self) -> Result<()> {
        self.finish()?;
        self.whole += 1;
        self.open = None;
        Ok(())
    }
}

/// Stages the contents of files whose first name is not wanted, under the names that are.
pub struct Late<'s, 'a> {
    staging: &'s mut Staging<'a>,
    /// More names of the file that is being staged.
    others: Vec<Entry>,
    is_open: bool,
}

impl Visit for Late<'_, '_> {
    type Error = Failure;

    fn entry(&mut self, entry: &Entry) -> Result<()> {
        self.staging.begin_entry()?;
        let is_file = matches!(entry.kind, Kind::File(_));
        self.staging.whole += u64::from(!is_file);
        let names = if is_file { self.staging.late.remove(&entry.path) } else { None };
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
        self.staging.whole += 1;
        if std::mem::take(&mut self.is_open) {
            self.staging.finish()?;
        }
        std::mem::take(&mut self.others).iter().try_for_each(|name| self.staging.stage(name))
    }
}
