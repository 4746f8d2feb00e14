//! The names of locations on the command line.

use super::answer::WrongUse;
use crate::assemble::HostSetup;
use crate::storage::locations::DirectoryLocation;

/// The id of a location: `offsite` and `s3.offsite` are the same, `local` is the home's own.
pub(super) fn id(setup: &HostSetup, name: &str) -> anyhow::Result<String> {
    let local = DirectoryLocation::LOCAL;
    if name == "local" || name == local {
        return Ok(local.to_owned());
    }
    let is_meant = |id: &&str| *id == name || id.split_once('.').is_some_and(|(_, own)| own == name);
    let ids: Vec<&str> = setup.locations.iter().map(|location| location.id.as_str()).collect();
    match ids.iter().copied().find(is_meant) {
        Some(id) => Ok(id.to_owned()),
        None => {
            let all = std::iter::once(local).chain(ids).collect::<Vec<_>>().join(", ");
            Err(WrongUse(format!("there is no location {name}; there are {all}")).into())
        }
    }
}
