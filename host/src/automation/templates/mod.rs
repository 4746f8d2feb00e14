//! Templates as Home Assistant has them, on `minijinja`: rendered against a home and variables, within limits.
//!
//! A template sees states, the time and its variables, and nothing else: no files, no network, no machine clock, no random
//! numbers. A rendering reports what it read, so that it is repeated only when that changes.

mod arithmetic;
mod check;
mod convert;
mod engine;
mod error;
mod functions;
mod native;
mod patterns;
mod states;
mod times;
mod tokens;
mod view;

pub use check::{check, constant};
pub use engine::{Rendered, Templates, Variables, is_true};
pub use native::parse as native;
pub use times::span_text;
pub use tokens::{entities, is_template};
pub use view::Reads;
