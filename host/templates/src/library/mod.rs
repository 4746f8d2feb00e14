//! The library: every function, filter, and test, by subject.

pub mod datetime;
