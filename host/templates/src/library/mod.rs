//! The library: every function, filter, and test, by subject.
