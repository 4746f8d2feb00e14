//! How a backup is called: its id and its file name, both made from its name and date.
//!
//! Pure functions; the rules are Home Assistant's.

use chrono::DateTime;
use sha1::{Digest, Sha1};

use super::{Result, paths, refused};

/// Bytes of a file name on the file systems in use.
const NAME_LIMIT: usize = 255;

/// The id (slug): the first eight hex digits of SHA-1 over the lower-cased `"{date} - {name}"`.
pub fn backup_id(date: &str, name: &str) -> String {
    let digest = Sha1::digest(format!("{date} - {name}").to_lowercase().as_bytes());
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// `{name} {YYYY-mm-dd} {HH.MM} {SSffffff}.tar`, each run of white space made one `_`; the date in its own offset.
///
/// Refused as `invalid_backup_filename` when that is no plain, visible name of a file in its directory.
pub fn file_name(name: &str, date: &str) -> Result<String> {
    let Ok(moment) = DateTime::parse_from_rfc3339(date) else {
        return invalid(date, "is no date with an offset; use ISO 8601");
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

/// Any date: in a file name all are of one length.
const ANY_DATE: &str = "2026-11-30T04:45:00.123456+00:00";

/// What is wrong with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objection {
    /// No file can be called so.
    Impossible(String),
    /// A backup can be made, listed and restored here, and Home Assistant does not list it.
    Unlisted(String),
}

/// What is wrong with the name of a backup, if anything. Home Assistant lists a name that is the last part of itself as a path
/// of Windows (`PureWindowsPath(name).name == name`).
pub fn objection(name: &str) -> Option<Objection> {
    if let Err(error) = file_name(name, ANY_DATE) {
        return Some(Objection::Impossible(error.to_string()));
    }
    let drive = name.chars().nth(1) == Some(':');
    if !drive && !name.contains('\\') {
        return None;
    }
    let shown = paths::shown(name.as_bytes());
    Some(Objection::Unlisted(format!(
        "Home Assistant does not list a backup called `{shown}`; choose a name without `\\`, and without `:` behind its first \
         letter or digit"
    )))
}

/// White space as Python splits at it.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

fn invalid<T>(text: &str, why: &str) -> Result<T> {
    refused(format!("invalid_backup_filename: `{}` {why}", paths::shown(text.as_bytes())))
}
