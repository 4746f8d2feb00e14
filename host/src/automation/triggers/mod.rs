//! Triggers: decide which of them an event fires, with which value of `trigger`, and when they next need the time.

mod context;
mod event;
mod numeric_state;
mod pending;
mod state;
mod template;
mod time;
mod watch;

pub use context::Interest;
pub use watch::{Firing, Watch};
