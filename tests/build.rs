//! Builds the misbehaving component and hands its path to the suite.

#[path = "../host/build_component.rs"]
mod build_component;

use std::process::ExitCode;

fn main() -> ExitCode {
    build_component::main("larder-misbehaving", "tests/components/misbehaving", "LARDER_MISBEHAVING")
}
