//! File systems that lack a feature, and shares that are not ready: contents are stored and restored, and one sentence
//! says what was lost. `strace` injects the errors; without it these tests report that and pass.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use larder_tests::{Run, TestHome, archives_in, missing, noise};
use serde_json::Value;

/// The errors with which file systems refuse a feature.
const NOT_HERE: [&str; 4] = ["EPERM", "EOPNOTSUPP", "ENOSYS", "EINVAL"];

/// A command line under `strace` that makes these calls fail: `fchmod:error=EPERM`.
fn refusing(home: &TestHome, calls: &str, how: &str, only: Option<&Path>, arguments: &[&str]) -> Option<Run> {
    let can_trace =
        || Command::new("strace").args(["-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    if !can_trace().is_ok_and(|status| status.success()) {
        missing("strace");
        return None;
    }
    let plain = home.command(arguments);
    let mut traced = Command::new("strace");
    traced.args(["-f", "-o", "/dev/null", "-e", &format!("trace={calls}")]);
    traced.args(["-e", &format!("inject={calls}:{how}")]);
    only.map(|path| traced.arg("-P").arg(path));
    traced.arg(plain.get_program()).args(plain.get_args()).stdin(Stdio::null());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    Some(Run::of(traced))
}

fn home() -> TestHome {
    let home = TestHome::in_memory();
    home.write("www/picture.svg", "<svg/>");
    symlink("www", home.path("link")).unwrap();
    fs::hard_link(home.path("www/picture.svg"), home.path("www/same.svg")).unwrap();
    home
}

/// The notes of a run about what could not be kept.
fn notes(run: &Run) -> Vec<String> {
    let notes = run.json()["notes"].as_array().cloned().unwrap_or_default();
    notes.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn restored(home: &TestHome, calls: &str, error: &str, id: &str) -> Option<(PathBuf, Run)> {
    let to = home.root().join(format!("{}-{error}", calls.replace(',', "-")));
    let run = refusing(
        home,
        calls,
        &format!("error={error}"),
        None,
        &["--json", "restore", id, "--to", to.to_str().unwrap()],
    )?;
    Some((to, run.exits(3)))
}

#[test]
fn what_a_file_system_does_not_keep_loses_no_contents_and_is_reported_in_one_sentence() {
    let home = home();
    let id = home.create();
    let kinds = [
        ("fchmod", "restored without the mode"),
        ("utimensat", "restored without the time of modification"),
        ("linkat", "restored as a separate file"),
        ("symlinkat", "left out, because the file system has no symbolic links"),
        ("syncfs", "did not confirm that everything is on its disk"),
        ("fsync", "did not confirm that everything is on its disk"),
        ("flock", "has no locks"),
    ];
    for (calls, says) in kinds {
        // The lock of the state directory protects against concurrent writers, and stays mandatory.
        let errors = if calls == "flock" { continue } else { &NOT_HERE[..] };
        for error in errors {
            let Some((to, run)) = restored(&home, calls, error, &id) else { return };
            let notes = notes(&run);
            assert_eq!(notes.len(), 1, "{calls} {error}: {notes:?}");
            assert!(notes[0].contains(says), "{calls} {error}: {notes:?}");
            for path in ["configuration.yaml", "www/picture.svg", "www/same.svg"] {
                assert_eq!(
                    fs::read(to.join(path)).unwrap(),
                    fs::read(home.path(path)).unwrap(),
                    "{calls} {error}"
                );
            }
            assert_eq!(to.join("link").is_symlink(), calls != "symlinkat", "{calls} {error}");
            let inode = |path: &str| fs::metadata(to.join(path)).unwrap().ino();
            let is_one_file = inode("www/picture.svg") == inode("www/same.svg");
            assert_eq!(is_one_file, calls != "linkat", "{calls} {error}");
        }
    }
    if rustix::process::geteuid().is_root() {
        let Some((_, run)) = restored(&home, "fchown,fchownat", "EOPNOTSUPP", &id) else { return };
        assert!(notes(&run)[0].contains("and 4 more: restored without the owner"), "{:?}", notes(&run));
    }
}

#[test]
fn a_restore_in_place_and_single_files_lose_no_contents_either() {
    let home = home();
    let id = home.create();
    home.write("configuration.yaml", "changed:\n");
    let words = ["--json", "restore", &id, "--yes"];
    let Some(run) = refusing(&home, "fchmod,utimensat", "error=EPERM", None, &words) else { return };
    assert_eq!(notes(&run.exits(3)).len(), 2);
    assert_eq!(fs::read_to_string(home.path("configuration.yaml")).unwrap(), "default_config:\n");
    let to = home.root().join("taken out");
    let words = ["extract", &id, "www", "--to", to.to_str().unwrap()];
    let run = refusing(&home, "fchmod", "error=ENOSYS", None, &words).unwrap().exits(3);
    assert!(
        run.stdout.contains("www and 1 more: restored without the mode")
            || run.stdout.contains("without the mode")
    );
    assert_eq!(fs::read_to_string(to.join("www/picture.svg")).unwrap(), "<svg/>");
}

#[test]
fn a_real_disk_error_is_reported_as_an_error() {
    let home = home();
    let id = home.create();
    for (calls, number) in [("fchmod", 0), ("syncfs", 1)] {
        let to = home.root().join(format!("to-{number}"));
        let words = ["restore", &id, "--to", to.to_str().unwrap()];
        let Some(run) = refusing(&home, calls, "error=EIO", None, &words) else { return };
        run.exits(1).says("Input/output error");
        assert!(!to.exists(), "{calls}");
    }
}

#[test]
fn a_share_that_is_not_ready_is_retried() {
    let home = home();
    home.write("large.bin", noise(5 << 20));
    let passing = [
        ("pwrite64", "error=EAGAIN:when=2..5"),
        ("pwrite64", "error=EPERM:when=3"),
        ("fdatasync", "error=EAGAIN:when=1"),
        ("fdatasync", "error=EINTR:when=1"),
        ("renameat2", "error=EPERM:when=1..2"),
        ("renameat2", "error=EAGAIN:when=1"),
    ];
    for (at, (calls, how)) in passing.into_iter().enumerate() {
        let Some(run) = refusing(&home, calls, how, None, &["--json", "create"]) else { return };
        let run = run.exits(0);
        assert_eq!(notes(&run), Vec::<String>::new(), "{calls} {how}");
        assert_eq!(home.archives().len(), at + 1, "{calls} {how}");
    }
    home.restore_latest();
}

/// A failed backup is not listed, and a listed one has not failed.
#[test]
fn a_directory_that_cannot_be_synced_adds_a_note_and_does_not_fail_the_backup() {
    let home = home();
    home.create();
    for (at, error) in ["EINVAL", "EOPNOTSUPP", "EIO"].into_iter().enumerate() {
        let (how, words) = (format!("error={error}"), ["--json", "create"]);
        let Some(run) = refusing(&home, "fsync", &how, Some(&home.backups()), &words) else { return };
        let notes = notes(&run.exits(3));
        assert!(
            notes.len() == 1 && notes[0].contains("a power cut in the next minutes may remove it"),
            "{error}: {notes:?}"
        );
        assert_eq!(home.archives().len(), at + 2, "{error}");
    }
    let listed = home.larder(&["--json", "list"]).exits(0).json();
    assert_eq!(listed["backups"].as_array().unwrap().len(), 4);
}

#[test]
fn a_backup_that_cannot_be_read_is_named_with_the_reason() {
    let home = home();
    let id = home.create();
    let file = &home.archives()[0];
    let to = home.root().join("new");
    let commands: [&[&str]; 4] =
        [&["verify", &id], &["show", &id], &["delete", &id], &["restore", &id, "--to", to.to_str().unwrap()]];
    for words in commands {
        let Some(run) = refusing(&home, "pread64,read", "error=EIO", Some(file), words) else { return };
        let run = run.exits(1).says("Input/output error");
        assert!(
            run.stderr.contains(file.file_name().and_then(OsStr::to_str).unwrap()),
            "{words:?}: {}",
            run.stderr
        );
        assert!(!run.stderr.contains("there is no backup"), "{words:?}: {}", run.stderr);
    }
    assert_eq!(archives_in(&home.backups()).len(), 1);
    home.larder(&["verify", &id]).exits(0);
}
