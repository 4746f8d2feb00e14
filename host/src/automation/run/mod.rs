//! Runs automations. Triggers start runs, modes limit their number, and a loop guard stops automations that trigger
//! themselves.

mod actions;
mod active_run;
mod core_events;
mod effect;
mod engine;
mod entities;
mod instance;
mod lifecycle;
mod loading;
mod loop_guard;
mod order;
mod remembered;
mod summary;
mod variables;
mod work;

pub use effect::Effect;
pub use engine::Engine;
pub use summary::Summary;
