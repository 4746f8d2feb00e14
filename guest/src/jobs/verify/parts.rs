//! Reads every part of a backup to its end: the home, add-ons, folders and any other inner tar.
//!
//! Collects what is damaged and keeps nothing of what it reads.

use crate::archive::{Base, Entry, Limits, Member, Summary, Visit, check_inflated, shown, walk_inflated};
use crate::error::{Failure, Result};
use crate::jobs::part::{Part, read_part, unlock_home, unlock_part};
use crate::jobs::restore_memory::RestoreMemory;
use crate::ports::Host;
use crate::progress::Progress;
use crate::protection::{self, Unlock};
use crate::securetar::Keys;
use crate::stored_archive::Archive;

/// Reads the parts of a backup one after the other. A damaged part does not stop the others from being read.
pub struct PartVerifier<'a> {
    host: &'a dyn Host,
    name: &'a str,
    progress: Progress<'a>,
    pub home: Option<Summary>,
    /// Other parts that are intact.
    pub names: Vec<String>,
    pub notes: Vec<String>,
    pub damaged: Vec<(String, Failure)>,
}

/// Opens the parts of a backup, all with the same password.
pub struct PartOpener<'a> {
    unlock: &'a Unlock,
    unlocked: Option<Keys>,
    /// The label of the key that opened the home's part, or the first protected part.
    pub label: Option<String>,
    /// How the password that opened it differs from the given one, as a sentence.
    pub note: Option<String>,
}

impl<'a> PartVerifier<'a> {
    pub fn new(host: &'a dyn Host, outer: &Archive<'_>, name: &'a str) -> Self {
        let parts = outer.members.iter().filter(|member| member.is_part());
        let progress = Progress::new(host, "verify", parts.map(|member| member.size).sum());
        let (names, notes, damaged) = (Vec::new(), Vec::new(), Vec::new());
        Self { host, name, progress, home: None, names, notes, damaged }
    }

    /// Reads the home's part, if there is one.
    pub fn home(&mut self, outer: &mut Archive<'_>, opener: &mut PartOpener<'_>) -> Result<()> {
        if outer.home().is_none() {
            return Ok(());
        }
        let mut home = unlock_home(outer, opener.unlock, self.name)?;
        let mut visit = MemoryCheck::default();
        let read = read_part(self.host, outer, &mut home, &mut self.progress, |source| {
            walk_inflated(source, Base::Home, &Limits::default(), &mut visit)
        });
        (opener.unlocked, opener.label, opener.note) = (home.keys, home.label, home.note);
        match read {
            Ok(summary) => {
                self.notes.extend(named(&home.member, &summary.notes));
                self.home = Some(summary);
            }
            Err(failure) => self.damaged.push((home.member.name.clone(), failure)),
        }
        Ok(())
    }

    /// Reads all parts but the home's.
    pub fn others(&mut self, outer: &mut Archive<'_>, opener: &mut PartOpener<'_>) -> Result<()> {
        let home = outer.home().cloned();
        let is_other = |member: &&Member| member.is_part() && home.as_ref() != Some(*member);
        for member in outer.members.clone().iter().filter(is_other) {
            let mut part = opener.open(outer, member.clone(), self.name)?;
            let read = read_part(self.host, outer, &mut part, &mut self.progress, |source| {
                Ok(check_inflated(source)?)
            });
            opener.unlocked = part.keys.or(opener.unlocked.take());
            match read {
                Ok(checked) => {
                    self.notes.extend(named(member, &checked.notes));
                    self.names.push(member.name.clone());
                }
                Err(failure) => self.damaged.push((member.name.clone(), failure)),
            }
        }
        Ok(())
    }

    /// Ends the reading. Fails if parts are damaged, and then names them all, and says whether the home is intact.
    pub fn finish(self) -> Result<Self> {
        self.progress.finish();
        let Some((first, failure)) = self.damaged.first() else { return Ok(self) };
        let about = |(member, failure): &(String, Failure)| match failure.message.contains(member) {
            true => failure.message.clone(),
            false => format!("{}: {}", shown(member.as_bytes()), failure.message),
        };
        // With the home as the only part, its name adds nothing.
        let is_home_alone =
            self.damaged.len() == 1 && self.names.is_empty() && first.starts_with("homeassistant.");
        let mut message = match is_home_alone {
            true => failure.message.clone(),
            false => self.damaged.iter().map(about).collect::<Vec<_>>().join("; "),
        };
        if self.home.is_some() {
            message += "; the Home Assistant configuration in it is intact";
        }
        Err(Failure { code: failure.code.clone(), message: format!("{}: {message}", self.name) })
    }
}

impl<'a> PartOpener<'a> {
    pub fn new(unlock: &'a Unlock) -> Self {
        Self { unlock, unlocked: None, label: None, note: None }
    }

    fn open(&mut self, outer: &mut Archive<'_>, member: Member, name: &str) -> Result<Part> {
        match (protection::version_of(outer, &member)?, self.unlocked.take()) {
            (Some(_), Some(keys)) => Ok(Part { member, keys: Some(keys), label: None, note: None }),
            (_, keys) => {
                let part = unlock_part(outer, member, self.unlock, name)?;
                self.unlocked = keys;
                self.label = self.label.take().or(part.label.clone());
                self.note = self.note.take().or(part.note.clone());
                Ok(part)
            }
        }
    }
}

/// Notes, prefixed with the name of their part.
fn named(member: &Member, notes: &[String]) -> Vec<String> {
    notes.iter().map(|note| format!("{}: {note}", shown(member.name.as_bytes()))).collect()
}

/// Counts the memory that a restore of the part would need.
#[derive(Default)]
struct MemoryCheck(RestoreMemory);

impl Visit for MemoryCheck {
    type Error = Failure;

    fn entry(&mut self, entry: &Entry) -> Result<()> {
        self.0.add(entry)
    }

    fn data(&mut self, _bytes: &[u8]) -> Result<()> {
        Ok(())
    }

    fn end_file(&mut self) -> Result<()> {
        Ok(())
    }
}
