//! The folder of the location: makes it level by level, and tells a folder that is missing from an address that is wrong.

use super::address::{Address, segments};
use super::client::Client;
use super::listing::children;
use crate::error::{Error, Kind, Result};
use crate::stop::Stop;

/// Makes the folder and those above it, down from the base, which has to exist.
pub fn make(client: &Client, address: &Address, stop: &Stop) -> Result<()> {
    let folder = address.folder();
    if let Some(found) = client.find(folder, stop)? {
        return match found.is_collection {
            true => Ok(()),
            false => Err(Error::new(Kind::Invalid, format!("{folder} is a file; write a folder as `path`"))),
        };
    }
    let mut levels = address.levels().iter();
    if let Some(base) = levels.next()
        && client.find(base, stop)?.is_none()
    {
        return Err(missing_base(base));
    }
    let mut last = None;
    for level in levels {
        if client.find(level, stop)?.is_none() {
            // 403 (Apache), 405, 409 and others may mean that somebody else was faster. Looking at it decides.
            let answer = client.send("MKCOL", level, &[], stop)?;
            if !answer.is_success() && client.find(level, stop)?.is_none() {
                let error = answer.refused(&format!("cannot make the folder {level}"));
                if matches!(error.kind, Kind::Denied | Kind::NoSpace) || answer.is_redirect() {
                    return Err(error);
                }
                last = Some(error);
            }
        }
    }
    match client.find(folder, stop)? {
        Some(found) if found.is_collection => Ok(()),
        _ => Err(last.unwrap_or_else(|| {
            Error::new(Kind::Interrupted, format!("{folder} is missing after it was made"))
        })),
    }
}

/// Success if the folder, for which the server has answered 404, really does not exist: the nearest folder above that exists does not list it.
/// Without that, a wrong address or a confused proxy would look like an empty location.
pub fn is_missing(client: &Client, address: &Address, stop: &Stop) -> Result<()> {
    let levels = address.levels();
    for (parent, child) in levels.iter().zip(levels.iter().skip(1)).rev() {
        let Some(resources) = client.list(parent, stop)? else { continue };
        let name = segments(child.path()).pop().unwrap_or_default();
        let is_listed = children(resources, parent.path())?.iter().any(|(found, _)| found.as_bytes() == name);
        return match is_listed {
            true => Err(Error::new(
                Kind::Interrupted,
                format!("the server answers 404 for {child}, and yet lists it"),
            )),
            false => Ok(()),
        };
    }
    Err(missing_base(address.levels().first().unwrap_or(address.folder())))
}

fn missing_base(base: &url::Url) -> Error {
    Error::new(Kind::NotFound, format!("there is no {base} (404); check `url`"))
}
