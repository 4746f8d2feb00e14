//! Disabling core dumps: this process's memory holds passwords and keys.
//!
//! This also keeps other processes of the same user from tracing it. The process can still read its own `/proc/self`.

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// Disables core dumps of this process. If the system refuses, the process continues.
pub(crate) fn forbid() {
    let most = getrlimit(Resource::Core).maximum;
    // Child processes inherit the soft limit and may raise it.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: most });
    // This also covers a system that pipes dumps to a program.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}
