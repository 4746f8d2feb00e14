//! Home Assistant's templates: Jinja with Python's values, as Home Assistant 2026.11 renders them.
//!
//! A template sees states, the time, and its variables, and nothing else: no files, no network, no machine clock. Every rendering
//! is bounded in steps, output, memory, and recursion, and reports what it read.

mod call;
mod context;
mod error;
mod format;
mod library;
mod limits;
mod methods;
mod times;
mod value;
