//! No core dumps: passwords and keys are in this process's memory.
//!
//! A process that cannot be dumped cannot be traced or looked into by others of its user either; what it looks up about itself in
//! `/proc/self` stays open to it.

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// For this process from now on. Where the system refuses, it goes on.
pub(crate) fn forbid() {
    let most = getrlimit(Resource::Core).maximum;
    // Programs that it starts have the limit, too, and may raise it.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: most });
    // A program that the system hands dumps to gets none either.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}
