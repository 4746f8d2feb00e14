//! Tests of the engine against a protocol in memory that fails as it is told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod cuts;
mod faulty;
mod knowledge;
mod properties;
mod proving;
mod reading;
mod stopping;
mod world;
