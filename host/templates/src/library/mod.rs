//! The library: every function, filter, and test, by subject.

pub mod base64;
pub mod bits;
pub mod crypto;
pub mod math;
pub mod number;
pub mod range;
pub mod regex;
pub mod registry;
pub mod round;
pub mod state;
pub mod states;
pub mod statistics;
pub mod type_cast;
