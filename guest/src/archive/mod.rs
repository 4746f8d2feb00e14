//! The backup file: an outer tar that holds `backup.json` and inner tars, and what these say.
//!
//! Owns the format, both ways, over plain readers and writers. Refuses to touch a file system, a clock or a password:
//! what is read here is only described, and whoever writes it somewhere decides where. Everything read is hostile.

pub mod draft;
mod ending;
pub mod entry;
pub mod exclude;
mod framing;
mod gzip;
mod header;
pub mod manifest;
mod members;
pub mod name;
pub mod outer;
mod paths;
mod pax;
pub mod reader;
mod record;
mod stream;
mod time;
mod tree;
pub mod writer;

#[cfg(test)]
mod tests;

use std::io;

#[cfg(test)]
pub use draft::compressor;
pub use draft::{Draft, MemberWriter, OuterWriter};
pub use entry::{Entry, Instant, Kind};
pub use exclude::Exclude;
pub use framing::Framing;
pub use gzip::GzipMember;
pub use manifest::{Addon, Manifest};
pub use name::{Objection, backup_id, file_name, objection};
pub use outer::{Member, Outer};
pub use paths::shown;
pub use reader::{
    Attribute, Base, Checked, Lost, Skipped, Summary, Visit, check, check_inflated, walk, walk_inflated,
};
pub use stream::{Packing, Stream as Inflater, Unpacked};
pub use time::nearest_held;
pub use writer::{Counts, TreeSink, TreeWriter, Written, first_of};

/// What went wrong with an archive, by what can be done about it. `what` names the member or path concerned.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The bytes are not what was once written: cut off, flipped, or never a backup.
    #[error(
        "damaged archive: {what}; use another copy of the backup, or take out what is whole with `larder extract`"
    )]
    Damaged { what: String },
    /// Behind the first `end` bytes of an inner tar stand others than zeros: it is smaller than its header says.
    #[error(
        "damaged archive: its gzip stream ends after {end} bytes, and other bytes follow; use another copy of the backup"
    )]
    Surplus { end: u64 },
    /// Following the archive could reach outside the place it is unpacked to.
    #[error("refused as unsafe: {what}")]
    Unsafe { what: String },
    /// Well-formed, but nothing that is known here.
    #[error("not supported: {what}")]
    Unsupported { what: String },
    /// More than one of the [`Limits`] allows.
    #[error("over a limit: {what}")]
    TooLarge { what: String },
    /// The reader or writer below could not go on.
    #[error("cannot read or write the archive: {0}; try again once that is put right")]
    Io(#[source] io::Error),
}

/// Layers below (inflating, decrypting) say with the kind that the bytes themselves are bad.
impl From<io::Error> for ArchiveError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                Self::Damaged { what: error.to_string() }
            }
            _ => Self::Io(error),
        }
    }
}

pub type Result<T> = std::result::Result<T, ArchiveError>;

fn damaged<T>(what: impl Into<String>) -> Result<T> {
    Err(ArchiveError::Damaged { what: what.into() })
}

fn refused<T>(what: impl Into<String>) -> Result<T> {
    Err(ArchiveError::Unsafe { what: what.into() })
}

fn unsupported<T>(what: impl Into<String>) -> Result<T> {
    Err(ArchiveError::Unsupported { what: what.into() })
}

fn too_large<T>(what: impl Into<String>) -> Result<T> {
    Err(ArchiveError::TooLarge { what: what.into() })
}

/// How much of an archive is believed before it is called too large.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Members of the outer archive. A backup of the Supervisor has one for each add-on and folder.
    pub members: u64,
    /// Entries of an inner archive. Ten times a very large home.
    pub entries: u64,
    /// Bytes of all names of an inner archive together, since each is remembered to find duplicates.
    pub name_bytes: usize,
    /// Bytes of `backup.json`. Real ones have a few thousand.
    pub manifest: u64,
    /// Things named in [`Summary`]'s lists; more are only counted.
    pub reported: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { members: 10_000, entries: 1_000_000, name_bytes: 64 << 20, manifest: 1 << 20, reported: 1_000 }
    }
}
