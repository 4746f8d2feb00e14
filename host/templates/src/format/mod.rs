//! Python's texts of values, and its ways to format them.

mod float;
mod show;

pub use show::{display, repr};
