//! The contract as Rust types, generated from `wit/`.

// Generated code does not follow the workspace's lints.
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unsafe_code,
    unreachable_pub
)]

wit_bindgen::generate!({ path: "../wit", world: "plugin", generate_all });
