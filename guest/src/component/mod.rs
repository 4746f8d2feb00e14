//! The component: generated bindings on one side, ports on the other.
//!
//! The only directory with generated types. It converts values and decides nothing.

mod bindings;
mod convert;
mod exports;
mod imports;

/// Overwrites freed memory with zeros. Many values hold passwords for a while; this way none of them has to wipe itself.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);
