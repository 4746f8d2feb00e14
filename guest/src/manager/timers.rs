//! The manager's timers: the next automatic backup, and daily maintenance.

use crate::error::Result;
use crate::manager::announce::publish_entities;
use crate::manager::planning::{RETRY, RUN, later, plan, set_timers};
use crate::manager::state::{State, save, with};
use crate::manager::{create, objections, retention};
use crate::ports::Outside;

/// Fires at start-up and then daily: retention counts days, so it also runs without a new backup.
const MAINTENANCE: &str = "maintenance";
/// Seconds.
const DAY: i64 = 24 * 3600;

/// A timer fired. Unknown names are ignored.
pub async fn fired(outside: &dyn Outside, name: &str) -> Result<()> {
    match name {
        RUN => run(outside).await,
        MAINTENANCE => {
            outside.set_timer(MAINTENANCE, later(outside, DAY));
            objections::log_all(outside);
            retention::prune(outside).await;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Starts an automatic backup if one is due; otherwise plans the next one.
async fn run(outside: &dyn Outside) -> Result<()> {
    plan(outside);
    let (is_due, state) = with(|inner| (inner.due.is_some(), inner.state));
    if is_due && state != State::Idle {
        outside.set_timer(RUN, later(outside, RETRY));
        return Ok(());
    }
    if !is_due && with(|inner| inner.waits_for_clock) {
        set_timers(outside);
        return Ok(());
    }
    if !is_due {
        save(outside);
        publish_entities(outside);
        set_timers(outside);
        return Ok(());
    }
    // A failure has been logged and announced already.
    let _ = create::automatic(outside).await;
    Ok(())
}

/// Starts daily maintenance with a run right away.
pub fn begin_maintenance(outside: &dyn Outside) {
    outside.set_timer(MAINTENANCE, outside.now());
}
