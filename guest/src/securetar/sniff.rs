//! What an inner tar is, told by its first bytes: plain, compressed, or protected.
//!
//! Owns the marks. Refuses to guess further: version 1 has no mark, so it is only what is left.

use super::header::MAGIC;

/// Bytes that [`sniff`] wants to see: the first block of a tar.
pub const SNIFF_LENGTH: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Gzip,
    Tar,
    /// Protected; the number is the header's, known or not.
    SecureTar(u8),
    /// No mark of anything, but of a size that SecureTar 1 would have.
    MaybeSecureTar1,
    Unknown,
}

impl Format {
    /// Whether the bytes are readable by everyone. False for what is not known.
    pub fn is_plain(self) -> bool {
        matches!(self, Self::Gzip | Self::Tar)
    }
}

/// Tells what a member of `length` bytes is that begins with `start` ([`SNIFF_LENGTH`] bytes, or all when it has fewer).
pub fn sniff(start: &[u8], length: u64) -> Format {
    if let Some(rest) = start.strip_prefix(MAGIC.as_slice()) {
        return rest.first().map_or(Format::Unknown, |version| Format::SecureTar(*version));
    }
    match plain(start) {
        Some(format) => format,
        // A salt and at least one block.
        None if length >= 32 && length.is_multiple_of(16) => Format::MaybeSecureTar1,
        None => Format::Unknown,
    }
}

/// Gzip or tar by their marks. A tar without members is a block of zeros.
pub(super) fn plain(start: &[u8]) -> Option<Format> {
    if start.starts_with(&[0x1f, 0x8b, 8]) {
        return Some(Format::Gzip);
    }
    let block = start.get(..SNIFF_LENGTH)?;
    let has_mark = block.get(257..262) == Some(b"ustar".as_slice());
    (has_mark || block.iter().all(|byte| *byte == 0)).then_some(Format::Tar)
}
