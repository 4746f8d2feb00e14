//! A short, deterministic run of the fuzz target's checks on the stable compiler: a valid archive with thousands of small changes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../../fuzz/check.rs"]
mod check;

use larder_guest::archive::{Draft, Entry, Instant, Kind, Manifest, OuterWriter, TreeWriter, first_of};
use std::io::Write;

const ROUNDS: u32 = 4000;

/// A small home with every kind of entry and a long name.
fn inner() -> Vec<u8> {
    let mtime = Instant { seconds: 1_795_444_780, nanoseconds: 988_981_000 };
    let entry = |path: &str, kind| {
        let (user, group) = ("root".to_owned(), "root".to_owned());
        Entry { path: path.into(), kind, mode: 0o644, uid: 0, gid: 0, user, group, mtime }
    };
    let mut writer = TreeWriter::new(Vec::new());
    for (path, kind) in [
        ("", Kind::Directory),
        ("www", Kind::Directory),
        ("link", Kind::Symlink(b"www".to_vec())),
        ("empty", Kind::File(0)),
        ("same", Kind::HardLink(b"empty".to_vec())),
        (&"n".repeat(200), Kind::Directory),
    ] {
        writer.add(&entry(path, kind)).unwrap();
    }
    let mut content: &[u8] = &[7; 700];
    writer
        .add_file(&entry("www/file", Kind::File(700)), |most| {
            std::io::Result::Ok(first_of(&mut content, most))
        })
        .unwrap();
    writer.finish().unwrap().0
}

#[derive(Default)]
struct Memory(Vec<u8>);

impl Draft for Memory {
    fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
        let at = usize::try_from(offset).unwrap();
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
}

fn outer(inner: &[u8]) -> Vec<u8> {
    let date = "2026-11-23T15:39:40.988161+01:00";
    let manifest = Manifest::new("a", "b", date, "2026.11.0", true, serde_json::Map::new()).unwrap();
    let mut writer = OuterWriter::new(Memory::default(), &manifest, 0).unwrap();
    let mut member = writer.member("homeassistant.tar", Instant::default()).unwrap();
    member.write_all(inner).unwrap();
    member.finish().unwrap();
    writer.finish().unwrap().0.0
}

/// Xorshift: the same numbers each time.
struct Numbers(u32);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % end
    }
}

/// Changes bytes, moves blocks, truncates, and overwrites numbers with digits.
fn change(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        match numbers.below(6) {
            0 => bytes[at] ^= 1 << numbers.below(8),
            1 => bytes[at] = b"/.\0 01257xgLK\xff\x80"[numbers.below(15)],
            2 => bytes.truncate(at.max(1)),
            3 => bytes.iter_mut().skip(at / 512 * 512 + 124).take(11).for_each(|byte| *byte = b'7'),
            4 => {
                let (from, to) = (at / 512 * 512, numbers.below(bytes.len()) / 512 * 512);
                let block = bytes.iter().skip(from).take(512).copied().collect::<Vec<_>>();
                bytes.splice(to..to, block);
            }
            _ => {
                let from = at / 512 * 512;
                bytes.drain(from..(from + 512).min(bytes.len()));
                // Leaves at least one byte to change.
                bytes.push(0);
            }
        }
    }
}

#[test]
fn archives_with_thousands_of_changes_never_break_the_readers_guarantees() {
    let inner = inner();
    let seeds = [outer(&inner), inner];
    let mut numbers = Numbers(0x9e37_79b9);
    for seed in &seeds {
        check::check(seed);
    }
    for round in 0..ROUNDS {
        let mut bytes = seeds[round as usize % seeds.len()].clone();
        change(&mut bytes, &mut numbers);
        check::check(&bytes);
    }
}
