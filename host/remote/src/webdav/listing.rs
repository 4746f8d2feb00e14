//! Takes the direct children of a folder out of the answer to PROPFIND.

use super::address::segments;
use super::multistatus::Resource;
use crate::error::{Error, Kind, Result};

/// The files and folders directly in the folder with this URL, by name. Names that are no UTF-8 are left out: they are not ours.
///
/// Behind a proxy the server may know the folder by another path than was asked for. So the folder's own entry, of which all others are below,
/// says where the children begin.
pub fn children(resources: Vec<Resource>, asked: &str) -> Result<Vec<(String, Resource)>> {
    let asked = segments(asked);
    let entries: Vec<_> =
        resources.into_iter().map(|resource| (segments(&resource.href), resource)).collect();
    let root = match entries.iter().any(|(path, resource)| *path == asked && resource.is_collection) {
        true => asked,
        false => {
            let shortest = entries
                .iter()
                .filter(|(_, resource)| resource.is_collection)
                .map(|(path, _)| path)
                .min_by_key(|path| path.len());
            shortest.cloned().ok_or_else(|| {
                nonsense("it does not contain the folder itself; check that `url` is a folder")
            })?
        }
    };
    let mut children = Vec::new();
    for (path, resource) in entries {
        let Some(below) = path.strip_prefix(root.as_slice()) else {
            return Err(nonsense(format_args!("{:?} is not below the folder", resource.href)));
        };
        if let [name] = below
            && let Some(name) = usable(name)
            && is_there(&name, &resource)?
        {
            children.push((name, resource));
        }
    }
    Ok(children)
}

/// The one resource that was asked for, or the one of that name if the server answers more.
pub fn only(resources: Vec<Resource>, name: &[u8]) -> Option<Resource> {
    let is_it = |resource: &Resource| segments(&resource.href).last().is_some_and(|last| last == name);
    match resources.len() {
        0 | 1 => resources.into_iter().next(),
        _ => resources.into_iter().find(is_it),
    }
}

fn usable(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    (!name.contains(['/', '\0'])).then(|| name.to_owned())
}

/// Folders may be closed to this user. A file of which the server says nothing makes the listing incomplete.
fn is_there(name: &str, resource: &Resource) -> Result<bool> {
    match resource.status {
        None | Some(200..=299) => Ok(true),
        Some(404 | 410) => Ok(false),
        Some(_) if resource.is_collection => Ok(false),
        Some(status) => {
            Err(Error::new(Kind::Interrupted, format!("the server says nothing about {name} ({status})")))
        }
    }
}

fn nonsense(message: impl std::fmt::Display) -> Error {
    Error::new(
        Kind::Interrupted,
        format!("the server's answer is not about the folder that was asked for: {message}"),
    )
}
