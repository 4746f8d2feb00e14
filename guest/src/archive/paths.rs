//! Names in an archive: which are well formed, which lie below `data/`, and how people are shown them.
//!
//! Refuses everything that could mean another place than it says. Knows no file system.

use super::{Result, refused, too_large};

/// Bytes of a whole name: Linux's PATH_MAX, which counts a NUL, below `data/`.
const PATH_LIMIT: usize = 4095 + b"data/".len();
/// Bytes that a symbolic link can say: PATH_MAX again.
const TARGET_LIMIT: usize = 4095;
/// Levels of a path below `data/`. No home is as deep, and no host stages a deeper tree.
const DEPTH_LIMIT: usize = 256;
/// Bytes of one part of it: NAME_MAX of the file systems in use.
const PART_LIMIT: usize = 255;
/// Characters of a name in an error text: hostile names may be long.
const SHOWN_LIMIT: usize = 200;

/// A member's name without leading `./` and trailing `/`, checked. Empty for `.` and `./`.
pub(super) fn cleaned(name: &[u8]) -> Result<&[u8]> {
    let mut rest = name;
    while let Some(tail) = rest.strip_prefix(b"./") {
        rest = tail;
    }
    while let Some(head) = rest.strip_suffix(b"/").filter(|head| !head.is_empty()) {
        rest = head;
    }
    if rest.is_empty() || rest == b"." { Ok(b"") } else { check(rest).map(|()| rest) }
}

/// Refuses a path that is not relative, plain and of a length that can be stored.
pub(super) fn check(path: &[u8]) -> Result<()> {
    if path.len() > PATH_LIMIT {
        return too_large(format!("the name `{}` has more than {PATH_LIMIT} bytes", shown(path)));
    }
    if path.starts_with(b"/") {
        return refused(format!("the absolute name `{}`", shown(path)));
    }
    if path.contains(&0) {
        return refused(format!("the name `{}` holds a NUL byte", shown(path)));
    }
    path.split(|byte| *byte == b'/').try_for_each(|part| match part {
        b".." => refused(format!("the name `{}` leaves its directory (`..`)", shown(path))),
        b"" | b"." => refused(format!("the name `{}` has an empty or `.` part", shown(path))),
        part if part.len() > PART_LIMIT => {
            too_large(format!("a part of the name `{}` has more than {PART_LIMIT} bytes", shown(path)))
        }
        _ => Ok(()),
    })
}

/// Refuses a path below `data/` that no host can restore.
pub(super) fn check_below_data(path: &[u8]) -> Result<()> {
    if path.split(|byte| *byte == b'/').count() > DEPTH_LIMIT {
        return too_large(format!("the path `{}` has more than {DEPTH_LIMIT} levels", shown(path)));
    }
    if path.is_empty() { Ok(()) } else { check(path) }
}

/// What a symbolic link may say: anything that a file system can hold.
pub(super) fn check_target(path: &[u8], target: &[u8]) -> Result<()> {
    if target.is_empty() || target.contains(&0) {
        return refused(format!("the link `{}` says nothing, or a NUL byte", shown(path)));
    }
    if target.len() > TARGET_LIMIT {
        return too_large(format!(
            "the target of the link `{}` has more than {TARGET_LIMIT} bytes",
            shown(path)
        ));
    }
    Ok(())
}

/// The part of a cleaned name below `data/`, or none when it lies outside.
pub(super) fn below_data(name: &[u8]) -> Option<&[u8]> {
    match name.strip_prefix(b"data") {
        Some(b"") => Some(b""),
        Some(rest) => rest.strip_prefix(b"/"),
        None => None,
    }
}

/// The name in the archive of a path below `data/`.
pub(super) fn in_data(path: &[u8]) -> Vec<u8> {
    if path.is_empty() { b"data".to_vec() } else { [b"data/", path].concat() }
}

/// The directory that holds `path`, or none for the top.
pub(super) fn parent(path: &[u8]) -> Option<&[u8]> {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => path.get(..slash),
        None if path.is_empty() => None,
        None => Some(b""),
    }
}

/// A name for people: what is not UTF-8 is replaced, what is not plain is escaped, what is too long is cut.
pub fn shown(path: &[u8]) -> String {
    larder_text::truncate(&String::from_utf8_lossy(path), SHOWN_LIMIT, "")
}
