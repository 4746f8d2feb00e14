//! Detection of an inner tar's format by its first bytes: uncompressed, compressed, or protected.
//!
//! Owns the magic numbers. Does not guess beyond them: version 1 has none, so it is only a possibility.

use super::header::MAGIC;

/// Bytes that [`sniff`] needs: the first block of a tar.
pub const SNIFF_LENGTH: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Gzip,
    Tar,
    /// Protected, with the version in the header, known or not.
    SecureTar(u8),
    /// No magic number, but a size that SecureTar 1 could have.
    MaybeSecureTar1,
    Unknown,
}

impl Format {
    /// Whether the content is readable without a password. False for unknown formats.
    pub fn is_unprotected(self) -> bool {
        matches!(self, Self::Gzip | Self::Tar)
    }
}

/// Detects the format of a member of `length` bytes. `start` holds its first [`SNIFF_LENGTH`] bytes, or all when it has fewer.
pub fn sniff(start: &[u8], length: u64) -> Format {
    if let Some(rest) = start.strip_prefix(MAGIC.as_slice()) {
        return rest.first().map_or(Format::Unknown, |version| Format::SecureTar(*version));
    }
    match unprotected_format(start) {
        Some(format) => format,
        // A salt and at least one block.
        None if length >= 32 && length.is_multiple_of(16) => Format::MaybeSecureTar1,
        None => Format::Unknown,
    }
}

/// Gzip or tar, by magic number. A tar without members is a block of zeros.
pub(super) fn unprotected_format(start: &[u8]) -> Option<Format> {
    if start.starts_with(&[0x1f, 0x8b, 8]) {
        return Some(Format::Gzip);
    }
    let block = start.get(..SNIFF_LENGTH)?;
    let has_magic = block.get(257..262) == Some(b"ustar".as_slice());
    (has_magic || block.iter().all(|byte| *byte == 0)).then_some(Format::Tar)
}
