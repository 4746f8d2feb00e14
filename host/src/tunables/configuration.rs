//! Tunables of `larder.toml`.

/// Locations in one file. Each is asked for its list and has an upload of its own.
pub const MAX_LOCATIONS: usize = 32;
/// Schedules in one file. Each has entities of its own.
pub const MAX_SCHEDULES: usize = 32;
/// Bytes of a file with a password or a key. Only its first line counts.
pub const MAX_CREDENTIAL_FILE: usize = 64 * 1024;
/// Bytes of a password or a key: much more than any server takes.
pub const MAX_CREDENTIAL: usize = 4096;
/// Bytes of one folder's name in a prefix or path. Longer ones are refused by some servers.
pub const MAX_SEGMENT: usize = 200;
/// Bytes of a prefix or path: an object's whole name has at most 1024 in S3, and the file name needs its share.
pub const MAX_FOLDER: usize = 700;
/// The lowest `bandwidth` in bytes a second. Less is a slip in the unit.
pub const LEAST_BANDWIDTH: u64 = 1000;
/// Characters of a name that is shown.
pub const MAX_SHOWN_NAME: usize = 100;
/// Patterns in `exclude`.
pub const MAX_PATTERNS: usize = 1000;
