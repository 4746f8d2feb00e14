//! The outer archive: written as recorded, read in every accepted form, refused in every other.

use std::io::{Cursor, Read};

use serde_json::Map;

use super::*;

const JSON: &[u8] = br#"{"slug":"2f6c6fb6","name":"N","date":"2026-11-23T15:39:40.988161+01:00"}"#;

pub(super) fn manifest() -> Manifest {
    Manifest::new("2f6c6fb6", "N", "2026-11-23T15:39:40.988161+01:00", "2026.11.0", true, Map::new()).unwrap()
}

/// A complete backup of the small home.
pub(super) fn backup() -> Vec<u8> {
    let mut outer = OuterWriter::new(Memory::default(), &manifest(), 1_795_444_780).unwrap();
    let mut member = outer
        .member("homeassistant.tar.gz", Instant { seconds: 1_795_444_780, nanoseconds: 988_981_000 })
        .unwrap();
    member.write_all(&gzip(&tar(&small()))).unwrap();
    member.finish().unwrap();
    outer.finish().unwrap().0.0
}

fn open(bytes: Vec<u8>) -> Result<Outer<Cursor<Vec<u8>>>> {
    Outer::open(Cursor::new(bytes), &Limits::default())
}

#[test]
fn written_archive_is_laid_out_as_recorded() {
    let bytes = backup();
    let at = |range: std::ops::Range<usize>| bytes[range].to_vec();
    assert_eq!(bytes.len() % 10_240, 0);
    assert_eq!(at(0..14), b"./backup.json\0");
    assert_eq!(at(100..124), b"0000644\x000000000\x000000000\0");
    assert_eq!(at(136..148), b"15301050054\0");
    assert_eq!(at(257..265), b"ustar\x0000");
    assert_eq!(at(1024..1038), b"././@PaxHeader");
    assert_eq!(at(1536..1563), b"27 mtime=1795444780.988981\n");
    assert_eq!(at(2048..2069), b"homeassistant.tar.gz\0");
    assert_eq!(at(2184..2196), b"15301050055\0");
}

#[test]
fn written_archive_is_read_back_with_its_contents() {
    let mut outer = open(backup()).unwrap();
    assert_eq!(outer.manifest, manifest());
    let home = outer.home().cloned().unwrap();
    assert_eq!((home.name.as_str(), home.offset), ("homeassistant.tar.gz", 2560));
    let mut keep = Keep::default();
    walk(outer.read(&home).unwrap(), &Limits::default(), &mut keep).unwrap();
    assert_eq!(keep.0, small());
}

#[test]
fn several_members_are_patched_and_found() {
    let mut outer = OuterWriter::new(Memory::default(), &manifest(), 0).unwrap();
    for (name, content) in [("a.tar.gz", b"first".as_slice()), ("b.tar", b"?econd")] {
        let mut member = outer.member(name, Instant::default()).unwrap();
        member.write_all(content).unwrap();
        if name == "b.tar" {
            member.patch(0, b"s").unwrap();
        }
        assert_eq!(member.finish().unwrap(), content.len() as u64);
    }
    let (memory, size) = outer.finish().unwrap();
    assert_eq!(memory.0.len() as u64, size);
    let mut outer = open(memory.0).unwrap();
    let second = outer.members[1].clone();
    let mut text = String::new();
    outer.read(&second).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "second");
}

#[test]
fn size_of_eight_gib_is_patched_in_base_256() {
    struct Hole(Memory);
    impl Draft for Hole {
        fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
            if bytes.len() < 1 << 20 { self.0.append(bytes) } else { Ok(()) }
        }
        fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
            self.0.patch(offset, bytes)
        }
    }
    let mut outer = OuterWriter::new(Hole(Memory::default()), &manifest(), 0).unwrap();
    let mut member = outer.member("homeassistant.tar.gz", Instant::default()).unwrap();
    let mebibyte = vec![0; 1 << 20];
    (0..8192).for_each(|_| member.write_all(&mebibyte).unwrap());
    assert_eq!(member.finish().unwrap(), 8 << 30);
    let bytes = outer.finish().unwrap().0.0.0;
    assert_eq!(bytes[2172..2184], [0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
    assert_refused("the hole", open(bytes), "Damaged", "cut off");
}

#[test]
fn every_accepted_form_is_read() {
    let forms = [
        Raw::default().member(b'0', b"backup.json", JSON).member(b'0', b"homeassistant.tar", b"x"),
        Raw::default().member(b'0', b"./homeassistant.tar.gz", b"x").member(b'0', b"./backup.json", JSON),
        Raw::default()
            .pax(b'g', &[("comment", b"c")])
            .member(b'5', b"./", b"")
            .member(b'0', b"unknown", b"y")
            .pax(b'x', &[("path", b"./homeassistant.tar.gz"), ("mtime", b"1.5")])
            .member(b'0', b"short", b"x")
            .member(b'L', b"././@LongLink", b"backup.json\0")
            .member(b'0', b"cut", JSON),
    ];
    for form in forms {
        let mut outer = open(form.end()).unwrap();
        assert_eq!(outer.manifest.slug(), "2f6c6fb6");
        let home = outer.home().cloned().unwrap();
        let mut text = String::new();
        outer.read(&home).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "x");
    }
}

#[test]
fn every_other_form_is_refused() {
    let json = || Raw::default().member(b'0', b"./backup.json", JSON);
    let file = |name: &[u8]| json().member(b'0', name, b"").end();
    let cases = [
        (
            "link with content",
            json().linked(b'2', b"odd", b"x", 512, &[1; 512]).end(),
            "Damaged",
            "`odd` is not a file but has content",
        ),
        (
            "cut in a header",
            json().member(b'0', b"a.tar", b"").cut()[..1100].to_vec(),
            "Damaged",
            "cut off at byte 1024, after `./backup.json`",
        ),
        ("empty", Vec::new(), "Damaged", "cut off"),
        ("no manifest", Raw::default().member(b'0', b"x", b"").end(), "Damaged", "no `backup.json`"),
        ("manifest twice", file(b"backup.json"), "Damaged", "`backup.json` appears twice"),
        (
            "part twice",
            json().member(b'0', b"a.tar", b"").member(b'0', b"./a.tar.gz", b"").end(),
            "Damaged",
            "`a.tar.gz`",
        ),
        ("absolute", file(b"/etc/passwd"), "Unsafe", "/etc/passwd"),
        ("up", file(b"a/../../b"), "Unsafe", "a/../../b"),
        (
            "past the end",
            json().linked(b'0', b"big.tar", b"", 1 << 30, b"").end(),
            "Damaged",
            "after `big.tar`",
        ),
        ("overflow", json().linked(b'0', b"big.tar", b"", u64::MAX >> 1, b"").end(), "Damaged", "cut off"),
        ("not JSON", Raw::default().member(b'0', b"backup.json", b"{").end(), "Damaged", "not JSON"),
        ("JSON array", Raw::default().member(b'0', b"backup.json", b"[]").end(), "Damaged", "backup.json"),
        ("no slug", Raw::default().member(b'0', b"backup.json", b"{}").end(), "Damaged", "`slug`"),
        (
            "long",
            Raw::default().member(b'0', b"backup.json", &vec![b' '; (1 << 20) + 1]).end(),
            "TooLarge",
            "1048576",
        ),
        ("text", b"just some text, no tar at all".repeat(40), "Damaged", "checksum"),
    ];
    for (label, bytes, case, needle) in cases {
        assert_refused(label, open(bytes), case, needle);
    }
    let many = (0..20).fold(json(), |raw, number| raw.member(b'0', format!("m{number}").as_bytes(), b""));
    let limits = Limits { members: 10, ..Limits::default() };
    assert_refused(
        "many",
        Outer::open(Cursor::new(many.end()), &limits),
        "TooLarge",
        "more than 10 members, at `m9`",
    );
}

#[test]
fn unknown_members_are_ignored_and_noted() {
    let json = || Raw::default().member(b'0', b"./backup.json", JSON);
    let typed = |flag| json().member(flag, b"odd", b"").end();
    let cases = [
        (typed(b'1'), "`odd` is a hard link"),
        (typed(b'2'), "`odd` is a symbolic link"),
        (typed(b'3'), "`odd` is a device node"),
        (typed(b'6'), "`odd` is a FIFO"),
        (typed(b'Z'), "`odd` is of the unknown type `Z`"),
        (json().member(b'0', b"\xff", b"").end(), "not UTF-8"),
    ];
    for (bytes, needle) in cases {
        let outer = open(bytes).unwrap();
        assert!(outer.members.is_empty());
        assert!(outer.notes()[0].contains(needle), "{:?}", outer.notes());
    }
}

#[test]
fn ends_that_home_assistant_accepts_are_accepted_and_noted() {
    let json = || Raw::default().member(b'0', b"./backup.json", JSON);
    let padded = |count| json().bytes(&vec![0; count]).cut();
    for (count, note) in [
        (0, "the end-of-archive marker is missing"),
        (512, "the end-of-archive marker is missing"),
        (700, "is missing"),
        (1024, ""),
        (5 << 20, ""),
    ] {
        let mut outer = open(padded(count)).unwrap();
        let odd = outer.end_note().unwrap();
        assert_eq!(odd.is_none(), note.is_empty(), "{count}: {odd:?}");
        assert!(odd.unwrap_or_default().contains(note), "{count}");
    }
    for gap in [512, 1024, 4096] {
        let more = json().bytes(&vec![0; gap]).member(b'0', b"hidden.tar", b"").end();
        let mut outer = open(more).unwrap();
        assert!(outer.members.is_empty());
        assert!(
            outer.end_note().unwrap().unwrap().contains("is ignored here and by Home Assistant"),
            "{gap}"
        );
    }
}

#[test]
fn a_damaged_archive_yields_the_members_before_the_damage() {
    let whole = Raw::default()
        .member(b'0', b"backup.json", JSON)
        .member(b'0', b"homeassistant.tar.gz", b"0123456789")
        .end();
    let salvage = |bytes: &[u8]| Outer::salvage(Cursor::new(bytes.to_vec()), &Limits::default()).unwrap();
    let (outer, damage) = salvage(&whole);
    assert!(damage.is_none());
    assert_eq!(outer.manifest.slug(), "2f6c6fb6");
    let (mut outer, damage) = salvage(&whole[..1540]);
    assert!(damage.unwrap().to_string().contains("cut off"));
    let home = outer.home().cloned().unwrap();
    let mut text = String::new();
    outer.read(&home).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "0123");
    let (outer, damage) = salvage(&whole[1024..]);
    assert!(damage.unwrap().to_string().contains("no `backup.json`"));
    assert_eq!((outer.manifest.slug(), outer.members.len()), ("unknown", 1));
}
