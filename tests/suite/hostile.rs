//! Malicious archives, and archives that a disk has damaged: refused with a reason, and nothing is touched.

mod contents;
mod damage;
mod library;
mod outside;
mod salvage;
mod space;

use std::fs;
use std::path::{Path, PathBuf};

use larder_tests::{Run, TestHome, describe_inside};

/// An archive, and a fragment of the reason why it is refused.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) archive: Vec<u8>,
    pub(crate) says: &'static str,
}

pub(crate) fn case(name: &'static str, archive: Vec<u8>, says: &'static str) -> Case {
    Case { name, archive, says }
}

/// A home with contents that could be lost.
pub(crate) fn victim() -> TestHome {
    let home = TestHome::in_memory();
    home.write("www/picture.svg", "<svg/>");
    home.write(".storage/core.config", "{}");
    home.write("backups/precious.txt", "kept");
    home
}

/// Every way to read an archive to its end.
pub(crate) fn ways(home: &TestHome, archive: &Path) -> Vec<(&'static str, Vec<String>)> {
    let (archive, to) = (text(archive), text(&elsewhere(home)));
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    vec![
        ("verify", words(&["verify", &archive])),
        ("restore in place", words(&["restore", &archive, "--yes"])),
        ("restore elsewhere", words(&["restore", &archive, "--to", &to])),
        ("extract", words(&["extract", &archive, "configuration.yaml", "--to", &to])),
    ]
}

pub(crate) fn elsewhere(home: &TestHome) -> PathBuf {
    home.root().join("elsewhere")
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

pub(crate) fn save(home: &TestHome, bytes: &[u8]) -> PathBuf {
    let path = home.root().join("hostile.tar");
    fs::write(&path, bytes).unwrap();
    path
}

/// The lock of the backups, whose text names its last holder.
const LOCK: &str = "backups/.larder-lock";

/// Everything that a refused archive must leave as it was.
pub(crate) struct Before(std::collections::BTreeMap<PathBuf, String>);

impl Before {
    pub(crate) fn of(home: &TestHome) -> Self {
        Self(describe_inside(&home.config(), &[LOCK]))
    }

    #[track_caller]
    pub(crate) fn is_still_so(&self, home: &TestHome, what: &str) {
        assert_eq!(describe_inside(&home.config(), &[LOCK]), self.0, "{what}: the home was changed");
        assert!(!elsewhere(home).exists(), "{what}: something is left elsewhere");
        for entry in fs::read_dir(home.root()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let expected = ["config", "state", "hostile.tar"].contains(&name.as_str());
            assert!(expected, "{what}: {name} is left");
        }
        let scratch = home.state().join("scratch");
        assert!(!scratch.exists() || fs::read_dir(&scratch).unwrap().count() == 0, "{what}: {scratch:?}");
    }
}

/// Each archive is refused, whichever way it is read.
pub(crate) fn all_are_refused(cases: Vec<Case>) {
    let home = victim();
    let before = Before::of(&home);
    for Case { name, archive, says } in cases {
        let archive = save(&home, &archive);
        for (way, arguments) in ways(&home, &archive) {
            let run = run(&home, &arguments);
            let what = format!("{name}, {way}:\n{}{}", run.stdout, run.stderr);
            if way == "extract" && run.status == Some(3) {
                assert!(run.stdout.contains("This backup is damaged"), "{what}");
                stood_before_the_damage(&home, "restored:\n", &what);
                continue;
            }
            assert_eq!(run.status, Some(1), "{what}");
            assert!(run.stderr.contains(says), "`{says}` is not said: {what}");
            before.is_still_so(&home, &what);
        }
    }
}

/// Of a damaged archive, only a complete file that was requested by name is extracted.
#[track_caller]
pub(crate) fn stood_before_the_damage(home: &TestHome, content: &str, what: &str) {
    let to = elsewhere(home);
    let names: Vec<_> = fs::read_dir(&to).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["configuration.yaml"], "{what}");
    assert_eq!(fs::read_to_string(to.join("configuration.yaml")).unwrap(), content, "{what}");
    fs::remove_dir_all(to).unwrap();
}

pub(crate) fn run(home: &TestHome, arguments: &[String]) -> Run {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    home.larder(&arguments)
}
