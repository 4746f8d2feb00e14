//! The dry run of a restore: finds what would prevent staging and committing it, as far as that can be known. Changes
//! nothing.

use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, accessat, openat};

use super::Options;
use super::area::StagingArea;
use super::remove::names;
use super::rules::Rules;
use super::space::Budget;
use super::target::refuse_databases_in_use;
use crate::error::{Doing, Result};
use crate::model::{Scope, shown};

/// Runs the checks of [`super::Target::open`] and of its commit. Returns the number of bytes that could be written.
pub fn dry_run(options: &Options, scope: Scope, force: bool) -> Result<u64> {
    let given = &options.directory;
    let adds = matches!(scope, Scope::Add);
    // A new directory would be created below its nearest existing ancestor.
    let nearest = given.ancestors().find(|path| path.exists()).filter(|_| adds).unwrap_or(given);
    let directory = nearest.canonicalize().doing(|| format!("cannot restore into {}", given.display()))?;
    if nearest == given {
        StagingArea::existing(&directory)?;
    }
    let rules = Rules::new(directory.clone(), given, &options.keep, scope)?;
    rules.refuse_mounts()?;
    if rules.replaces_something() && !force {
        refuse_databases_in_use(&directory)?;
    }
    let what = || match nearest == given {
        true => format!("cannot stage a restore in {}", directory.display()),
        false => format!("cannot create {}", given.display()),
    };
    check_may_write(&directory).doing(what)?;
    check_may_replace(&directory, &rules)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = openat(CWD, &directory, flags, Mode::empty()).doing(what)?;
    Ok(Budget::new(opened, options.reserve)?.available())
}

fn check_may_write(directory: &Path) -> rustix::io::Result<()> {
    accessat(CWD, directory, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)
}

/// Renaming a directory to another parent needs write permission for the directory itself.
fn check_may_replace(directory: &Path, rules: &Rules) -> Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let doing = || format!("cannot read {}", directory.display());
    let opened = openat(CWD, directory, flags, Mode::empty()).doing(doing)?;
    for name in names(opened.as_fd()).doing(doing)?.iter().filter(|name| rules.replaces(name)) {
        let path = directory.join(std::ffi::OsStr::from_bytes(name));
        if path.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            let may = accessat(CWD, &path, Access::WRITE_OK, AtFlags::EACCESS);
            may.doing(|| format!("cannot replace {} in {}", shown(name), directory.display()))?;
        }
    }
    Ok(())
}
