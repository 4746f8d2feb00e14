//! A short, deterministic run of the fuzz target's checks on the stable compiler: valid records with hundreds of small changes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../../fuzz/record_check.rs"]
mod check;

use larder_guest::archive::Manifest;
use larder_guest::layout::{Layout, Record, record_bytes};

const ROUNDS: usize = 700;
/// What a change inserts.
const PIECES: [&[u8]; 10] =
    [b"\"", b"{", b"[", b"null", b"-1", b"1e99", b"\\u0000", b"../", b"\xff", b",\"size\":9"];

/// Xorshift: the same numbers each time.
struct Numbers(u32);

impl Numbers {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize
    }
}

#[test]
fn records_with_hundreds_of_changes_are_read_or_named() {
    let text =
        br#"{"slug": "0badcafe", "name": "a", "date": "2026-11-23T15:40:28.994388+01:00", "folders": ["ssl"],
        "addons": [{"name": "A", "slug": "a", "version": "1"}], "extra": {"instance_id": "x", "b": true}}"#;
    let record = Record::new(&Manifest::parse(text).unwrap(), 1, false);
    let mut numbers = Numbers(0x9e37_79b9);
    for round in 0..ROUNDS {
        let layout = Layout::ALL[round % Layout::ALL.len()];
        let mut bytes = record_bytes(layout, &record, "a.tar", "/x");
        for _ in 0..numbers.next() % 4 {
            let at = numbers.next() % (bytes.len() + 1);
            let end = (at + numbers.next() % 12).min(bytes.len());
            let piece = PIECES[numbers.next() % PIECES.len()];
            match numbers.next() % 3 {
                0 => drop(bytes.drain(at..end)),
                1 => drop(bytes.splice(at..at, piece.iter().copied())),
                _ => drop(bytes.splice(at..end, piece.iter().copied())),
            }
        }
        check::check(&bytes);
    }
}
