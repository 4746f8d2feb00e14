//! Home Assistant's functions, filters, and tests of times.

mod age;
mod default;
mod read;
mod show;
mod tables;

pub use tables::{FILTERS, GLOBALS, TESTS};
