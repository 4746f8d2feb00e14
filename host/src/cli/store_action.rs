//! Actions that store a backup. They run in this process, whether or not a service is running.

use serde_json::Value;

use super::global::Global;
use super::request::{Executor, call, call_in_process, executor};
use super::verification::record_verified;
use crate::assemble::HostSetup;
use crate::storage::locations::DirectoryLocation;

/// Does an action that stores objects. If a service is running, this process does the work and then reports the verified backup to it.
pub(super) fn store(
    setup: &HostSetup,
    global: &Global,
    purpose: &str,
    action: &str,
    data: Value,
) -> anyhow::Result<Value> {
    match executor(setup, purpose)? {
        Executor::InProcess(host) => call_in_process(*host, setup, global, (purpose, action), data),
        Executor::Service(connection) => {
            drop(connection);
            let stored = call(&mut setup.storing()?, global, action, data)?;
            record_verified(setup, global, &stored, DirectoryLocation::LOCAL.into());
            Ok(stored)
        }
    }
}
