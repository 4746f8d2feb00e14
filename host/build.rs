//! Builds the component and passes its path to `include_bytes!`. Also records the date of the build: a clock that shows an earlier time is
//! not set.

mod build_component;

use std::env;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

const DAY: u64 = 24 * 3600;

fn main() -> ExitCode {
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo::rustc-env=LARDER_BUILT={}", built());
    build_component::main(&[("larder-guest", "guest", "LARDER_COMPONENT")])
}

/// The day of the build, in seconds since 1970. Reproducible builds set it with `SOURCE_DATE_EPOCH`.
fn built() -> u64 {
    let named = env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    named.unwrap_or_else(now) / DAY * DAY
}
