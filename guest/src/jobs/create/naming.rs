//! How a new backup is called: its name, its date and its file, by what was asked for and what the home says.
//!
//! A name that no file can have is refused; one that Home Assistant does not list is, too, where the client is that careful.

use crate::archive::{Instant, NameProblem, file_name, name_problem};
use crate::error::{Failure, Result};
use crate::home::{Home, iso};
use crate::model::CreateRequest;

pub struct Named {
    pub name: String,
    /// ISO 8601, in the home's zone.
    pub date: String,
    /// The object's name in its location.
    pub file: String,
    /// What is odd about the name.
    pub warning: Option<String>,
}

impl Named {
    pub fn of(request: &CreateRequest, home: &Home, now: Instant) -> Result<Self> {
        let given = request.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let kind = if request.automatic { "Automatic" } else { "Custom" };
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
