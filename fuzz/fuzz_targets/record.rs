//! Reads arbitrary bytes as the record of a backup.
//!
//! Run with a memory limit: `cargo +nightly fuzz run record -- -rss_limit_mb=512 -max_len=65536`.

#![no_main]

#[path = "../record_check.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check::check(bytes));
