//! The methods of Python's types.

pub mod times;
