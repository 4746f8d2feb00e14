//! Python's `tarfile`, which Home Assistant uses, reads what is written here, and the reverse. Without `python3` these tests print a
//! note and pass.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::outer::backup;
use super::*;

const LIST: &str = include_str!("list.py");
const MAKE: &str = include_str!("make.py");

fn python(script: &str, input: Vec<u8>) -> Option<Vec<u8>> {
    let command =
        Command::new("python3").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = command else {
        println!("skipped: there is no python3");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let feed = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    feed.join().unwrap().unwrap();
    assert!(output.status.success());
    Some(output.stdout)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An entry in the form that the scripts print.
fn row(entry: &Entry, content: &[u8]) -> Value {
    let in_data = paths::in_data;
    let (kind, link) = match &entry.kind {
        Kind::Directory => ("5", Vec::new()),
        Kind::File(_) => ("0", Vec::new()),
        Kind::Symlink(target) => ("2", target.clone()),
        Kind::HardLink(target) => ("1", in_data(target)),
    };
    let micro = entry.mtime.seconds * 1_000_000 + i64::from(entry.mtime.nanoseconds / 1000);
    let names = [hex(&in_data(&entry.path)), hex(&link), hex(content)];
    let numbers = [i64::from(entry.mode), i64::from(entry.uid), i64::from(entry.gid), micro];
    serde_json::json!([kind, names, numbers, entry.user, entry.group])
}

fn varied() -> Contents {
    let mut contents = small();
    let mut add = |path: &[u8], seconds, nanoseconds, uid| {
        let (entry, content) = file(path, path);
        contents
            .push((Entry { mtime: Instant { seconds, nanoseconds }, uid, mode: 0o4755, ..entry }, content));
    };
    add("Käse/日本.txt".as_bytes(), 0, 0, 0);
    add(b"not utf-8 \xff\xfe", -1, 999_999_000, 1000);
    add(b"two\nlines", -86_400, 1_000, 0o10_000_000);
    add(&[&b"d/".repeat(60)[..], &[b'x'; 200]].concat(), 1_795_444_780, 123_456_000, u32::MAX);
    add(&[b'n'; 120], 1_795_444_780, 123_456_999, 5);
    (0..200).for_each(|step| {
        add(format!("time {step}").as_bytes(), 1_795_444_780 + step, (step as u32) * 4_999_000, 0)
    });
    contents.push(other("long link", Kind::Symlink([b"\xff/".as_slice(), &[b'y'; 240]].concat())));
    contents
}

#[test]
fn python_reads_what_is_written_here() {
    let contents = varied();
    for bytes in [tar(&contents), gzip(&tar(&contents))] {
        let Some(output) = python(LIST, bytes) else { return };
        let rows: Vec<Value> = serde_json::from_slice(&output).unwrap();
        let expected: Vec<Value> = contents.iter().map(|(entry, content)| row(entry, content)).collect();
        for (found, wanted) in rows.iter().zip(&expected) {
            assert_eq!(found, wanted);
        }
        assert_eq!(rows.len(), expected.len());
    }
}

#[test]
fn python_reads_the_outer_archive() {
    let Some(output) = python(LIST, backup()) else { return };
    let rows: Vec<Value> = serde_json::from_slice(&output).unwrap();
    let names: Vec<&Value> = rows.iter().map(|row| &row[1][0]).collect();
    assert_eq!(names, [&hex(b"./backup.json"), &hex(b"homeassistant.tar.gz")]);
    assert_eq!(rows[1][1][2], hex(&gzip(&tar(&small()))));
}

#[test]
fn what_python_writes_is_read_here() {
    for format in ["pax", "gnu", "pax gz", "gnu gz"] {
        let Some(output) = python(MAKE, format.as_bytes().to_vec()) else { return };
        let split = output.iter().position(|byte| *byte == b'\n').unwrap();
        let expected: Vec<Value> = serde_json::from_slice(&output[..split]).unwrap();
        let (contents, summary) = read(&output[split + 1..]).unwrap();
        let found: Vec<Value> = contents.iter().map(|(entry, content)| row(entry, content)).collect();
        assert_eq!(found, expected, "{format}");
        assert_eq!(summary.outside, [b"homeassistant.json"], "{format}");
        assert_eq!(summary.skipped_count, 1, "{format}");
    }
}

/// The member names that Python lists.
fn listed(bytes: &[u8]) -> Option<Vec<String>> {
    let rows: Vec<Value> = serde_json::from_slice(&python(LIST, bytes.to_vec())?).unwrap();
    Some(rows.iter().map(|row| row[1][0].as_str().unwrap().to_owned()).collect())
}

#[test]
fn python_accepts_the_ends_that_are_accepted_here_and_reads_as_far() {
    let files = || Raw::default().member(b'5', b"data", b"").member(b'0', b"data/f", b"x");
    let ends = [
        files().cut(),
        files().bytes(&[0; 512]).cut(),
        files().bytes(&[0; 100]).cut(),
        files().bytes(&vec![0; 3 << 20]).cut(),
        files().bytes(&[0; 512]).member(b'0', b"data/g", b"").end(),
        files().bytes(&[0; 1024]).member(b'0', b"data/g", b"").end(),
    ];
    for (at, bytes) in ends.iter().enumerate() {
        let bytes = gzip(bytes);
        let Some(names) = listed(&bytes) else { return };
        let (contents, _) = read(&bytes).unwrap();
        let found: Vec<_> = contents.iter().map(|(entry, _)| hex(&paths::in_data(&entry.path))).collect();
        assert_eq!(found, names, "end {at}");
    }
}

/// Makes the number at offset `field` of the header at `at` invalid.
fn garbled(mut bytes: Vec<u8>, at: usize, field: usize) -> Vec<u8> {
    bytes[at + field..at + field + 7].copy_from_slice(b"12x4567");
    let mut block = ::tar::Header::new_old();
    block.as_mut_bytes().copy_from_slice(&bytes[at..at + 512]);
    header::set_checksum(&mut block);
    bytes[at..at + 512].copy_from_slice(block.as_bytes());
    bytes
}

#[test]
fn where_python_stops_early_and_reading_goes_on_is_noted() {
    let bytes = || {
        let raw = Raw::default().member(b'5', b"data", b"").member(b'0', b"data/first", b"");
        raw.pax(b'x', &[("path", b"data/second")]).member(b'0', b"short", b"").end()
    };
    // Mode, owner, group, time and device numbers of the extension header.
    for field in [100, 108, 116, 136, 329, 337] {
        let bytes = garbled(bytes(), 1024, field);
        let Some(names) = listed(&bytes) else { return };
        assert_eq!(names, [hex(b"data"), hex(b"data/first")], "field {field}");
        let (contents, summary) = read(&bytes).unwrap();
        assert_eq!(contents.len(), 3, "field {field}");
        let note = "invalid number in a header after `data/first`: Home Assistant would restore only what";
        assert!(summary.notes[0].starts_with(note), "field {field}: {:?}", summary.notes);
    }
    let (_, summary) = read(&bytes()).unwrap();
    assert!(summary.notes.is_empty());
}
