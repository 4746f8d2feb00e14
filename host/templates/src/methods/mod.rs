//! The methods of Python's types.
