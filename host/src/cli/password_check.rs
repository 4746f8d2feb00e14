//! Checking whether a password or a key opens a backup, without reading the backup.

use serde_json::Value;

use super::global::Global;
use super::request::call;
use crate::assemble::HostSetup;

/// Checks the password or keys in `data` against the backup that it names.
pub(super) fn check(setup: &HostSetup, global: &Global, data: Value) -> anyhow::Result<Value> {
    call(&mut setup.reader()?, global, "backup.check_password", data)
}

/// The verdict of a check, such as `right`, `wrong` or `not_protected`.
pub(super) fn verdict(check: &Value) -> &str {
    check.get("verdict").and_then(Value::as_str).unwrap_or_default()
}
