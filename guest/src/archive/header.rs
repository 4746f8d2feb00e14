//! One 512-byte header block: reading its number fields, checking and setting its checksum.
//!
//! The tar crate supplies the layout of the fields. Numbers and checksums are parsed here because the crate drops their sign and
//! part of their range.

use tar::Header;

pub(super) const BLOCK: u64 = 512;
/// The largest numbers in fields of 8 and 12 bytes: seven and eleven octal digits.
pub(super) const OCTAL_7: u64 = 0o7_777_777;
pub(super) const OCTAL_11: u64 = 0o77_777_777_777;

/// A number field: octal text, or base 256 when the top bit is set. `None` when it is neither. Blank means 0.
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

/// Whether all number fields can be parsed, including those that do not apply to this member.
pub(super) fn has_valid_numbers(header: &Header) -> bool {
    let old = header.as_old();
    let numbers: [&[u8]; 5] = [&old.mode, &old.uid, &old.gid, &old.size, &old.mtime];
    // The device numbers, where ustar and GNU store them; older headers have zeros there.
    let device = header.as_bytes().get(329..345).unwrap_or_default();
    numbers.into_iter().chain(device.chunks(8)).all(|field| number(field).is_some())
}

/// Whether the block's checksum is correct. Old writers summed signed bytes.
pub(super) fn has_valid_checksum(header: &Header) -> bool {
    let Some(stored) = number(&header.as_old().cksum) else { return false };
    let sum = |value: fn(u8) -> i64| checksum_input(header).map(value).sum::<i64>();
    stored == sum(i64::from) || stored == sum(|byte| i64::from(byte.cast_signed()))
}

/// Sets the checksum in the form that POSIX and Python write: six digits, NUL, space.
pub(super) fn set_checksum(header: &mut Header) {
    let sum: u32 = checksum_input(header).map(u32::from).sum();
    for (slot, byte) in header.as_old_mut().cksum.iter_mut().zip(format!("{sum:06o}\0 ").bytes()) {
        *slot = byte;
    }
}

/// The bytes that the checksum covers: the block with a blank checksum field.
fn checksum_input(header: &Header) -> impl Iterator<Item = u8> + '_ {
    header.as_bytes().iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { b' ' } else { *byte })
}

/// Bytes of zeros after a content of `size` bytes, up to the next whole block.
pub(super) fn padding(size: u64) -> u64 {
    (BLOCK - size % BLOCK) % BLOCK
}
