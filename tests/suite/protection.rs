//! Protected backups: in both directions with Home Assistant's library, tampering, passwords, copies, keys, and secrets that
//! are never shown.

mod copies;
mod counterparts;
mod keys;
mod passwords;
mod proof;
mod rekey;
mod secrets;
mod tampering;
mod typing;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use larder_tests::tar::{Tar, manifest, members_in};
use larder_tests::{Run, TestHome, archives_in, counterpart, describe};
use serde_json::Value;

/// Not only ASCII, and longer than any single read.
pub(crate) const PASSWORD: &str = "Schlüssel unterm Blumentopf, links der Tür: 4711-ΩΨ";
const WRONG: &str = "Schlüssel unterm Blumentopf, rechts der Tür: 4711-ΩΨ";

/// The code for a password that is wrong or missing.
pub(crate) const INCORRECT: &str = "password_incorrect";

/// A home, and next to it the files with the right password and a wrong one.
pub(crate) struct Scene {
    pub(crate) home: TestHome,
    pub(crate) right: String,
    pub(crate) wrong: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let home = TestHome::in_memory();
        home.write("www/picture.svg", "<svg/>");
        home.write(".storage/core.config", r#"{"data": {}}"#);
        Self::of(home)
    }

    pub(crate) fn of(home: TestHome) -> Self {
        fs::create_dir(home.state()).unwrap();
        let right = home.password_file("right.txt", format!("{PASSWORD}\n"));
        let wrong = home.password_file("wrong.txt", format!("{WRONG}\n"));
        Self { home, right, wrong }
    }

    pub(crate) fn root(&self, name: &str) -> PathBuf {
        self.home.root().join(name)
    }

    /// The arguments, then a password file.
    pub(crate) fn with(&self, password: &str, arguments: &[&str]) -> Run {
        self.home.larder(&[arguments, &["--password-file", password]].concat())
    }

    /// The same with the right one.
    pub(crate) fn opened(&self, arguments: &[&str]) -> Run {
        self.with(&self.right, arguments)
    }

    /// A protected backup made here, outside the home.
    #[track_caller]
    pub(crate) fn ours(&self, version: u8) -> PathBuf {
        let directory = self.root(&format!("ours {version}"));
        let backups = directory.to_str().unwrap();
        self.opened(&["create", "--backups", backups, "--securetar", &version.to_string()]).exits(0);
        archives_in(&directory).remove(0)
    }

    /// A protected backup made by Home Assistant's library.
    pub(crate) fn theirs(&self, version: u8) -> Option<PathBuf> {
        let archive = self.root(&format!("theirs {version}.tar"));
        let words = ["create", "--securetar-version", &version.to_string(), "--password-file", &self.right];
        let places = [self.home.config(), archive.clone()];
        let arguments: Vec<&OsStr> =
            words.into_iter().map(OsStr::new).chain(places.iter().map(AsRef::as_ref)).collect();
        counterpart(&arguments).map(|_| archive)
    }

    /// The same home in every version. Only Home Assistant's library writes version 1; without it there are two versions.
    pub(crate) fn every_version(&self) -> Vec<(u8, PathBuf)> {
        let first = self.theirs(1).map(|archive| (1, archive));
        first.into_iter().chain([2, 3].map(|version| (version, self.ours(version)))).collect()
    }

    /// The reference's description of an archive, with the right password.
    pub(crate) fn reference(&self, word: &str, archive: &Path) -> Option<Value> {
        counterpart(&[word, archive.to_str().unwrap(), "--password-file", &self.right])
    }

    /// A file with these bytes, next to the home.
    pub(crate) fn save(&self, bytes: &[u8]) -> PathBuf {
        let path = self.root("made up.tar");
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The current files, without the state directory.
    pub(crate) fn describe(&self) -> BTreeMap<PathBuf, String> {
        // The lock of the backups names its last holder.
        describe(self.home.root(), &["state", "config/backups/.larder-lock"])
    }
}

/// Every way to open an archive, without a password.
pub(crate) fn ways(scene: &Scene, archive: &Path) -> Vec<Vec<String>> {
    let (archive, new) = (archive.to_str().unwrap(), scene.root("new"));
    let new = new.to_str().unwrap();
    let ways: [&[&str]; 5] = [
        &["verify", archive],
        &["restore", archive, "--yes"],
        &["restore", archive, "--to", new],
        &["extract", archive, "configuration.yaml", "--to", new],
        &["decrypt", archive, "--to", new],
    ];
    ways.iter().map(|way| way.iter().map(ToString::to_string).collect()).collect()
}

/// Runs it in JSON: it must fail with that code, and only the state may have changed. Returns its message.
#[track_caller]
pub(crate) fn refused(scene: &Scene, arguments: &[String], password: Option<&str>, code: &str) -> String {
    let before = scene.describe();
    let after = |before: &BTreeMap<PathBuf, String>| {
        let mut after = scene.describe();
        // An error that is found while reading comes too late to keep the times of the directories in which files were staged.
        for directory in ["", "config"].map(Path::new).into_iter().filter(|_| code != INCORRECT) {
            after.insert(directory.to_owned(), before[directory].clone());
        }
        after
    };
    let mut words: Vec<&str> = ["--json"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    words.extend(password.iter().flat_map(|file| ["--password-file", file]));
    let run = scene.home.larder(&words).exits(1);
    let error = run.json()["error"].clone();
    assert_eq!(error["code"], code, "{arguments:?}: {error}");
    assert_eq!(after(&before), before, "{arguments:?} left or changed something");
    // A restore answers with Home Assistant's message; the details are in the log.
    run.stderr
}

/// The bytes of an archive's home, protected or not.
pub(crate) fn part(archive: &Path) -> Vec<u8> {
    let bytes = fs::read(archive).unwrap();
    let is_home = |(name, _): &(String, _)| name.starts_with("homeassistant.tar");
    let (_, place) = members_in(&bytes).into_iter().find(is_home).unwrap();
    bytes[place].to_vec()
}

/// A backup around a home that may be protected.
pub(crate) fn backup(part: &[u8], is_protected: bool) -> Vec<u8> {
    let mut manifest = manifest();
    manifest["protected"] = is_protected.into();
    let outer = Tar::default().file("./backup.json", manifest.to_string());
    outer.file("homeassistant.tar.gz", part).end()
}

/// What `backup.json` says.
pub(crate) fn says_protected(archive: &Path) -> Value {
    let bytes = fs::read(archive).unwrap();
    let (_, place) = members_in(&bytes).into_iter().find(|(name, _)| name == "backup.json").unwrap();
    serde_json::from_slice::<Value>(&bytes[place]).unwrap()["protected"].clone()
}

/// How the parts of an archive begin: the version of SecureTar, or `None` for gzip.
pub(crate) fn versions(archive: &Path) -> Vec<Option<u8>> {
    let bytes = fs::read(archive).unwrap();
    let parts = members_in(&bytes).into_iter().filter(|(name, _)| name.ends_with(".tar.gz"));
    let version = |start: &[u8]| match start {
        [0x1f, 0x8b, ..] => None,
        _ => Some(start.strip_prefix(b"SecureTar").unwrap()[0]),
    };
    parts.map(|(_, place)| version(&bytes[place])).collect()
}
