//! The reference implementations: Python's `tarfile` and PyPI's `securetar`, called through `fixtures/counterpart.py`.

use std::ffi::OsStr;
use std::process::{Command, Output};

use larder_test_servers::missing;
use serde_json::Value;

use crate::tests_directory;

/// The exit status of `counterpart.py` when `securetar` is missing.
const NOT_THERE: i32 = 77;

/// Runs a script of `tests/fixtures` with Python. `None` when Python is missing.
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

/// Runs `counterpart.py`, which must succeed, and returns its JSON. `None` when `securetar` or Python is missing.
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
