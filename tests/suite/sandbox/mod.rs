//! The sandbox: a plugin that does everything it should not, in a home with links to the outside, under a watchdog.
//!
//! Its misdeeds are in `components/misbehaving`, each by its name: `manager-loop` loops in the manager, `job-loop` in a job.

mod addresses;
mod components;
mod host;
mod limits;
mod outside;
mod speech;
mod workers;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use larder_tests::{Run, TestHome, describe};

const MISBEHAVING: &str = env!("LARDER_MISBEHAVING");
/// Far beyond every limit that a case sets: only endless work takes that long.
const WATCHDOG: Duration = Duration::from_secs(120);

/// A home with things outside that no plugin should reach, and paths that seem to lead there.
fn home() -> TestHome {
    let home = TestHome::new();
    fs::write(home.root().join("secret"), "outside").unwrap();
    home.write("www/a", "inside");
    home.write("www/.larder-secret/a", "hidden");
    home.write(".larder-secret", "hidden");
    home.write("large", vec![1; 3 << 20]);
    symlink(home.root(), home.path("link")).unwrap();
    symlink("../secret", home.path("link-file")).unwrap();
    symlink("..", home.path("www/back")).unwrap();
    assert!(Command::new("mkfifo").arg(home.path("fifo")).status().unwrap().success());
    home.write("backups/old.tar", "an old backup");
    home.write("backups/notes.txt", "not a backup");
    fs::create_dir(home.backups().join("subdirectory.tar")).unwrap();
    symlink("../../secret", home.backups().join("link.tar")).unwrap();
    home
}

fn command(home: &TestHome, limits: &[&str], arguments: &[&str]) -> Command {
    let mut command = home.command(&["--plugin", MISBEHAVING]);
    for limit in limits {
        command.args(["--limit", limit]);
    }
    command.args(arguments);
    command
}

/// Lets the plugin do it.
#[track_caller]
fn deed(home: &TestHome, deed: &str, limits: &[&str]) -> Run {
    Run::within(WATCHDOG, command(home, limits, &["--json", "create", "--name", deed]))
}

/// Everything around the home but the times of directories: a draft that was created and removed changes those.
fn state_of(home: &TestHome) -> BTreeMap<PathBuf, String> {
    let ours = ["state", "config/backups/.larder-location", "config/backups/.larder-lock"];
    let mut all = describe(home.root(), &ours);
    for line in all.values_mut().filter(|line| line.starts_with("directory")) {
        *line = line.rsplit_once(' ').unwrap().0.to_owned();
    }
    for entry in fs::read_dir(home.state()).into_iter().flatten() {
        let name = entry.unwrap().file_name();
        let is_known = ["lock", "host", "documents"].iter().any(|known| name == *known);
        assert!(is_known, "left in the state directory: {name:?}");
    }
    all
}

/// It fails with that reason, and nothing has changed.
#[track_caller]
fn fails(home: &TestHome, name: &str, limits: &[&str], says: &str) -> Run {
    let before = state_of(home);
    let run = deed(home, name, limits).exits(1).says(says);
    assert!(run.stderr.len() < 20_000, "{name}: {} bytes of words", run.stderr.len());
    assert!(!run.stderr.contains('\u{1b}'), "{name}: it took over the terminal");
    assert!(!run.stderr.contains("ALLOWED"), "{name}: {}", run.stderr);
    assert_eq!(state_of(home), before, "{name} left something");
    run
}

/// It is harmless, and nothing has changed.
#[track_caller]
fn succeeds(home: &TestHome, name: &str, limits: &[&str]) -> Run {
    let before = state_of(home);
    let run = deed(home, name, limits).exits(0);
    assert_eq!(state_of(home), before, "{name} left something");
    run
}
