//! The swap: puts the staged state in place, name by name, with renames only, and rolls back when one fails.
//!
//! Every step checks the file system for what was already done, so the same call resumes an interrupted swap, any
//! number of times. It deletes nothing: what it moves away stays in `old/` until the swap is done.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::area::{DONE, JOURNAL, NEW, OLD, StagingArea};
use super::journal::{Item, Journal};
use super::metadata::{Context, Metadata};
use super::remove::{exists, ignore_absent, open_directory};
use super::warnings::Warnings;
use crate::disk::durable::unless_refused;
use crate::disk::retry::retry;
use crate::error::{Doing, Error, Result, reason};
use crate::model::{RESERVED_PREFIX, shown};
use crate::steps::Steps;

/// The directory's state after a swap that did not stop half-way.
pub(super) enum Outcome {
    /// Everything is in place.
    Completed,
    /// Everything is as it was before, and why.
    RolledBack(Error),
}

/// Follows the journal to its end, or back. An error means that neither was possible; the journal then stays in force.
pub(super) fn run(area: &StagingArea, journal: &Journal, steps: &Steps) -> Result<Outcome> {
    let swap = Swap { area, new: area.subdirectory(NEW)?, old: area.subdirectory(OLD)?, steps };
    let Err(why) = swap.apply(journal) else { return Ok(Outcome::Completed) };
    match swap.roll_back(journal) {
        Ok(()) => Ok(Outcome::RolledBack(why)),
        Err(second) => Err(Error::Io(format!(
            "{why}; and then {second}. The restore stopped half-way: fix the reported problem, then start Larder \
             again to complete it; until then, use nothing in {}",
            area.name
        ))),
    }
}

/// Sets the directory's own metadata, as far as permitted. Its owner always keeps access.
pub(super) fn finish_root(area: &StagingArea, root: Option<&Metadata>) -> Result<()> {
    let Some(mut metadata) = root.cloned() else { return Ok(()) };
    metadata.mode |= Mode::RWXU.as_raw_mode();
    // The directory may belong to someone else, who decides about it, so there are no warnings.
    let context = Context { warnings: &Warnings::default(), path: b"", keep_setuid: false };
    let doing = || format!("cannot set mode, owner and time of {}", area.name);
    metadata.apply(&area.directory, context).doing(doing)
}

struct Swap<'a> {
    area: &'a StagingArea,
    new: OwnedFd,
    old: OwnedFd,
    steps: &'a Steps,
}

impl Swap<'_> {
    fn apply(&self, journal: &Journal) -> Result<()> {
        for item in &journal.items {
            self.swap_item(item).map_err(|error| self.explain(item, error))?;
        }
        self.steps.at("restore: make the swap durable");
        self.sync()?;
        self.steps.at("restore: set the directory's metadata");
        finish_root(self.area, journal.root.as_ref())?;
        for item in &journal.items {
            self.set_late_mode(item).map_err(|error| self.explain(item, error))?;
        }
        let doing = || format!("cannot finish the restore into {}", self.area.name);
        self.area.sync(&self.area.directory).doing(doing)?;
        self.steps.at("restore: mark the plan as done");
        let staging = &self.area.staging;
        rename(staging, JOURNAL, staging, DONE).doing(doing)?;
        self.steps.at("restore: make the mark durable");
        self.area.sync(staging).doing(doing)
    }

    fn swap_item(&self, item: &Item) -> rustix::io::Result<()> {
        let name = item.name.as_slice();
        let is_staged = exists(&self.new, name)?;
        if item.new && !is_staged {
            return Ok(());
        }
        if item.old && !exists(&self.old, name)? {
            self.steps.at(&format!("restore: take {} away", shown(name)));
            ignore_absent(rename(&self.area.directory, name, &self.old, name))?;
        }
        if item.new {
            self.steps.at(&format!("restore: place {}", shown(name)));
            self.move_in(&self.new, item)?;
        }
        Ok(())
    }

    /// Undoes whatever `apply` did.
    fn roll_back(&self, journal: &Journal) -> Result<()> {
        // The journal may already be marked as done although that could not be made durable.
        let staging = &self.area.staging;
        ignore_absent(rename(staging, DONE, staging, JOURNAL))
            .doing(|| format!("cannot undo the restore into {}", self.area.name))?;
        for item in journal.items.iter().rev() {
            self.put_back(item).map_err(|error| self.explain(item, error))?;
        }
        self.steps.at("restore: make the undoing durable");
        self.sync()?;
        self.steps.at("restore: forget the plan");
        self.area.remove_journal()
    }

    fn put_back(&self, item: &Item) -> rustix::io::Result<()> {
        let name = item.name.as_slice();
        if item.new && !exists(&self.new, name)? {
            self.steps.at(&format!("restore: take {} back", shown(name)));
            ignore_absent(rename(&self.area.directory, name, &self.new, name))?;
        }
        if item.old && exists(&self.old, name)? {
            self.steps.at(&format!("restore: put {} back", shown(name)));
            self.move_in(&self.old, item)?;
        }
        Ok(())
    }

    /// Renames into the directory. If another program has created that name in the meantime and it is to be replaced,
    /// it is moved to `old/`.
    fn move_in(&self, from: &OwnedFd, item: &Item) -> rustix::io::Result<()> {
        let name = item.name.as_slice();
        match self.rename_without_replacing(from, name) {
            Err(Errno::EXIST) if item.old => {
                self.move_aside(name)?;
                self.rename_without_replacing(from, name)
            }
            other => other,
        }
    }

    fn rename_without_replacing(&self, from: &OwnedFd, name: &[u8]) -> rustix::io::Result<()> {
        let directory = &self.area.directory;
        match retry(|| renameat_with(from, name, directory, name, RenameFlags::NOREPLACE)) {
            // Not every file system supports this rename; then look first.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) if exists(directory, name)? => {
                Err(Errno::EXIST)
            }
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => rename(from, name, directory, name),
            other => other,
        }
    }

    /// Moves a name to `old/` under a reserved name, which no item has.
    fn move_aside(&self, name: &[u8]) -> rustix::io::Result<()> {
        for number in 0_u32.. {
            let aside = [RESERVED_PREFIX, number.to_string().as_bytes()].concat();
            if !exists(&self.old, &aside)? {
                return rename(&self.area.directory, name, &self.old, &aside);
            }
        }
        Err(Errno::EXIST)
    }

    fn set_late_mode(&self, item: &Item) -> rustix::io::Result<()> {
        let Some(mode) = item.late_mode else { return Ok(()) };
        match open_directory(&self.area.directory, &item.name) {
            // The mode was set before an interruption, so the directory cannot be opened any more.
            Err(Errno::ACCESS) => Ok(()),
            // A warning about what the file system does not keep was added when the directory was staged.
            directory => {
                unless_refused(rustix::fs::fchmod(directory?.as_fd(), Mode::from_raw_mode(mode))).map(drop)
            }
        }
    }

    fn sync(&self) -> Result<()> {
        for fd in [&self.old, &self.new, &self.area.directory, &self.area.staging] {
            self.area
                .sync(fd)
                .doing(|| format!("cannot make the restore into {} durable", self.area.name))?;
        }
        Ok(())
    }

    fn explain(&self, item: &Item, error: Errno) -> Error {
        let name = shown(&item.name);
        if error == Errno::EXIST {
            return Error::Exists(format!(
                "{name} was created in {} during the restore: stop the program that writes there",
                self.area.name
            ));
        }
        let text = reason(&error.into());
        Error::Io(format!(
            "cannot replace {name} in {}: {text} (does it belong to another user, is it a mount point or write-protected?)",
            self.area.name
        ))
    }
}

fn rename(from: &OwnedFd, name: &[u8], to: &OwnedFd, new: &[u8]) -> rustix::io::Result<()> {
    retry(|| rustix::fs::renameat(from, name, to, new))
}
