//! Machine code as it is mapped: a private copy that nobody can change, cut or remove any more.
//!
//! A mapped file of a directory changes with the file: who writes to it writes to running code, and who cuts it has the process
//! killed. So the code is copied into a file without a name, and that is sealed before it is mapped.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;
use wasmtime::Engine;
use wasmtime::component::Component;

const NAME: &str = "larder-compiled";

/// An empty file in memory, for code to be written to.
pub(super) fn file() -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Nobody runs it as a program. Kernels before 6.3 do not know the flag.
    let file = match memfd_create(NAME, flags | MemfdFlags::NOEXEC_SEAL) {
        Err(Errno::INVAL) => memfd_create(NAME, flags),
        made => made,
    };
    Ok(file?.into())
}

/// Takes from everybody, this process included, the right to change the file.
pub(super) fn seal(file: &File) -> io::Result<()> {
    Ok(fcntl_add_seals(file, SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?)
}

/// The component that a sealed file holds.
#[allow(
    unsafe_code,
    reason = "machine code can only be believed; this saves compiling, and unpacking a cache that is safe by type"
)]
pub(super) fn mapped(engine: &Engine, sealed: &File) -> wasmtime::Result<Component> {
    let path = format!("/proc/self/fd/{}", sealed.as_raw_fd());
    // SAFETY: the bytes are what `serialize` gave for this component and engine: the seal of the entry that they were copied from was
    // checked on them, and against whoever could forge it stand the rights on the entry, its directory and all above. The file is
    // sealed against changes and has no other name.
    unsafe { Component::deserialize_file(engine, path) }
}

/// The component that these bytes are, which are copied: where no file can be sealed, or none without a name be opened.
#[allow(unsafe_code, reason = "as above")]
pub(super) fn copied(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: as above; nobody else has these bytes.
    unsafe { Component::deserialize(engine, code) }
}
