//! Builds the misbehaving component and the example, and hands their paths to the suite.

#[path = "../host/build_component.rs"]
mod build_component;

use std::process::ExitCode;

fn main() -> ExitCode {
    build_component::main(&[
        ("larder-misbehaving", "tests/components/misbehaving", "LARDER_MISBEHAVING"),
        ("guest-heartbeat", "examples/guest-heartbeat", "LARDER_HEARTBEAT"),
    ])
}
