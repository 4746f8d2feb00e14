//! Home Assistant's templates: Jinja with Python's values, as Home Assistant 2026.11 renders them.
//!
//! A template sees states, the time, and its variables, and nothing else: no files, no network, no machine clock. Every rendering
//! is bounded in steps, output, memory, and recursion, and reports what it read.

mod call;
mod check;
mod context;
mod engine;
mod error;
mod eval;
mod format;
mod imports;
mod json;
mod library;
mod limits;
mod listing;
mod methods;
mod names;
mod native;
mod operators;
pub mod suggestion;
mod syntax;
mod times;
mod value;

pub use check::check;
pub use context::{Reads, World};
pub use engine::{Engine, Rendered};
pub use error::{Error, ErrorKind, Result};
pub use eval::Variables;
pub use format::{display, repr};
pub use imports::check_imports;
pub use json::{from_json, to_json};
pub use library::{Names, all_names as names};
pub use limits::Limits;
pub use listing::{Known, What, known};
pub use names::entities;
pub use native::native;
pub use syntax::is_template;
pub use times::{Moment, span_text};
pub use value::{Dict, Key, Object, Sequence, Set, State, Value};
