//! The binary `larder`: the command line and nothing else.

use std::process::ExitCode;

/// Wipes memory when it is freed, so that code that handles passwords does not have to.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    larder::cli::main(larder::steps::Steps::default())
}
