//! Damage of single bytes: an archive that lost or changed a byte is never accepted with different contents.

use std::io::Cursor;

use super::outer::backup;
use super::*;

#[test]
fn gzip_cut_at_any_byte_is_refused() {
    let good = gzip(&tar(&small()));
    for length in 0..good.len() {
        assert!(read(&good[..length]).is_err(), "cut to {length} of {} bytes", good.len());
    }
}

#[test]
fn any_flipped_bit_of_a_gzip_is_refused_or_changes_nothing() {
    let good = gzip(&tar(&small()));
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        // Name, time and system in gzip's own header do not affect the contents.
        if let Ok((contents, _)) = read(&bad) {
            assert_eq!(contents, small(), "bit {bit}");
        }
    }
}

#[test]
fn uncompressed_tar_cut_before_its_end_marker_is_refused_or_noted_between_two_members() {
    let good = tar(&small());
    let end = good.iter().rposition(|byte| *byte != 0).unwrap().next_multiple_of(512);
    for length in (0..end + 1024).step_by(7).chain(end + 1000..end + 1024) {
        let Ok((contents, summary)) = read(&good[..length]) else { continue };
        assert!(length.is_multiple_of(512) || length > end, "cut to {length}");
        assert_eq!(contents, small()[..contents.len()], "cut to {length}");
        assert!(summary.notes[0].contains("the end-of-archive marker is missing"), "cut to {length}");
    }
}

#[test]
fn outer_archive_cut_at_any_byte_before_its_end_marker_is_refused_or_lacks_its_home() {
    let good = backup();
    let end = good.iter().rposition(|byte| *byte != 0).unwrap().next_multiple_of(512);
    for length in 0..end + 1024 {
        let Ok(mut outer) = Outer::open(Cursor::new(&good[..length]), &Limits::default()) else { continue };
        assert_eq!(outer.home().is_some(), length >= end, "cut to {length}");
        assert!(outer.end_note().unwrap().is_some(), "cut to {length}");
    }
}

#[test]
fn flipped_bits_in_an_outer_archive_never_panic() {
    let good = backup();
    for bit in (0..good.len() * 8).step_by(37) {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let _ = Outer::open(Cursor::new(&bad), &Limits::default()).and_then(|mut outer| {
            let member = outer.home().cloned();
            member.map_or(Ok(()), |member| {
                walk(outer.read(&member)?, &Limits::default(), &mut Keep::default()).map(|_| ())
            })
        });
    }
}
