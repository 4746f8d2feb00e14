//! Compiled components, kept between runs in wasmtime's own cache: compiling takes longer than a small command.
//!
//! What is in the cache is machine code and believed. So it is used only in a directory that nobody else can write to or
//! replace.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use wasmtime::{Cache, CacheConfig};

const OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// The cache in `directory`, which is made when absent; none when it cannot be trusted or used: then every run compiles.
pub(super) fn open(directory: &Path) -> Option<Cache> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory).ok()?;
    let real = fs::canonicalize(directory).ok()?;
    if !is_ours_alone(&real) || !real.ancestors().skip(1).all(is_fixed) {
        return None;
    }
    let mut config = CacheConfig::new();
    config.with_directory(real);
    Cache::new(config).ok()
}

fn is_ours_alone(directory: &Path) -> bool {
    let Ok(metadata) = fs::symlink_metadata(directory) else { return false };
    metadata.is_dir() && metadata.uid() == own_uid() && metadata.mode() & OTHERS_WRITE == 0
}

/// Whether others cannot rename what is ours in `directory`.
fn is_fixed(directory: &Path) -> bool {
    let Ok(metadata) = fs::symlink_metadata(directory) else { return false };
    let is_trusted = metadata.uid() == own_uid() || metadata.uid() == 0;
    is_trusted && (metadata.mode() & OTHERS_WRITE == 0 || metadata.mode() & STICKY != 0)
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}
