//! One 512-byte header block: reading its fields and sealing it with its checksum.
//!
//! Uses the tar crate for the layout of the fields. Numbers and checksums are read here, with the sign and the range
//! that the crate drops.

use tar::Header;

pub(super) const BLOCK: u64 = 512;
/// The largest number in a field of 8 bytes, and of 12: seven and eleven octal digits.
pub(super) const OCTAL_7: u64 = 0o7_777_777;
pub(super) const OCTAL_11: u64 = 0o77_777_777_777;

/// A number field: octal text, or base 256 when its top bit is set. None when it is neither. Blank counts as 0.
pub(super) fn number(field: &[u8]) -> Option<i64> {
    let (first, rest) = field.split_first()?;
    match first {
        0x80 | 0xff => {
            let sign = if *first == 0xff { -1_i128 } else { 0 };
            let value = rest.iter().fold(sign, |value, byte| value << 8 | i128::from(*byte));
            i64::try_from(value).ok()
        }
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Option<i64> {
    let text = field.split(|byte| *byte == 0).next()?.trim_ascii();
    text.iter().try_fold(0_i64, |value, digit| match digit {
        b'0'..=b'7' => Some(value * 8 + i64::from(*digit - b'0')),
        _ => None,
    })
}

/// Whether all number fields can be read, also those that mean nothing for this member.
pub(super) fn are_numbers(header: &Header) -> bool {
    let old = header.as_old();
    let numbers: [&[u8]; 5] = [&old.mode, &old.uid, &old.gid, &old.size, &old.mtime];
    // The device's numbers stand where ustar and GNU have them; older headers have zeros there.
    let device = header.as_bytes().get(329..345).unwrap_or_default();
    numbers.into_iter().chain(device.chunks(8)).all(|field| number(field).is_some())
}

/// Whether the block's checksum is right. Old writers summed signed bytes.
pub(super) fn is_sealed(header: &Header) -> bool {
    let Some(stored) = number(&header.as_old().cksum) else { return false };
    let sum = |value: fn(u8) -> i64| summed(header).map(value).sum::<i64>();
    stored == sum(i64::from) || stored == sum(|byte| i64::from(byte.cast_signed()))
}

/// Puts the checksum in, in the shape that POSIX and Python write: six digits, NUL, space.
pub(super) fn seal(header: &mut Header) {
    let sum: u32 = summed(header).map(u32::from).sum();
    for (slot, byte) in header.as_old_mut().cksum.iter_mut().zip(format!("{sum:06o}\0 ").bytes()) {
        *slot = byte;
    }
}

/// The bytes that a checksum is made of: the block with its checksum field blank.
fn summed(header: &Header) -> impl Iterator<Item = u8> + '_ {
    header.as_bytes().iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { b' ' } else { *byte })
}

/// Bytes of zeros that follow a content of `size` bytes, up to the next whole block.
pub(super) fn padding(size: u64) -> u64 {
    (BLOCK - size % BLOCK) % BLOCK
}
