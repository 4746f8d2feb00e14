//! The protocols against real and scripted servers, one module for each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]
#![allow(clippy::print_stdout, clippy::type_complexity)]

mod engine;
mod s3;
mod sftp;
mod webdav;
