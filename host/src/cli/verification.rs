//! Recording the result of a verification, so that retention knows which backups are good.
//!
//! Only this step needs the lock: reading a backup takes long and blocks no other process.

use serde_json::{Value, json};

use super::global::Global;
use super::request::change;
use super::value::{number, string};
use crate::assemble::HostSetup;
use crate::process::terminal::{self, printable};

/// Records that a backup is good. A failure is only a warning.
pub(super) fn record_verified(setup: &HostSetup, global: &Global, verified: &Value, agent: Value) {
    let data = json!({
        "agent_id": agent,
        "backup_id": string(verified, "backup_id"),
        "size": number(verified, "size"),
    });
    record(setup, global, data);
}

/// Records that a backup is damaged. A failure is only a warning.
pub(super) fn record_damaged(setup: &HostSetup, global: &Global, id: Value, agent: Value) {
    record(setup, global, json!({"agent_id": agent, "backup_id": id, "damaged": true}));
}

fn record(setup: &HostSetup, global: &Global, result: Value) {
    if let Err(error) = change(setup, global, "verify", "backup.remember_verified", result) {
        let advice = "verify the backup again before you rely on retention";
        terminal::warn(&printable(&format!("the result could not be recorded: {error:#}; {advice}"), ""));
    }
}
