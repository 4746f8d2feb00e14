//! Archives that need more disk space, memory or time than there is.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use larder_tests::tar::{Tar, backup_of, outer};
use larder_tests::{Mount, TestHome, describe_inside};

use super::{all_are_refused, case, save, victim};

const MIB: u64 = 1 << 20;

/// A file of that many bytes, none of them zero: a gzip of a few hundred kilobytes.
fn bomb(bytes: u64) -> Vec<u8> {
    let mut sink = GzEncoder::new(Vec::new(), Compression::fast());
    sink.write_all(&Tar::home().member(b'0', "data/bomb", "", bytes, "").cut()).unwrap();
    let piece = vec![7; MIB as usize];
    (0..bytes / MIB).for_each(|_| sink.write_all(&piece).unwrap());
    sink.write_all(&Tar::default().end()).unwrap();
    backup_of(&sink.finish().unwrap())
}

#[test]
fn more_data_than_the_free_space_is_refused_and_given_back() {
    let home = TestHome::in_memory();
    let Some(_mount) = Mount::tmpfs(&home.config(), 24 * MIB) else { return };
    home.write(".HA_VERSION", "2026.11.0");
    home.write("configuration.yaml", "default_config:\n");
    let archive = save(&home, &bomb(400 * MIB));
    let archive = archive.to_str().unwrap();
    let to = home.config().join("new");
    let (before, free) = (describe_inside(&home.config(), &[]), free(&home.config()));

    home.larder(&["verify", archive]).exits(0);
    let to = to.to_str().unwrap();
    let ways: [&[&str]; 3] = [
        &["restore", archive, "--yes"],
        &["restore", archive, "--to", to],
        &["extract", archive, "bomb", "--to", to],
    ];
    for way in ways {
        // The space for the whole file, and the space that it may use: 16 MiB stay free.
        let run = home.larder(way).exits(1).says("it needs about 400.0").says(" MiB is available; free some");
        assert_eq!(describe_inside(&home.config(), &[]), before, "{way:?}: {}", run.stderr);
        assert_eq!(self::free(&home.config()), free, "{way:?}");
    }
    // Files that are not requested take no space.
    home.larder(&["extract", archive, "configuration.yaml", "--to", to]).exits(0);
    assert_eq!(fs::read_to_string(PathBuf::from(to).join("configuration.yaml")).unwrap(), "restored:\n");
}

fn free(path: &std::path::Path) -> u64 {
    let space = rustix::fs::statvfs(path).unwrap();
    space.f_bavail * space.f_frsize
}

#[test]
fn a_file_of_zeros_larger_than_the_disk_comes_back_as_a_hole() {
    let home = TestHome::in_memory();
    let Some(_mount) = Mount::tmpfs(&home.config(), 24 * MIB) else { return };
    let inner = Tar::home().member(b'0', "data/sparse", "", 64 * MIB, vec![0; 64 * MIB as usize]);
    let archive = save(&home, &inner.backup());
    home.larder(&["restore", archive.to_str().unwrap(), "--yes"]).exits(0);
    assert_eq!(fs::metadata(home.path("sparse")).unwrap().len(), 64 * MIB);
}

#[test]
fn bombs_of_headers_and_names_are_refused() {
    all_are_refused(vec![
        case(
            "one huge extension",
            Tar::home().pax(&[("comment", &vec![b'c'; 2 << 20])]).backup(),
            "extension",
        ),
        case(
            "an extension that claims to be huge",
            Tar::home().member(b'x', "pax", "", 1 << 40, "").backup(),
            "extension",
        ),
        case("extensions without end", extensions(), "extension"),
        case("outer members without end", members(), "more than 10000 members"),
        case("PAX globals without end", globals(), "extension"),
    ]);
}

fn extensions() -> Vec<u8> {
    (0..5000).fold(Tar::home(), |tar, _| tar.pax(&[("comment", b"x")])).file("data/f", "x").backup()
}

fn globals() -> Vec<u8> {
    let global = |tar: Tar, _| tar.member(b'g', "g", "", 13, "13 comment=x\n");
    (0..5000).fold(Tar::home(), global).file("data/f", "x").backup()
}

fn members() -> Vec<u8> {
    (0..10_001).fold(outer(), |tar, number| tar.file(format!("m{number}"), "")).end()
}

#[test]
fn a_million_entries_are_too_many() {
    // None is below `data/`, so that none has to be remembered.
    let block = Tar::default().directory("elsewhere").cut();
    let mut sink = GzEncoder::new(Vec::new(), Compression::fast());
    sink.write_all(&Tar::home().cut()).unwrap();
    let many = block.repeat(10_000);
    (0..100).for_each(|_| sink.write_all(&many).unwrap());
    sink.write_all(&Tar::default().end()).unwrap();
    refused_while_read(&backup_of(&sink.finish().unwrap()), &["more than 1000000 entries"]);
}

#[test]
fn names_of_more_bytes_than_memory_are_refused() {
    let deep = format!("data/{}", format!("{}/", "d".repeat(250)).repeat(15));
    let mut sink = GzEncoder::new(Vec::new(), Compression::fast());
    sink.write_all(&Tar::home().cut()).unwrap();
    for number in 0..20_000 {
        let name = format!("{deep}{number}");
        let tar = Tar::default().pax(&[("path", name.as_bytes())]).directory("data/d");
        sink.write_all(&tar.cut()).unwrap();
    }
    sink.write_all(&Tar::default().end()).unwrap();
    refused_while_read(&backup_of(&sink.finish().unwrap()), &["names up to", "limit memory", "in 64 MiB"]);
}

/// The two commands, which keep different amounts in memory.
fn refused_while_read(archive: &[u8], says: &[&str]) {
    let home = victim();
    let before = super::Before::of(&home);
    let archive = save(&home, archive);
    for (way, arguments) in super::ways(&home, &archive).into_iter().take(2) {
        let run = super::run(&home, &arguments).exits(1);
        assert!(says.iter().any(|says| run.stderr.contains(says)), "{way}: {}", run.stderr);
        before.is_still_so(&home, way);
    }
}
