//! The real counterparts: Python's `tarfile` and PyPI's `securetar`, through `fixtures/counterpart.py`.

use std::ffi::OsStr;
use std::process::{Command, Output};

use serde_json::Value;

use crate::tests_directory;

/// What `counterpart.py` exits with when `securetar` cannot be had.
const NOT_THERE: i32 = 77;

/// Says that something real was not there and so not run. With `LARDER_TESTS_REQUIRE_ALL` that is a failure.
#[track_caller]
pub fn missing(what: &str) {
    assert!(std::env::var_os("LARDER_TESTS_REQUIRE_ALL").is_none(), "{what} is required and not there");
    // Past the test runner's capture: whoever reads the output should know.
    let line = format!("NOT RUN: {what} is not there\n");
    let _ = std::io::Write::write_all(&mut std::io::stderr().lock(), line.as_bytes());
}

/// Runs a script of `tests/fixtures` with Python; none when there is no Python.
#[track_caller]
pub fn python<S: AsRef<OsStr>>(script: &str, arguments: &[S]) -> Option<Output> {
    let script = tests_directory().join("fixtures").join(script);
    match Command::new("python3").arg(script).args(arguments).output() {
        Ok(output) => Some(output),
        Err(_) => {
            missing("python3");
            None
        }
    }
}

/// Runs the reference counterpart, which must succeed, and gives its JSON; none when it is not there.
#[track_caller]
pub fn counterpart<S: AsRef<OsStr>>(arguments: &[S]) -> Option<Value> {
    let output = python("counterpart.py", arguments)?;
    if output.status.code() == Some(NOT_THERE) {
        missing("PyPI's securetar");
        return None;
    }
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "counterpart.py failed:\n{stdout}\n{stderr}");
    Some(serde_json::from_str(&stdout).unwrap())
}
