//! This process: its standard streams, its log, and core dumps.

pub(crate) mod core_dumps;
pub mod log;
pub(crate) mod priority;
pub mod terminal;
