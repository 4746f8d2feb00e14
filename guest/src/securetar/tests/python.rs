//! PyPI's securetar reads what is written here, and the reverse (`tests/fixtures/counterpart.py`). Where it is not
//! available, these tests print a note and pass, unless `LARDER_TESTS_REQUIRE_ALL` is set.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use super::archive::Count;
use super::*;
use crate::archive::{Limits, Member, Outer, Summary, walk};

const NOT_THERE: i32 = 77;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::write(place.path("password"), format!("{PASSWORD}\n")).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `None` when Python or its library is missing; otherwise whether the command succeeded.
    fn run(&self, words: &[&str]) -> Option<std::result::Result<(), String>> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/counterpart.py");
        let command = Command::new("python3").arg(script).args(words).current_dir(self.0.path()).output();
        let output = match command {
            Ok(output) if output.status.code() != Some(NOT_THERE) => output,
            _ => {
                assert!(env::var_os("LARDER_TESTS_REQUIRE_ALL").is_none(), "PyPI's securetar is required");
                println!("NOT RUN: PyPI's securetar is not there");
                return None;
            }
        };
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        Some(if output.status.success() { Ok(()) } else { Err(said) })
    }
}

fn sizes(version: Version) -> &'static [usize] {
    match version {
        Version::V3 => &[0, 1, MIB - 1, MIB, MIB + 1, 5 * MIB + 3],
        // The reference requires gzip.
        _ => &[3, 13, 16, MIB - 1, 3 * MIB],
    }
}

/// Walks every part of an archive to its end with one password.
fn walked(bytes: &[u8], keys: &mut Keys) -> Vec<Summary> {
    let mut outer = Outer::open(Cursor::new(bytes), &Limits::default()).unwrap();
    let members = outer.members.clone();
    let walk_one = |member: &Member| {
        let source = outer.read(member).unwrap();
        let decryptor = Decryptor::open(source, member.size, keys).unwrap();
        walk(decryptor, &Limits::default(), &mut Count(0)).unwrap()
    };
    members.iter().map(walk_one).collect()
}

#[test]
fn python_reads_every_size_that_is_written_here() {
    let place = Place::new();
    for version in [Version::V2, Version::V3] {
        for size in sizes(version) {
            let plain = plaintext(*size);
            fs::write(place.path("sealed"), seal(version, &plain)).unwrap();
            let words = ["decrypt", "sealed", "plain", "--password-file", "password"];
            let Some(outcome) = place.run(&words) else { return };
            outcome.unwrap();
            assert!(fs::read(place.path("plain")).unwrap() == plain, "{version}, {size} bytes");
        }
    }
}

#[test]
fn every_size_that_python_writes_is_read_here() {
    let place = Place::new();
    for (version, number) in [(Version::V1, "1"), (Version::V2, "2"), (Version::V3, "3")] {
        for size in sizes(version) {
            let plain = plaintext(*size);
            fs::write(place.path("plain"), &plain).unwrap();
            let words =
                ["encrypt", "plain", "sealed", "--password-file", "password", "--securetar-version", number];
            let Some(outcome) = place.run(&words) else { return };
            outcome.unwrap();
            let sealed = fs::read(place.path("sealed")).unwrap();
            let mut keys = Keys::new(password());
            assert!(open_with(&sealed, &mut keys).unwrap() == plain, "{version}, {size} bytes");
        }
    }
}

#[test]
fn archives_protected_by_python_have_the_same_content_in_every_version() {
    let place = Place::new();
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/example-home");
    let home = home.to_str().unwrap();
    let mut summaries = Vec::new();
    for number in ["1", "2", "3"] {
        let words = ["create", home, "b.tar", "--password-file", "password", "--securetar-version", number];
        let Some(outcome) = place.run(&words) else { return };
        outcome.unwrap();
        let bytes = fs::read(place.path("b.tar")).unwrap();
        let found: Vec<_> = walked(&bytes, &mut Keys::new(password()));
        assert_eq!(found.len(), 1);
        assert!(found[0].files > 15, "{:?}", found[0]);
        summaries.extend(found);
    }
    assert!(summaries.windows(2).all(|pair| pair[0] == pair[1]), "{summaries:?}");
}

#[test]
fn python_refuses_what_is_refused_here() {
    let place = Place::new();
    let mut bytes = seal(Version::V3, &plaintext(MIB + 5));
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(place.path("sealed"), &bytes).unwrap();
    fs::write(place.path("wrong"), "wrong").unwrap();
    let Some(changed) = place.run(&["decrypt", "sealed", "plain", "--password-file", "password"]) else {
        return;
    };
    assert!(changed.is_err());
    let wrong = place.run(&["decrypt", "sealed", "plain", "--password-file", "wrong"]).unwrap();
    assert!(wrong.unwrap_err().contains("InvalidPasswordError"));
}
