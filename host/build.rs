//! Builds the component and hands its path to `include_bytes!`; says when that was, for clocks that cannot be right.

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

/// The day on which it is built, in seconds since 1970; reproducible builds name it themselves.
fn built() -> u64 {
    let named = env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    named.unwrap_or_else(now) / DAY * DAY
}
