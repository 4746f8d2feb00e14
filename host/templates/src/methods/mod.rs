//! The methods of Python's types.

mod bytes;
mod dict;
mod encode;
mod letters;
mod list;
mod lookup;
mod number;
mod pad;
mod receiver;
mod search;
mod set;
mod split;
#[cfg(test)]
mod tests;
mod text;
mod times;
mod translate;

pub use lookup::{all, attribute, class_attribute, entries, find, is_refused, is_refused_anywhere, nearest};
