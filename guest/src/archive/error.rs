//! Errors of the archive format, and short constructors for them.

use std::io;

/// Why an archive was refused, grouped by the possible remedy. `what` names the member or path concerned.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The bytes differ from what was written (cut off, changed), or were never a backup.
    #[error(
        "damaged archive: {what}; use another copy of the backup, or recover intact files with `larder extract`"
    )]
    Damaged { what: String },
    /// Non-zero bytes follow the first `end` bytes of an inner tar: the tar is smaller than its header says.
    #[error(
        "damaged archive: the gzip stream ends after {end} bytes, but more data follows; use another copy of the backup"
    )]
    Surplus { end: u64 },
    /// Unpacking could write outside the target directory.
    #[error("refused as unsafe: {what}")]
    Unsafe { what: String },
    /// Well-formed, but not supported here.
    #[error("not supported: {what}")]
    Unsupported { what: String },
    /// Exceeds one of the [`Limits`](super::Limits).
    #[error("over a limit: {what}")]
    TooLarge { what: String },
    /// The underlying reader or writer failed.
    #[error("cannot read or write the archive: {0}; fix that and try again")]
    Io(#[source] io::Error),
}

/// The layers below (inflating, decrypting) report bad bytes with the kinds `InvalidData` and `UnexpectedEof`.
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

pub(super) fn damaged<T>(what: impl Into<String>) -> Result<T> {
    Err(ArchiveError::Damaged { what: what.into() })
}

pub(super) fn refused<T>(what: impl Into<String>) -> Result<T> {
    Err(ArchiveError::Unsafe { what: what.into() })
}

pub(super) fn unsupported<T>(what: impl Into<String>) -> Result<T> {
    Err(ArchiveError::Unsupported { what: what.into() })
}

pub(super) fn too_large<T>(what: impl Into<String>) -> Result<T> {
    Err(ArchiveError::TooLarge { what: what.into() })
}
