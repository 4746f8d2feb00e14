//! Permissions of created files, whatever the umask; and no part of this process's memory is written to a disk.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use larder_tests::{Run, Serving, TestHome};

use super::{daily, home};

/// The same command with a umask, and with core dumps of any size.
fn under(umask: &str, of: &Command) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("umask {umask}; ulimit -c unlimited; exec \"$0\" \"$@\"")]);
    command.arg(of.get_program()).args(of.get_args());
    for (name, value) in of.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

fn all(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let below = entries.flat_map(|path| if path.is_dir() { all(&path) } else { vec![path] });
    std::iter::once(directory.to_owned()).chain(below).collect()
}

#[test]
fn nothing_that_is_made_can_be_written_by_others_and_nothing_private_can_be_read() {
    let home = home();
    let cache = home.root().join("cache");
    let run = |arguments: &[&str]| {
        let mut command = under("000", &home.command(arguments));
        command.env("XDG_CACHE_HOME", &cache);
        Run::of(command).exits(0)
    };
    let settings = home.root().join("settings.json");
    fs::write(&settings, daily().to_string()).unwrap();
    run(&["settings", "set", "--file", settings.to_str().unwrap()]);
    run(&["call", "backup.create_automatic"]);
    run(&["key", "new", "--label", "x"]);
    let kit = home.root().join("key.txt");
    run(&["key", "new", "--to", kit.to_str().unwrap()]);
    let to = home.root().join("to");
    let id = home.larder(&["--json", "list"]).json()["backups"][0]["backup_id"].as_str().unwrap().to_owned();
    run(&["extract", &id, "configuration.yaml", "--to", to.to_str().unwrap()]);
    let private =
        [all(&home.state()), all(home.key_ring().parent().unwrap()), all(&cache), vec![kit]].concat();
    let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
    for path in private {
        assert_eq!(mode(&path) & 0o077, 0, "{} {:o}", path.display(), mode(&path));
    }
    for path in all(&home.backups()).into_iter().chain([to]) {
        assert_eq!(mode(&path) & 0o022, 0, "{} {:o}", path.display(), mode(&path));
    }
    assert_eq!(mode(&home.backups().join(".larder-location")), 0o644);
}

fn limit(process: u32) -> String {
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    line.split_whitespace().nth(4).unwrap().to_owned()
}

#[test]
fn a_service_leaves_no_core_dump() {
    let home = home();
    let serving = Serving::start(under("022", &home.command(&["serve"])));
    assert_eq!(limit(serving.id()), "0");
    // Requested through its control socket, which is found through `/proc/self`.
    home.larder(&["automations"]).exits(0);
}

/// The process can read its own `/proc/self`, and other processes of the same user cannot look into it.
#[test]
fn a_service_of_a_user_without_rights_cannot_be_looked_into_and_answers() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let home = home();
    let serving = Serving::start(home.unprivileged(&["serve"]));
    assert_eq!(fs::metadata(format!("/proc/{}/mem", serving.id())).unwrap().uid(), 0);
    let asked = |home: &TestHome, arguments: &[&str]| Run::of(home.unprivileged(arguments)).exits(0);
    asked(&home, &["call", "backup.create"]);
    assert!(asked(&home, &["automations", "reload"]).stdout.starts_with("Reloaded: "));
}
