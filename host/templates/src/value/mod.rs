//! Python's values, immutable and cheap to clone.

mod compare;
mod construct;
mod containers;
mod generator;
mod hash;
mod kind;
mod order;
mod types;
mod views;

pub use generator::Generator;
pub use hash::{hash, hash_of_float};
pub use kind::Kind;
pub use types::{Callable, Dict, Extent, Key, Object, Sequence, Set, State, Table, Value};
pub use views::{DictView, Part};
