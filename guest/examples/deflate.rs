//! Benchmark of the block codec outside WebAssembly: encodes all blocks of one file and prints the seconds it took.
//! `tests/bench/targets.py` runs it.

#![allow(clippy::print_stdout, reason = "it prints its figures")]

use std::time::Instant;

use larder_guest::blocks::codec::Codec;

/// Bytes of a database block.
const BLOCK: usize = 32 * 1024;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("which file?")?;
    let bytes = std::fs::read(path)?;
    let mut codec = Codec::default();
    let started = Instant::now();
    let mut made = 0;
    for block in bytes.chunks(BLOCK) {
        made += codec.encode(block).map_err(|failure| failure.message)?.len();
    }
    println!(
        "{{\"seconds\": {}, \"bytes\": {}, \"made\": {made}}}",
        started.elapsed().as_secs_f64(),
        bytes.len()
    );
    Ok(())
}
