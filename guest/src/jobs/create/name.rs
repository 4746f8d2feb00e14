//! The name, date and file name of a new backup.
//!
//! Refuses a name that no file can have, and, where the client is strict, one that Home Assistant would not list.

use crate::archive::{Instant, NameProblem, file_name, name_problem};
use crate::error::{Failure, Result};
use crate::home::{Home, iso};
use crate::model::CreateRequest;

/// A checked name of a new backup, and what follows from it.
pub struct BackupName {
    pub name: String,
    /// ISO 8601, in the home's zone.
    pub date: String,
    /// The object's name in its location.
    pub file: String,
    /// A sentence about the name, if Home Assistant would not list it.
    pub warning: Option<String>,
}

impl BackupName {
    /// The requested name, or Home Assistant's default.
    pub fn of(request: &CreateRequest, home: &Home, now: Instant) -> Result<Self> {
        let given = request.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let kind = if request.is_planned() { "Automatic" } else { "Custom" };
        let name =
            given.map_or_else(|| format!("{kind} backup {}", home.version_or_unknown()), str::to_owned);
        let date = iso(&home.local(now));
        let file = file_name(&name, &date).map_err(|error| refused(error.to_string()))?;
        let warning = match name_problem(&name) {
            Some(NameProblem::Unlisted(why)) if request.caution.allows_unlisted() => Some(why),
            Some(NameProblem::Unlisted(why)) => return Err(refused(format!("{why}, or add --force"))),
            _ => None,
        };
        Ok(Self { name, date, file, warning })
    }
}

fn refused(message: String) -> Failure {
    Failure::new("invalid_backup_filename", message)
}
