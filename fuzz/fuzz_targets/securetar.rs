//! Reads arbitrary bytes as a protected part, and as changes to one.
//!
//! Run with a limit for a single allocation (Argon2id takes 16 MiB, everything else at most two):
//! `cargo +nightly fuzz run securetar -- -malloc_limit_mb=20 -max_len=4096`.

#![no_main]

#[path = "../securetar_check.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check::check(bytes));
