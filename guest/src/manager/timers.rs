//! The manager's timers: the next backup of a schedule, and daily maintenance.

use crate::error::Result;
use crate::manager::announce::publish_entities;
use crate::manager::planning::{RETRY, RUN, later, plan, set_timers};
use crate::manager::state::{State, save, with};
use crate::manager::{create, objections, retention, uploads};
use crate::ports::Host;

/// Fires at start-up and then daily: retention counts days, so it also runs without a new backup.
const MAINTENANCE: &str = "maintenance";
/// Seconds.
const DAY: i64 = 24 * 3600;

/// A timer fired. Unknown names are ignored.
pub async fn fired(host: &dyn Host, name: &str) -> Result<()> {
    match name {
        RUN => run(host).await,
        uploads::TIMER => {
            uploads::fired(host).await;
            Ok(())
        }
        MAINTENANCE => {
            host.set_timer(MAINTENANCE, later(host, DAY));
            objections::log_all(host);
            retention::prune(host).await;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Starts a backup if one is due; otherwise plans the next one. If several are due, the end of the first sets the timer for the next.
async fn run(host: &dyn Host) -> Result<()> {
    plan(host);
    let (due, state) = with(|inner| (inner.first_due(), inner.state));
    let is_due = due.is_some();
    if is_due && state != State::Idle {
        host.set_timer(RUN, later(host, RETRY));
        return Ok(());
    }
    if !is_due && with(|inner| inner.waits_for_clock) {
        set_timers(host);
        return Ok(());
    }
    if !is_due {
        save(host);
        publish_entities(host);
        set_timers(host);
        return Ok(());
    }
    // A failure has been logged and announced already.
    let _ = match due.flatten() {
        None => create::automatic(host).await,
        Some(name) => create::scheduled(host, name.as_str()).await,
    };
    Ok(())
}

/// Starts daily maintenance with a run right away.
pub fn begin_maintenance(host: &dyn Host) {
    host.set_timer(MAINTENANCE, host.now());
}
