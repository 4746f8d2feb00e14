//! The id and the file name of a backup, both derived from its name and date.
//!
//! Owns Home Assistant's rules for both, as pure functions.

use chrono::DateTime;
use sha1::{Digest, Sha1};

use super::error::{Result, refused};
use super::paths;

/// Bytes of a file name on common file systems.
const NAME_LIMIT: usize = 255;

/// The id (slug): the first eight hexadecimal digits of SHA-1 over the lower-cased `"{date} - {name}"`.
pub fn backup_id(date: &str, name: &str) -> String {
    let digest = Sha1::digest(format!("{date} - {name}").to_lowercase().as_bytes());
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// `{name} {YYYY-mm-dd} {HH.MM} {SSffffff}.tar`, with each run of white space replaced by one `_`. The date keeps its UTC offset.
///
/// Errors: `invalid_backup_filename` when the result is hidden, too long, or would leave its directory.
pub fn file_name(name: &str, date: &str) -> Result<String> {
    let Ok(moment) = DateTime::parse_from_rfc3339(date) else {
        return invalid(date, "is not a date with a UTC offset; use ISO 8601");
    };
    let text = format!("{name} {}.tar", moment.format("%Y-%m-%d %H.%M %S%6f"));
    let file = text.split(is_space).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
    match file.as_bytes() {
        bytes if bytes.contains(&b'/') || bytes.contains(&0) => {
            invalid(&file, "would leave its directory; choose a name without `/`")
        }
        [b'.', ..] => invalid(&file, "would be hidden; choose a name that does not start with a dot"),
        bytes if bytes.len() > NAME_LIMIT => invalid(&file, "has more than 255 bytes; choose a shorter name"),
        _ => Ok(file),
    }
}

/// Any date will do: all take the same number of bytes in a file name.
const ANY_DATE: &str = "2026-11-30T04:45:00.123456+00:00";

/// Why a name is unsuitable for a backup. Each variant holds a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameProblem {
    /// No file can have this name.
    Impossible(String),
    /// Larder can create, list and restore such a backup, but Home Assistant does not list it.
    Unlisted(String),
}

/// Checks the name of a backup. Home Assistant lists a name only if it is its own last component as a Windows path
/// (`PureWindowsPath(name).name == name`).
pub fn name_problem(name: &str) -> Option<NameProblem> {
    if let Err(error) = file_name(name, ANY_DATE) {
        return Some(NameProblem::Impossible(error.to_string()));
    }
    let drive = name.chars().nth(1) == Some(':');
    if !drive && !name.contains('\\') {
        return None;
    }
    let shown = paths::shown(name.as_bytes());
    Some(NameProblem::Unlisted(format!(
        "Home Assistant does not list a backup named `{shown}`; choose a name without `\\` and without `:` as its second \
         character"
    )))
}

/// White space as defined by Python's `str.split`.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

fn invalid<T>(text: &str, why: &str) -> Result<T> {
    refused(format!("invalid_backup_filename: `{}` {why}", paths::shown(text.as_bytes())))
}
