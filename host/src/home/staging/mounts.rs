//! Mount points below a directory, which must not be renamed away or emptied. Mounts nothing itself.

use std::collections::BTreeSet;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, StatxFlags};

/// Names directly in `directory` (absolute, without symbolic links) that are mount points or contain one at any depth,
/// including bind mounts of the same file system and mounted single files. Empty where the system does not tell (no
/// `/proc`).
pub(super) fn names_with_mounts(directory: &Path) -> BTreeSet<Vec<u8>> {
    let table = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
    let points = table.split(|byte| *byte == b'\n').filter_map(mount_point);
    points.filter_map(|point| first_below(directory.as_os_str().as_bytes(), &point)).collect()
}

/// The fifth field of a line of mountinfo (proc_pid_mountinfo(5)).
fn mount_point(line: &[u8]) -> Option<Vec<u8>> {
    line.split(|byte| *byte == b' ').nth(4).map(unescaped)
}

/// Replaces the escapes of white space and backslashes: `\` and three octal digits.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, tail)) = rest.split_first() {
        let digits =
            tail.get(..3).filter(|_| *first == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                plain.push(byte);
                rest = tail.get(3..).unwrap_or_default();
            }
            None => {
                plain.push(*first);
                rest = tail;
            }
        }
    }
    plain
}

fn first_below(directory: &[u8], point: &[u8]) -> Option<Vec<u8>> {
    let directory = directory.strip_suffix(b"/").unwrap_or(directory);
    let below = point.strip_prefix(directory)?.strip_prefix(b"/")?;
    below.split(|byte| *byte == b'/').next().filter(|name| !name.is_empty()).map(<[u8]>::to_vec)
}

/// Identifies a mount: the device and, where the system reports it, the mount ID.
pub(super) fn mount_of(fd: BorrowedFd<'_>) -> rustix::io::Result<(u64, u64)> {
    let device = rustix::fs::fstat(fd)?.st_dev;
    let statx = rustix::fs::statx(fd.as_fd(), c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID);
    let is_reported = |x: &rustix::fs::Statx| x.stx_mask & StatxFlags::MNT_ID.bits() != 0;
    Ok((device, statx.ok().filter(is_reported).map_or(0, |x| x.stx_mnt_id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_point_with_a_space_and_a_deep_one_are_named_by_their_first_part() {
        let line = b"41 32 0:36 / /srv/my\\040home/www/nas rw,relatime - tmpfs none rw";
        let point = mount_point(line).unwrap();
        assert_eq!(point, b"/srv/my home/www/nas");
        assert_eq!(first_below(b"/srv/my home", &point), Some(b"www".to_vec()));
        assert_eq!(first_below(b"/srv/my", &point), None);
        assert_eq!(first_below(b"/srv/my home/www/nas", &point), None);
        assert_eq!(first_below(b"/", b"/"), None);
    }
}
