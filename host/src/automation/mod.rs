//! Automations in Home Assistant's format: files become typed automations, events become runs, runs become effects.
//!
//! Owns no thread, clock, file handle or network connection. A driver passes in the time, the events and the states,
//! and performs the returned effects. `files` reads YAML, `parse` turns it into the types of `model`, `templates`
//! renders, `triggers` and `conditions` decide, `script` executes the actions of one run, `run` enforces modes and
//! the loop guard, `trace` records runs. `registry` lists the available actions and their fields; `inventory` checks
//! automations against them.

pub mod clock_history;
pub mod conditions;
mod data;
mod equality;
pub mod files;
pub mod home;
pub mod inventory;
pub mod literals;
pub mod model;
pub mod parse;
pub mod registry;
pub mod run;
pub mod script;
pub mod slug;
pub mod templates;
pub mod trace;
pub mod triggers;
pub mod yaml;
pub mod zone;

/// The version of Home Assistant whose behavior automations and templates have.
pub const HOME_ASSISTANT: &str = "2026.11";

#[cfg(test)]
pub(crate) mod tests;
