//! The library: every function, filter, and test, by subject.

pub mod base64;
pub mod bits;
pub mod crypto;
pub mod math;
pub mod number;
pub mod range;
pub mod regex;
pub mod round;
pub mod statistics;
pub mod type_cast;
