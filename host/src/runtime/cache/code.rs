//! Machine code in memory: a private copy that no process can change, truncate or remove.
//!
//! A mapped file changes with the file on disk: writing to it changes running code, and truncating it kills the process. The code is
//! therefore copied into an unnamed file in memory, which is sealed before it is mapped.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;
use wasmtime::Engine;
use wasmtime::component::Component;

const NAME: &str = "larder-compiled";

/// An empty file in memory.
pub(super) fn file() -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // It is never run as a program. Kernels before 6.3 do not know the flag.
    let file = match memfd_create(NAME, flags | MemfdFlags::NOEXEC_SEAL) {
        Err(Errno::INVAL) => memfd_create(NAME, flags),
        made => made,
    };
    Ok(file?.into())
}

/// Makes the file immutable for every process, including this one.
pub(super) fn seal(file: &File) -> io::Result<()> {
    Ok(fcntl_add_seals(file, SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?)
}

/// The component that a sealed file holds.
#[allow(
    unsafe_code,
    reason = "machine code has to be trusted; this saves compiling it, or unpacking a cache of a safe type"
)]
pub(super) fn mapped(engine: &Engine, sealed: &File) -> wasmtime::Result<Component> {
    let path = format!("/proc/self/fd/{}", sealed.as_raw_fd());
    // SAFETY: the bytes are those that `serialize` returned for this component and engine. The entry's seal was checked on this copy, and
    // the permissions of the entry, its directory and all directories above keep others from forging it. The file is sealed against
    // changes and has no name.
    unsafe { Component::deserialize_file(engine, path) }
}

/// The component that `code` holds. For systems where a file in memory cannot be sealed or mapped.
#[allow(unsafe_code, reason = "as above")]
pub(super) fn copied(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: as above; nothing else has access to these bytes.
    unsafe { Component::deserialize(engine, code) }
}
