//! The host setup that a command line describes, and checks and messages that commands share.

use super::answer::WrongUse;
use super::global::Global;
use super::progress::Busy;
use crate::assemble::{Host, HostSetup};
use crate::process::terminal::{self, printable};
use crate::steps::Steps;
use crate::tunables::Limits;

pub(super) fn host_setup(global: &Global, steps: Steps) -> anyhow::Result<HostSetup> {
    let mut limits = Limits::default();
    for limit in &global.limits {
        limits.set(limit).map_err(|error| WrongUse(error.to_string()))?;
    }
    Ok(HostSetup {
        config: global.config.clone(),
        backups: global.backups.clone(),
        state: global.state.clone(),
        plugin: global.plugin.clone(),
        automations: global.automations.clone(),
        options: global.options.clone(),
        limits,
        steps,
        compiling: (!global.json).then_some(|| Box::new(Busy::new("compiling the plugin (only once)")) as _),
        ..HostSetup::default()
    })
}

/// An error unless a home or a backup file was named.
pub(super) fn require_home(setup: &HostSetup) -> anyhow::Result<()> {
    match setup.config.is_some() || setup.file.is_some() {
        true => Ok(()),
        false => Err(WrongUse(
            "which home? Pass the Home Assistant configuration directory with --config DIR or LARDER_CONFIG"
                .into(),
        )
        .into()),
    }
}

/// Prints the host's notices as warnings, once.
pub(super) fn print_notices(host: &mut Host) {
    for notice in host.notices.drain(..) {
        terminal::warn(&printable(&notice, ""));
    }
}

/// Warns about problems with the home's time zone, on which dates and schedules depend.
pub(super) fn print_zone_problems(host: &Host) {
    for problem in host.time_zone().get().problems {
        terminal::warn(&printable(&problem, ""));
    }
}
