//! Regular expressions as Python's `re` reads them: filters and tests.
//!
//! Patterns run with a limit of memory and of steps back; one that needs more is an error.

mod classes;
mod filters;
mod marks;
mod pattern;
mod replacement;
mod translate;

pub use filters::{FILTERS, TESTS};
