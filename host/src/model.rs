//! The plain values that engines, capabilities and the command line share.
//!
//! Owns no behaviour beyond small conversions, and names no generated WIT type.

use serde_json::Value;

/// Names that start like this are Larder's own, at any depth: never shown in a snapshot, never replaced.
pub const RESERVED_PREFIX: &[u8] = b".larder-";

/// The longest path that is backed up and restored, in bytes: what is beyond `PATH_MAX` cannot be opened by its name.
pub const MAX_PATH: usize = 4095;
/// The most parts of a path that is backed up and restored: deeper than any home, and shallow enough to be removed again with
/// one open directory a level.
pub const MAX_DEPTH: usize = 256;

/// A moment in UTC: seconds since 1970-01-01T00:00:00Z (negative before it) plus 0 to 999 999 999 nanoseconds that count
/// forward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    pub seconds: i64,
    pub nanoseconds: u32,
}

impl Timestamp {
    /// ISO 8601 in UTC with microseconds, as Home Assistant writes times.
    pub fn to_iso(self) -> String {
        let time = chrono::DateTime::from_timestamp(self.seconds, self.nanoseconds).unwrap_or_default();
        time.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
    }
}

/// A path below the home's directory: bytes, `/`-separated, see `wit/files.wit`. The empty path is the directory itself.
pub type HomePath = Vec<u8>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Directory,
    /// A regular file and its size in bytes.
    File(u64),
    /// A symbolic link and what it says, unchanged.
    Symlink(Vec<u8>),
    /// Another name of the file that was added under this path.
    HardLink(HomePath),
    /// What cannot be read or kept, and why.
    Unusable(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    pub uid: u32,
    pub gid: u32,
    /// Empty when the system has no name for the number.
    pub user: String,
    pub group: String,
}

/// One thing in the home's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub path: HomePath,
    pub kind: Kind,
    /// The twelve permission bits.
    pub mode: u32,
    pub owner: Owner,
    pub modified: Timestamp,
    /// The same number on every name of one file that has several.
    pub identity: Option<u64>,
}

/// What committing a target does to what is there already. Names are those directly in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Add,
    AllBut(Vec<Vec<u8>>),
    Only(Vec<Vec<u8>>),
}

/// An action as whoever has it describes it: `wit/actions.wit`.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Action {
    pub name: String,
    pub description: String,
    pub public: bool,
    pub fields: Vec<Field>,
}

#[derive(Debug, Clone, serde::Serialize)]
pub struct Field {
    pub name: String,
    #[serde(rename = "type")]
    pub type_name: String,
    pub required: bool,
    pub description: String,
}

/// Whether `path` is well formed: relative, `/`-separated, without empty, `.` or `..` parts and without NUL. The empty path is.
pub fn is_well_formed(path: &[u8]) -> bool {
    path.is_empty()
        || !path.contains(&0)
            && path.split(|byte| *byte == b'/').all(|part| !matches!(part, b"" | b"." | b".."))
}

/// A path for people: what is not UTF-8 or not plain is escaped.
pub fn shown(path: &[u8]) -> String {
    larder_text::truncate(&String::from_utf8_lossy(path), MAX_PATH, "")
}

/// A plugin's words for people: what is not plain but line ends is escaped, more than `most` characters are cut.
pub fn tamed(text: &str, most: usize) -> String {
    larder_text::truncate(text, most, "\n")
}

/// JSON for people and programs: what is not plain in its texts is escaped, as JSON does.
pub fn json_text(value: &Value) -> String {
    let mut text = String::new();
    for c in format!("{value:#}").chars() {
        match c == '\n' || larder_text::is_safe(c) {
            true => text.push(c),
            // JSON's escapes are UTF-16.
            false => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text += &format!("\\u{unit:04x}")),
        }
    }
    text
}
