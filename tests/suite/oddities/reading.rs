//! Changes to a file after it was opened, while it is being read.

use std::fs;
use std::path::Path;

use larder_tests::{TestHome, noise};

use super::{comes_back, must_equal, skipped, tree};

const SIZE: usize = 32 << 20;
/// Some 3 MiB were written, and no more than 12 were read ahead, so the file is half read.
const HALF_WAY: &str = "draft: append#12";

/// The change to the large file `odd.bin`, and the reported reason.
const LARGE: &[(&str, Option<&str>)] = &[
    (
        "echo more >> odd.bin",
        Some("it grew to 33554437 bytes while it was read; its first 33554432 bytes are stored"),
    ),
    (
        "echo -n x | dd of=odd.bin conv=notrunc status=none",
        Some("it was written to while it was read; the stored content may mix old and new parts"),
    ),
    ("rm odd.bin", None),
    ("echo anew > new; mv new odd.bin", None),
    ("rm odd.bin; mkfifo odd.bin", None),
];

#[test]
fn a_large_file_that_something_happens_to_half_way_comes_back_as_it_was_when_it_was_opened() {
    for (script, reason) in LARGE {
        let home = TestHome::new();
        home.write("odd.bin", noise(SIZE));
        home.write("zz/last.txt", "behind it");
        let before = tree(&home);
        let status = if reason.is_some() { 3 } else { 0 };
        let run = home.larder_meanwhile(HALF_WAY, script, &["--json", "create"]).exits(status);
        must_equal(&comes_back(&home), &before);
        let said = reason.map(|reason| ("odd.bin".to_owned(), reason.to_owned()));
        assert_eq!(skipped(&run), Vec::from_iter(said), "after: {script}");
    }
}

#[test]
fn a_large_file_that_shrinks_half_way_is_filled_up_with_zeros_and_named() {
    let home = TestHome::new();
    let bytes = noise(SIZE);
    home.write("odd.bin", &bytes);
    home.write("zz/last.txt", "behind it");
    let run = home.larder_meanwhile(HALF_WAY, "truncate -s 1M odd.bin", &["--json", "create"]).exits(3);
    let said = skipped(&run);
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0].0, "odd.bin");
    let reason = said[0].1.strip_prefix("stored, but its last ").unwrap();
    let missing = reason.strip_suffix(" bytes are zeros: it shrank while it was read").unwrap();
    let (kept, missing) = (SIZE - missing.parse::<usize>().unwrap(), missing.parse::<usize>().unwrap());
    assert!(kept > 1 << 20 && missing > 0, "{kept} bytes were read before, {missing} were missing");

    let restored = comes_back(&home);
    assert!(restored.contains_key(Path::new("zz/last.txt")));
    let stored = fs::read(home.restore_latest().join("odd.bin")).unwrap();
    assert_eq!(stored.len(), SIZE);
    assert!(stored[..kept] == bytes[..kept], "what was read is stored");
    assert!(stored[kept..].iter().all(|byte| *byte == 0));
}

/// The change to the small file `!odd.txt` (the first of all) between opening and reading, what is stored of it, and
/// the reported reason.
const SMALL: &[(&str, &str, Option<&str>)] = &[
    (
        "truncate -s 3 !odd.txt",
        "abc",
        Some("it shrank from 10 to 3 bytes while it was read; stored as far as it could be read"),
    ),
    (
        "truncate -s 0 !odd.txt",
        "",
        Some("it shrank from 10 to 0 bytes while it was read; stored as far as it could be read"),
    ),
    (
        "echo more >> !odd.txt",
        "abcdefghij",
        Some("it grew to 15 bytes while it was read; its first 10 bytes are stored"),
    ),
    ("rm !odd.txt", "abcdefghij", None),
];

#[test]
fn a_small_file_that_changes_after_it_was_opened_is_stored_as_far_as_it_goes() {
    for (script, stored, reason) in SMALL {
        let home = TestHome::new();
        home.write("!odd.txt", "abcdefghij");
        let status = if reason.is_some() { 3 } else { 0 };
        // The home's version and configuration are read first.
        let run = home.larder_meanwhile("home: read#3", script, &["--json", "create"]).exits(status);
        let said = reason.map(|reason| ("!odd.txt".to_owned(), reason.to_owned()));
        assert_eq!(skipped(&run), Vec::from_iter(said), "after: {script}");
        assert!(comes_back(&home).contains_key(Path::new("configuration.yaml")));
        assert_eq!(fs::read_to_string(home.restore_latest().join("!odd.txt")).unwrap(), *stored);
    }
}
