//! Reads arbitrary text as a template, and renders it in a small home.
//!
//! Run with a memory limit: `cargo +nightly fuzz run template -- -rss_limit_mb=512 -max_len=4096`.

#![no_main]

#[path = "../template_check.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|text: &str| check::check(text));
