//! Names in an archive: which are well-formed, which are below `data/`, and how they are displayed.
//!
//! Owns the rules for names and link targets. Refuses every name that could lead outside its directory. Does not access a file
//! system.

use super::error::{Result, refused, too_large};

/// Bytes of a whole name: Linux's PATH_MAX without its NUL, below `data/`.
const PATH_LIMIT: usize = 4095 + b"data/".len();
/// Bytes of a symbolic link's target: also PATH_MAX.
const TARGET_LIMIT: usize = 4095;
/// Levels of a path below `data/`. No home is that deep, and the host stages no deeper tree.
const DEPTH_LIMIT: usize = 256;
/// Bytes of one path component: NAME_MAX of common file systems.
const COMPONENT_LIMIT: usize = 255;
/// Characters of a name in a message: hostile names may be long.
const SHOWN_LIMIT: usize = 200;

/// A member's name without leading `./` and trailing `/`, checked. Empty for `.` and `./`.
pub(super) fn normalized(name: &[u8]) -> Result<&[u8]> {
    let mut rest = name;
    while let Some(tail) = rest.strip_prefix(b"./") {
        rest = tail;
    }
    while let Some(head) = rest.strip_suffix(b"/").filter(|head| !head.is_empty()) {
        rest = head;
    }
    if rest.is_empty() || rest == b"." { Ok(b"") } else { check(rest).map(|()| rest) }
}

/// Refuses a path that is absolute, is too long, or contains `..`, `.` or an empty component.
pub(super) fn check(path: &[u8]) -> Result<()> {
    if path.len() > PATH_LIMIT {
        return too_large(format!("the name `{}` has more than {PATH_LIMIT} bytes", shown(path)));
    }
    if path.starts_with(b"/") {
        return refused(format!("the absolute name `{}`", shown(path)));
    }
    if path.contains(&0) {
        return refused(format!("the name `{}` contains a NUL byte", shown(path)));
    }
    path.split(|byte| *byte == b'/').try_for_each(|component| match component {
        b".." => refused(format!("the name `{}` leaves its directory (`..`)", shown(path))),
        b"" | b"." => refused(format!("the name `{}` has an empty or `.` component", shown(path))),
        component if component.len() > COMPONENT_LIMIT => too_large(format!(
            "a component of the name `{}` has more than {COMPONENT_LIMIT} bytes",
            shown(path)
        )),
        _ => Ok(()),
    })
}

/// Refuses a path below `data/` that the host cannot restore.
pub(super) fn check_below_data(path: &[u8]) -> Result<()> {
    if path.split(|byte| *byte == b'/').count() > DEPTH_LIMIT {
        return too_large(format!("the path `{}` has more than {DEPTH_LIMIT} levels", shown(path)));
    }
    if path.is_empty() { Ok(()) } else { check(path) }
}

/// Refuses a symbolic link's target that no file system can store.
pub(super) fn check_target(path: &[u8], target: &[u8]) -> Result<()> {
    if target.is_empty() || target.contains(&0) {
        return refused(format!("the target of the link `{}` is empty or contains a NUL byte", shown(path)));
    }
    if target.len() > TARGET_LIMIT {
        return too_large(format!(
            "the target of the link `{}` has more than {TARGET_LIMIT} bytes",
            shown(path)
        ));
    }
    Ok(())
}

/// A normalized name relative to `data/`; `None` when it is outside.
pub(super) fn below_data(name: &[u8]) -> Option<&[u8]> {
    match name.strip_prefix(b"data") {
        Some(b"") => Some(b""),
        Some(rest) => rest.strip_prefix(b"/"),
        None => None,
    }
}

/// The name in the archive for a path below `data/`.
pub(super) fn in_data(path: &[u8]) -> Vec<u8> {
    if path.is_empty() { b"data".to_vec() } else { [b"data/", path].concat() }
}

/// The parent directory of `path`; `None` for the top.
pub(super) fn parent(path: &[u8]) -> Option<&[u8]> {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => path.get(..slash),
        None if path.is_empty() => None,
        None => Some(b""),
    }
}

/// A name for messages: invalid UTF-8 is replaced, special characters are escaped, long names are cut.
pub fn shown(path: &[u8]) -> String {
    larder_text::truncate(&String::from_utf8_lossy(path), SHOWN_LIMIT, "")
}
