//! Puts the staged state in place, name by name, by renaming only; what fails on the way is undone.
//!
//! Every step looks at the file system for what is done already, so that the same call finishes what a cut left, any
//! number of times. It refuses to delete anything: what it takes away stays in `old/` until the plan is done.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::area::{DONE, NEW, OLD, PLAN, Place};
use super::journal::{Item, Plan};
use super::losses::Losses;
use super::metadata::{Context, Metadata};
use super::remove::{exists, open_directory};
use crate::disk::durable::unless_refused;
use crate::disk::retry::retry;
use crate::error::{Doing, Error, Result, reason};
use crate::model::{RESERVED_PREFIX, shown};
use crate::steps::Steps;

/// The directory's state after a swap that did not stop half-way.
pub(super) enum Outcome {
    /// Everything is in place.
    New,
    /// Everything is as it was, and why.
    Old(Error),
}

/// Follows the plan to its end, or back. An error means that neither was possible: the plan stays in force.
pub(super) fn run(place: &Place, plan: &Plan, steps: &Steps) -> Result<Outcome> {
    let swap = Swap { place, new: place.part(NEW)?, old: place.part(OLD)?, steps };
    let Err(why) = swap.forward(plan) else { return Ok(Outcome::New) };
    match swap.backward(plan) {
        Ok(()) => Ok(Outcome::Old(why)),
        Err(second) => Err(Error::Io(format!(
            "{why}; and then {second}. The restore stopped half-way: put right what the system complains about, then start \
             again, and it is completed; until then use nothing in {}",
            place.name
        ))),
    }
}

/// Gives the directory its own metadata, as far as we may. Its owner always keeps the use of it.
pub(super) fn finish_root(place: &Place, root: Option<&Metadata>) -> Result<()> {
    let Some(mut metadata) = root.cloned() else { return Ok(()) };
    metadata.mode |= Mode::RWXU.as_raw_mode();
    // It may be somebody else's, who decides about it.
    let context = Context { losses: &Losses::default(), path: b"", keep_setuid: false };
    let doing = || format!("cannot set mode, owner and time of {}", place.name);
    metadata.apply(&place.directory, context).doing(doing)
}

struct Swap<'a> {
    place: &'a Place,
    new: OwnedFd,
    old: OwnedFd,
    steps: &'a Steps,
}

impl Swap<'_> {
    fn forward(&self, plan: &Plan) -> Result<()> {
        for item in &plan.items {
            self.exchange(item).map_err(|error| self.stopped(item, error))?;
        }
        self.steps.at("restore: make the swap durable");
        self.sync()?;
        self.steps.at("restore: set the directory's metadata");
        finish_root(self.place, plan.root.as_ref())?;
        for item in &plan.items {
            self.set_late_mode(item).map_err(|error| self.stopped(item, error))?;
        }
        let doing = || format!("cannot end the restore into {}", self.place.name);
        self.place.sync(&self.place.directory).doing(doing)?;
        self.steps.at("restore: mark the plan as done");
        let staging = &self.place.staging;
        rename(staging, PLAN, staging, DONE).doing(doing)?;
        self.steps.at("restore: make the mark durable");
        self.place.sync(staging).doing(doing)
    }

    fn exchange(&self, item: &Item) -> rustix::io::Result<()> {
        let name = item.name.as_slice();
        let waits = exists(&self.new, name)?;
        if item.new && !waits {
            return Ok(());
        }
        if item.old && !exists(&self.old, name)? {
            self.steps.at(&format!("restore: take {} away", shown(name)));
            absent_is_fine(rename(&self.place.directory, name, &self.old, name))?;
        }
        if item.new {
            self.steps.at(&format!("restore: place {}", shown(name)));
            self.put(&self.new, item)?;
        }
        Ok(())
    }

    /// Undoes what `forward` did, whatever it reached.
    fn backward(&self, plan: &Plan) -> Result<()> {
        // The mark may be there although it could not be made durable.
        let staging = &self.place.staging;
        absent_is_fine(rename(staging, DONE, staging, PLAN))
            .doing(|| format!("cannot undo the restore into {}", self.place.name))?;
        for item in plan.items.iter().rev() {
            self.put_back(item).map_err(|error| self.stopped(item, error))?;
        }
        self.steps.at("restore: make the undoing durable");
        self.sync()?;
        self.steps.at("restore: forget the plan");
        self.place.forget_plan()
    }

    fn put_back(&self, item: &Item) -> rustix::io::Result<()> {
        let name = item.name.as_slice();
        if item.new && !exists(&self.new, name)? {
            self.steps.at(&format!("restore: take {} back", shown(name)));
            absent_is_fine(rename(&self.place.directory, name, &self.new, name))?;
        }
        if item.old && exists(&self.old, name)? {
            self.steps.at(&format!("restore: put {} back", shown(name)));
            self.put(&self.old, item)?;
        }
        Ok(())
    }

    /// Renames into the directory. What somebody put there meanwhile goes to `old/` if that name is to be replaced.
    fn put(&self, from: &OwnedFd, item: &Item) -> rustix::io::Result<()> {
        let name = item.name.as_slice();
        match self.rename_new(from, name) {
            Err(Errno::EXIST) if item.old => {
                self.put_aside(name)?;
                self.rename_new(from, name)
            }
            other => other,
        }
    }

    fn rename_new(&self, from: &OwnedFd, name: &[u8]) -> rustix::io::Result<()> {
        let directory = &self.place.directory;
        match retry(|| renameat_with(from, name, directory, name, RenameFlags::NOREPLACE)) {
            // Not every file system can; then look first.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) if exists(directory, name)? => {
                Err(Errno::EXIST)
            }
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => rename(from, name, directory, name),
            other => other,
        }
    }

    /// Under a reserved name, which no item has.
    fn put_aside(&self, name: &[u8]) -> rustix::io::Result<()> {
        for number in 0_u32.. {
            let aside = [RESERVED_PREFIX, number.to_string().as_bytes()].concat();
            if !exists(&self.old, &aside)? {
                return rename(&self.place.directory, name, &self.old, &aside);
            }
        }
        Err(Errno::EXIST)
    }

    fn set_late_mode(&self, item: &Item) -> rustix::io::Result<()> {
        let Some(mode) = item.late_mode else { return Ok(()) };
        match open_directory(&self.place.directory, &item.name) {
            // Set before a cut already, so that it cannot be opened any more.
            Err(Errno::ACCESS) => Ok(()),
            // What the file system does not keep was noted when it was staged.
            directory => {
                unless_refused(rustix::fs::fchmod(directory?.as_fd(), Mode::from_raw_mode(mode))).map(drop)
            }
        }
    }

    fn sync(&self) -> Result<()> {
        for fd in [&self.old, &self.new, &self.place.directory, &self.place.staging] {
            self.place
                .sync(fd)
                .doing(|| format!("cannot make the restore into {} durable", self.place.name))?;
        }
        Ok(())
    }

    fn stopped(&self, item: &Item, error: Errno) -> Error {
        let name = shown(&item.name);
        if error == Errno::EXIST {
            return Error::Exists(format!(
                "{name} appeared in {} during the restore: stop what writes there",
                self.place.name
            ));
        }
        let text = reason(&error.into());
        Error::Io(format!(
            "cannot swap {name} in {}: {text} (is it somebody else's, mounted or protected?)",
            self.place.name
        ))
    }
}

fn rename(from: &OwnedFd, name: &[u8], to: &OwnedFd, new: &[u8]) -> rustix::io::Result<()> {
    retry(|| rustix::fs::renameat(from, name, to, new))
}

fn absent_is_fine(outcome: rustix::io::Result<()>) -> rustix::io::Result<()> {
    match outcome {
        Err(Errno::NOENT) => Ok(()),
        other => other,
    }
}
