//! The names of a backup's archive and record, and which names an archive or a record can have.
//!
//! Names are relative to the location's folder or prefix. Nothing here looks at contents.

use super::kind::Layout;
use crate::archive::{file_name, shown};

/// Bytes of a file name on common file systems, and of a key's segment on several S3 servers.
const NAME_LIMIT: usize = 255;
/// The end of an archive's name.
pub(super) const TAR: &str = ".tar";
const METADATA: &str = ".metadata.json";
const META: &str = "_meta.json";

/// The names of a backup's objects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Names {
    pub archive: String,
    /// `None` in the local layout.
    pub record: Option<String>,
}

/// The names under which a new backup is stored. `date` is ISO 8601 with a UTC offset.
///
/// Errors: a sentence, when no object can have the name or when the name breaks Home Assistant's listing.
pub fn names(layout: Layout, backup_name: &str, date: &str, backup_id: &str) -> Result<Names, String> {
    let archive = file_name(backup_name, date).map_err(|error| error.to_string())?;
    let Some(suffix) = suffix(layout) else { return Ok(Names { archive, record: None }) };
    let record = match layout {
        Layout::Sftp => format!(".{backup_id}{suffix}"),
        _ => format!("{}{suffix}", base(&archive)),
    };
    check(&archive)?;
    check(&record)?;
    if layout == Layout::Synology && base(&archive).contains(META) {
        // Its agent removes every `_meta.json` from the record's name to find the archive.
        return Err(format!(
            "Home Assistant does not find the archive of a backup whose name contains `{META}`; choose another name"
        ));
    }
    Ok(Names { archive, record: Some(record) })
}

/// Refuses names that break a listing: XML, in which WebDAV and S3 servers list names, has no control characters.
fn check(name: &str) -> Result<(), String> {
    let unlisted = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    let why = match name {
        name if name.contains(unlisted) => "has control characters; choose a name without them",
        name if name.contains('/') => "would leave its folder; choose a name and an id without `/`",
        name if name.len() > NAME_LIMIT => "has more than 255 bytes; choose a shorter name",
        _ => return Ok(()),
    };
    Err(format!("the file name `{}` {why}", shown(name.as_bytes())))
}

/// An archive's name without `.tar`.
pub(super) fn base(archive: &str) -> &str {
    archive.strip_suffix(TAR).unwrap_or(archive)
}

/// What a record's name ends in. `None` in the local layout.
fn suffix(layout: Layout) -> Option<&'static str> {
    match layout {
        Layout::Local => None,
        Layout::S3 | Layout::WebDav | Layout::B2 | Layout::Sftp => Some(METADATA),
        Layout::Synology | Layout::Seafile => Some(META),
    }
}

/// Whether Home Assistant's agent would read the object as a record. S3's agents also do so in folders below their prefix.
pub fn is_record(layout: Layout, object_name: &str) -> bool {
    suffix(layout).is_some_and(|suffix| object_name.ends_with(suffix))
        && (layout == Layout::S3 || !object_name.contains('/'))
}

/// Whether the name is one that Home Assistant gives to archives. In the local layout every `*.tar` is an archive.
pub fn is_archive(layout: Layout, object_name: &str) -> bool {
    let Some(base) = object_name.strip_suffix(TAR) else { return false };
    let is_plain = !base.is_empty() && !base.starts_with('.') && !base.contains('/');
    is_plain && (layout == Layout::Local || is_id(base) || ends_in_date(base))
}

/// The name of a record without its end. `None` when nothing is left or when it is no record.
pub(super) fn record_base(layout: Layout, object_name: &str) -> Option<&str> {
    object_name.strip_suffix(suffix(layout)?).filter(|base| !base.is_empty())
}

/// The record that a writer stores beside the archive, as far as its name says it: SFTP's is named after the id.
pub(super) fn record_of(layout: Layout, archive: &str) -> Option<String> {
    let suffix = suffix(layout).filter(|_| layout != Layout::Sftp)?;
    Some(format!("{}{suffix}", base(archive)))
}

/// A backup's id, under which the Supervisor and older agents stored it: eight hexadecimal digits.
fn is_id(base: &str) -> bool {
    base.len() == 8 && base.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether the name is, or ends in `_` and, `YYYY-mm-dd_HH.MM_SSffffff`. A backup without a name has nothing else.
fn ends_in_date(base: &str) -> bool {
    const PATTERN: &[u8] = b"0000-00-00_00.00_00000000";
    let Some(start) = base.len().checked_sub(PATTERN.len()) else { return false };
    let (before, end) = base.as_bytes().split_at(start);
    let is_like = |(byte, model): (&u8, &u8)| match model {
        b'0' => byte.is_ascii_digit(),
        model => byte == model,
    };
    matches!(before, [] | [.., b'_']) && end.iter().zip(PATTERN).all(is_like)
}
