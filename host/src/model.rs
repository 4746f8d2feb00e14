//! The values that engines, capabilities and the command line share.
//!
//! Contains no behavior beyond small conversions, and no generated WIT type.

use serde_json::Value;

/// Names with this prefix belong to Larder, at any depth. No snapshot shows them and no restore replaces them.
pub const RESERVED_PREFIX: &[u8] = b".larder-";

/// The longest path that is backed up and restored, in bytes: longer ones exceed `PATH_MAX` and cannot be opened by name.
pub const MAX_PATH: usize = 4095;
/// The deepest path that is backed up and restored, in components: deeper than any home, and shallow enough to be removed with one open
/// directory per level.
pub const MAX_DEPTH: usize = 256;

/// A time in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z; negative before it.
    pub seconds: i64,
    /// Nanoseconds after that second: 0 to 999 999 999.
    pub nanoseconds: u32,
}

impl Timestamp {
    /// ISO 8601 in UTC with microseconds, as Home Assistant writes times.
    pub fn to_iso(self) -> String {
        let time = chrono::DateTime::from_timestamp(self.seconds, self.nanoseconds).unwrap_or_default();
        time.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
    }
}

/// A path below the home's directory: bytes, separated by `/`, as in `wit/files.wit`. The empty path is the directory itself.
pub type HomePath = Vec<u8>;

/// The kind of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file and its size in bytes.
    File(u64),
    /// A symbolic link and its target, unchanged.
    Symlink(Vec<u8>),
    /// A further name of a file that was added under the given path.
    HardLink(HomePath),
    /// An entry that cannot be backed up, and why.
    Unusable(String),
}

/// The owner of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// The user id.
    pub uid: u32,
    /// The group id.
    pub gid: u32,
    /// The user's name; empty when the system has none for the id.
    pub user: String,
    /// The group's name, likewise.
    pub group: String,
}

/// One entry of the home's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub path: HomePath,
    /// What it is.
    pub kind: Kind,
    /// The permissions, with the set-user-id, set-group-id and sticky bits.
    pub mode: u32,
    /// Its owner.
    pub owner: Owner,
    /// When it was last written.
    pub modified: Timestamp,
    /// A number that all names of one file share; `None` for a file with one name.
    pub identity: Option<u64>,
}

/// What committing a target does to existing entries. The names are those of entries directly in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Adds entries and replaces none; an existing name is an `Exists` error.
    Add,
    /// Replaces all existing entries except these.
    AllBut(Vec<Vec<u8>>),
    /// Replaces only these.
    Only(Vec<Vec<u8>>),
}

/// An action as its plugin describes it: `wit/actions.wit`.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Action {
    /// The full name: `backup.create`.
    pub name: String,
    /// What it does, in a sentence.
    pub description: String,
    /// Whether automations may call it.
    pub public: bool,
    /// The data that it takes.
    pub fields: Vec<Field>,
}

/// A field in the data of an action.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Field {
    /// The key.
    pub name: String,
    /// The type of the value.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Whether the field must be given.
    pub required: bool,
    /// What it is for.
    pub description: String,
}

/// Whether `path` is well formed: relative, separated by `/`, and without NUL or empty, `.` or `..` components. The empty path is well
/// formed.
pub fn is_well_formed(path: &[u8]) -> bool {
    path.is_empty()
        || !path.contains(&0)
            && path.split(|byte| *byte == b'/').all(|part| !matches!(part, b"" | b"." | b".."))
}

/// A path for messages: bytes that are not UTF-8 or not printable are escaped.
pub fn shown(path: &[u8]) -> String {
    larder_text::truncate(&String::from_utf8_lossy(path), MAX_PATH, "")
}

/// Text of a plugin for messages: unprintable characters except line breaks are escaped, and the text is cut after `most` characters.
pub fn sanitized(text: &str, most: usize) -> String {
    larder_text::truncate(text, most, "\n")
}

/// Indented JSON in which unprintable characters are escaped.
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
