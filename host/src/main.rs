//! The binary `larder`: the command line and nothing else.

use std::process::ExitCode;

/// Wipes what is freed: passwords pass through many hands, and none of them has to remember it.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    larder::cli::main(larder::steps::Steps::default())
}
