//! The methods of Python's types.

mod bytes;
mod dict;
mod encode;
mod letters;
mod list;
mod number;
mod pad;
mod search;
mod set;
mod split;
#[cfg(test)]
mod tests;
mod text;
mod translate;

use crate::value::Kind;

pub use bytes::BYTES;
pub use dict::DICT;
pub use list::{LIST, TUPLE};
pub use number::{FLOAT, INT, attribute};
pub use set::SET;
pub use text::TEXT;

/// Methods that change their receiver. The sandbox refuses them: an error of the kind `Security`.
pub const REFUSED: &[(Kind, &[&str])] =
    &[(Kind::List, list::REFUSED), (Kind::Dict, dict::REFUSED), (Kind::Set, set::REFUSED)];
