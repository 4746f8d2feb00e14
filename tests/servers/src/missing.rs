//! Says that a test did not run, or fails it where everything must run.

/// Reports that a test was skipped because `what` is missing. With `LARDER_TESTS_REQUIRE_ALL` that is a failure.
#[track_caller]
pub fn missing(what: &str) {
    assert!(std::env::var_os("LARDER_TESTS_REQUIRE_ALL").is_none(), "{what} is required but missing");
    // Write directly to standard error, because the test runner captures `eprintln!`.
    let line = format!("NOT RUN: {what} is missing\n");
    let _ = std::io::Write::write_all(&mut std::io::stderr().lock(), line.as_bytes());
}
