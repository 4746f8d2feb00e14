//! Builds the component and hands its path to `include_bytes!`.

mod build_component;

use std::process::ExitCode;

fn main() -> ExitCode {
    build_component::main(&[("larder-guest", "guest", "LARDER_COMPONENT")])
}
