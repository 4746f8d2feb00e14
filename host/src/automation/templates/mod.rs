//! Templates of automations: rendered by `larder-templates` against a home and the variables of a run.

mod check;
mod engine;
mod values;
mod world;

pub use check::{check, check_imports, check_limited, constant};
pub use engine::{Rendered, Templates, is_true};
pub use larder_templates::{Reads, Value, Variables, entities, from_json, is_template, span_text, to_json};
pub use values::{described, state_of, trigger, wait};
pub use world::CustomTemplates;
