//! Automations as Home Assistant writes them: files become typed automations, events become runs, runs become effects.
//!
//! Owns no thread, clock, file handle or network: whoever drives it says what time it is, what happened and what the states
//! are, and does what comes back. `files` reads YAML, `parse` makes it typed (`model`), `templates` renders, `triggers` and
//! `conditions` decide, `script` runs the actions of one run, `run` keeps modes and guards, `trace` remembers. `registry` says which actions
//! there are and what they take; `known` holds automations against it.

pub mod clock_history;
pub mod conditions;
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
mod suggestion;
pub mod templates;
pub mod trace;
pub mod triggers;
pub mod yaml;
pub mod zone;

#[cfg(test)]
pub(crate) mod tests;
