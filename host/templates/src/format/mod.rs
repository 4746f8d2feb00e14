//! Python's texts of values, and its ways to format them.

mod apply;
pub mod characters;
mod conversion;
mod fields;
pub mod float;
pub mod grow;
mod number;
mod percent;
mod quote;
mod show;
mod spec;
mod template;

#[cfg(test)]
pub use apply::format_spec;
pub use percent::percent;
#[cfg(test)]
pub use show::ascii;
pub use show::{display, repr};
pub use template::{format_map, format_template};
