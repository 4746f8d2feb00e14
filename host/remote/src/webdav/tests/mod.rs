//! Tests of the parts of WebDAV that need no network.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod addresses;
mod answers;
mod reading;
