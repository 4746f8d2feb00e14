//! This process: its standard streams, its log, its priority, and its core dumps.

pub(crate) mod core_dumps;
pub mod log;
pub(crate) mod priority;
pub mod terminal;
