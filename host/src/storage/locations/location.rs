//! The traits that a storage protocol implements to become a location. They are [`Location`], and [`Draft`] for objects that
//! it writes.
//!
//! `wit/storage.wit` states the same promises to plugins. A location stores named objects and never looks inside them; it has no
//! knowledge of backups, retention or schedules. To add a protocol:
//!
//! 1. Write a file next to this one with a type that implements `Location`. Its `draft` returns a type that implements `Draft`.
//! 2. Choose an id of the form `domain.unique_id`, and keep it: settings and backups refer to it.
//! 3. Create the location in `assemble`, where the list of locations is put together.
//!
//! A protocol that reaches another machine belongs into the crate `larder-remote`; `remote` makes a location of it.
//!
//! Methods may block, and any number of threads may call them at once. Errors say what happened to which object, then what to do.

use larder_remote::Stop;

use super::reader::ObjectReader;
use super::types::{Draft, Knowledge, Object, Stored};
use super::whole;
use crate::error::{Error, Result};
use crate::steps::Steps;

/// The longest name of an object, in bytes: what file systems allow.
const MAX_NAME: usize = 255;

/// A location, where backups are stored.
pub trait Location: Send + Sync {
    /// The stable id, `domain.unique_id`.
    fn id(&self) -> &str;

    /// The name that users see.
    fn name(&self) -> &str;

    /// Whether objects can be stored and deleted here.
    fn is_writable(&self) -> bool;

    /// Free bytes; `None` when the location does not say.
    fn available(&self) -> Option<u64>;

    /// How backups lie here. The host does not interpret it.
    fn layout(&self) -> &str {
        "local"
    }

    /// The directory of the objects as a login of its own sees it; empty where no layout needs it.
    fn directory(&self) -> &str {
        ""
    }

    /// The id of the Home Assistant agent whose settings apply here.
    fn adopts(&self) -> Option<&str> {
        None
    }

    /// Whether calls may wait for another machine.
    fn is_remote(&self) -> bool {
        false
    }

    /// What is remembered. Never waits.
    fn knowledge(&self) -> Knowledge {
        Knowledge::default()
    }

    /// The objects as they were listed last. Never waits.
    fn remembered(&self) -> Result<Vec<Object>> {
        self.objects()
    }

    /// Reads small objects whole, in the order of their names.
    fn read_small(&self, names: &[String], _stop: &Stop) -> Vec<Result<Vec<u8>>> {
        names.iter().map(|name| whole::read(&self.open(name)?, name)).collect()
    }

    /// Stores a copy of an object, and proves it. `progress` gets the bytes that are stored so far.
    fn store(
        &self,
        name: &str,
        source: &ObjectReader,
        steps: &Steps,
        progress: &(dyn Fn(u64) + Sync),
        stop: &Stop,
    ) -> Result<Stored> {
        whole::store(self.draft(name, steps)?, name, source, progress, stop)
    }

    /// Stores a small object, and reads it back.
    fn put(&self, name: &str, bytes: &[u8], steps: &Steps, _stop: &Stop) -> Result<()> {
        whole::put(self.draft(name, steps)?, name, bytes)
    }

    /// Gives up interrupted uploads except those of the `wanted` names. Says what was removed.
    fn clean(&self, _wanted: &[String], _stop: &Stop) -> Vec<String> {
        Vec::new()
    }

    /// Tries what can be done here, and says what was seen.
    fn test(&self, steps: &Steps, stop: &Stop) -> Vec<larder_remote::Check>;

    /// All complete objects. Drafts, and files that are not objects, are not listed.
    fn objects(&self) -> Result<Vec<Object>>;

    /// Opens an object for reading.
    fn open(&self, name: &str) -> Result<ObjectReader>;

    /// Deletes an object.
    fn delete(&self, name: &str) -> Result<()>;

    /// Begins a new object. Fails with `Exists` when the name is taken. The object is not listed before it is published.
    fn draft(&self, name: &str, steps: &Steps) -> Result<Box<dyn Draft>>;

    /// Runs the checks of `draft` without creating one.
    fn may_store(&self, name: &str) -> Result<()>;

    /// Begins a draft that replaces an existing object. The old object stays until the draft is published.
    fn replacement(&self, name: &str, _steps: &Steps) -> Result<Box<dyn Draft>> {
        Err(Error::Denied(format!("{name} may not be replaced in this location")))
    }
}

/// Refuses a name that is not a single file name of at most 255 bytes (`wit/storage.wit`). Every location makes this check.
pub(super) fn check_name(name: &str) -> Result<()> {
    let is_single = !matches!(name, "" | "." | "..") && name.len() <= MAX_NAME && !name.contains(['/', '\0']);
    must_be_allowed(name, is_single)
}

/// Refuses names that start with a dot as well, for locations whose hidden files are drafts and markers.
pub(super) fn check_visible_name(name: &str) -> Result<()> {
    check_name(name)?;
    must_be_allowed(name, !name.starts_with('.'))
}

fn must_be_allowed(name: &str, is_allowed: bool) -> Result<()> {
    match is_allowed {
        true => Ok(()),
        false => Err(Error::Denied(format!("{name:?} is not a valid name for a stored object"))),
    }
}
