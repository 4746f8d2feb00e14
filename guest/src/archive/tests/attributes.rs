//! Attributes with values that no file can have: they are lost, the content never is.

use super::*;
use crate::jobs::lost_attributes;

fn with(records: &[(&str, &[u8])]) -> (Contents, Summary) {
    let bytes =
        Raw::default().member(b'5', b"data/", b"").pax(b'x', records).member(b'0', b"data/f", b"whole");
    read(&bytes.member(b'0', b"data/g", b"too").end()).unwrap()
}

/// Values that Python's `tarfile` reads (or takes for 0) and `os.utime` and `os.chown` refuse.
#[test]
fn a_time_or_an_owner_that_no_file_can_have_is_left_out_and_named() {
    let cases: [(&str, &[u8], Attribute); 9] = [
        ("mtime", b"nan", Attribute::Time),
        ("mtime", b"-inf", Attribute::Time),
        ("mtime", b"1e30", Attribute::Time),
        ("mtime", b"12345678901234567890", Attribute::Time),
        ("mtime", b"yesterday", Attribute::Time),
        ("mtime", b"\xff", Attribute::Time),
        ("uid", b"99999999999", Attribute::Owner),
        ("gid", b"12345678901234567890", Attribute::Owner),
        ("uid", b"root", Attribute::Owner),
    ];
    for (key, value, attribute) in cases {
        let (contents, summary) = with(&[(key, value)]);
        let found: Vec<_> = contents.iter().skip(1).map(|(_, content)| content.as_slice()).collect();
        assert_eq!(found, [b"whole".as_slice(), b"too"], "{key}={}", value.escape_ascii());
        assert_eq!(summary.lost, [LostAttribute { path: b"f".to_vec(), attribute }]);
        assert_eq!(summary.lost_count, 1);
    }
}

#[test]
fn lost_attributes_are_one_sentence_per_kind_and_only_about_the_selected_paths() {
    let summary = Summary {
        lost: [(b"a", Attribute::Time), (b"b", Attribute::Time), (b"b", Attribute::Owner)]
            .map(|(path, attribute)| LostAttribute { path: path.to_vec(), attribute })
            .to_vec(),
        lost_count: 3,
        ..Summary::default()
    };
    assert_eq!(
        lost_attributes::sentences(&summary, |_| true),
        [
            "a and 1 more: the backup gives a time of modification that no file can have; the contents are intact, and the time of \
             modification is left out",
            "b: the backup gives an owner that no file can have; the contents are intact, and the owner is left out"
        ]
    );
    assert_eq!(lost_attributes::sentences(&summary, |path| path == b"c"), Vec::<String>::new());
}

/// The kernel's smallest and largest times, and their neighbors.
#[test]
fn the_kernels_first_and_last_times_are_read_back() {
    for seconds in [i64::MIN, i64::MIN + 1, -9_007_199_254_740_993, 9_223_372_036_854_774_784] {
        for nanoseconds in [0, 500_000_000, 999_999_000] {
            let mtime = Instant { seconds, nanoseconds };
            let mtime = nearest_restorable_time(mtime).unwrap_or(mtime);
            let (entry, content) = file("odd", b"x");
            let (contents, summary) = read(&tar(&vec![(Entry { mtime, ..entry }, content)])).unwrap();
            assert_eq!((contents[0].0.mtime, summary.lost_count), (mtime, 0));
        }
    }
}

/// Python rounds each of these to 2^63, which `os.utime` refuses: nothing would be restored.
#[test]
fn a_time_that_python_cannot_restore_becomes_the_latest_that_it_can() {
    let latest = Instant { seconds: 9_223_372_036_854_774_784, nanoseconds: 0 };
    for seconds in [i64::MAX, i64::MAX - 1000] {
        assert_eq!(nearest_restorable_time(Instant { seconds, nanoseconds: 999_999_999 }), Some(latest));
    }
    assert_eq!(nearest_restorable_time(latest), None);
    assert_eq!(nearest_restorable_time(Instant { seconds: i64::MIN, nanoseconds: 0 }), None);
}
