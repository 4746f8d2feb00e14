//! Operations: creating, importing and restoring, of which only one may run at a time.
//!
//! Owns the order of effects: the end of an operation is saved before it is announced. Refuses to begin a second one.

use crate::error::{Failure, Result};
use crate::manager::announce::{Announcement, announce, record_event, set_state};
use crate::manager::entities::Trigger;
use crate::manager::state::{State, save, with};
use crate::manager::{log, planning};
use crate::ports::Host;

/// Begins an operation, or refuses if another one is running. It is saved before anyone hears of it.
pub fn begin(host: &dyn Host, state: State, trigger: Option<Trigger>) -> Result<()> {
    let current = with(|inner| inner.state);
    if current != State::Idle {
        let message = format!("Backup manager busy: {}", current.name());
        return Err(Failure::new("home_assistant_error", message));
    }
    with(|inner| inner.state = state);
    if let Some(trigger) = trigger {
        let reason = trigger.schedule().and_then(|which| planning::attempt(host, which));
        log::started(host, trigger, reason.as_deref());
    }
    let start = Announcement::stage(None);
    record_event(host, trigger, &start);
    save(host);
    announce(host, state, trigger, start);
    // A run that becomes due meanwhile must be noticed, so that it waits and is not missed, however long this takes.
    planning::set_timers(host);
    Ok(())
}

/// Ends an operation. `reason` says why it failed; `None` means that it succeeded.
pub fn conclude(host: &dyn Host, state: State, trigger: Option<Trigger>, reason: Option<&'static str>) {
    let end = Announcement::end(reason);
    planning::plan(host);
    record_event(host, trigger, &end);
    save(host);
    announce(host, state, trigger, end);
    set_state(host, State::Idle);
    planning::set_timers(host);
}
