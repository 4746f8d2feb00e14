//! All automations at work: triggers become runs, modes limit how many, a guard stops those that cause themselves.

mod actions;
mod active_run;
mod effect;
mod engine;
mod instance;
mod lifecycle;
mod loading;
mod loop_guard;
mod memory;
mod summary;

pub use effect::Effect;
pub use engine::Engine;
pub use summary::Summary;
