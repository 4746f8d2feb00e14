//! Values from PAX and GNU extension headers, which replace those of a member's own header.
//!
//! Owns the meaning of the PAX keys that are read. Unknown keys are ignored.

use super::entry::Instant;
use super::time;

/// Replaces an owner number that no file can have.
const NO_OWNER: i64 = i64::MAX;

/// The values that extension headers give for one member.
#[derive(Clone, Default)]
pub(super) struct Extension {
    pub(super) name: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<i64>,
    pub(super) gid: Option<i64>,
    pub(super) user: Option<Vec<u8>>,
    pub(super) group: Option<Vec<u8>>,
    pub(super) mtime: Option<Instant>,
    /// A time was given that no file can have.
    pub(super) is_time_lost: bool,
}

impl Extension {
    /// Applies one PAX record; `None` when its value is invalid. An empty value removes an earlier one.
    pub(super) fn set(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        let bytes = Some(value.to_vec()).filter(|value| !value.is_empty());
        let text = || std::str::from_utf8(value).ok();
        match key {
            b"path" => self.name = bytes,
            b"linkpath" => self.link = bytes,
            b"uname" => self.user = bytes,
            b"gname" => self.group = bytes,
            _ if bytes.is_none() => {}
            b"size" => self.size = Some(text()?.parse().ok()?),
            // A value that no file can have loses the attribute, not the content.
            b"uid" => self.uid = Some(text().and_then(|text| text.parse().ok()).unwrap_or(NO_OWNER)),
            b"gid" => self.gid = Some(text().and_then(|text| text.parse().ok()).unwrap_or(NO_OWNER)),
            b"mtime" => {
                self.mtime = text().and_then(time::from_text);
                self.is_time_lost = self.mtime.is_none();
            }
            // `hdrcharset` is ignored as well: names are bytes here, whatever their declared encoding.
            _ => {}
        }
        Some(())
    }
}
