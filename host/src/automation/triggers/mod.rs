//! Triggers: which of them an event fires, with which value of `trigger`, and when they need to be asked again.

mod context;
mod event;
mod numeric;
mod pending;
mod state;
mod template;
mod time;
mod watch;

pub use context::Interest;
pub use watch::{Firing, Watch};
