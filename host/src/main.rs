//! The binary `larder`: the command line and nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    larder::cli::main(larder::steps::Steps::default())
}
