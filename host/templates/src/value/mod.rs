//! Python's values, immutable and cheap to clone.

mod compare;
mod construct;
mod containers;
mod generator;
mod kind;
mod types;
mod views;

pub use generator::Generator;
pub use kind::Kind;
pub use types::{Callable, Dict, Extent, Key, Object, Sequence, Set, State, Table, Value};
pub use views::{DictView, Part};
