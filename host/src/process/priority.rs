//! The priority of this process: niceness for the processor, and the I/O class for disks.

use std::process::{Command, Stdio};

/// Lowers the priority of this process and of all threads that it starts from now on: niceness 0 to 19 for the processor and, if `idle`,
/// the idle class for disks. Returns messages about what could not be set.
pub fn lower(nice: u8, idle: bool) -> Vec<String> {
    let mut notices = Vec::new();
    if let Err(error) = rustix::process::nice(i32::from(nice)) {
        notices.push(format!(
            "cannot set niceness {nice}: {error}; Larder competes with other programs for the processor"
        ));
    }
    // No well-kept crate wraps the system call safely; the program is part of every Linux distribution.
    let mut ionice = Command::new("ionice");
    ionice.args(["-c", "3", "-p", &std::process::id().to_string()]);
    if idle {
        let status = ionice.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !status.is_ok_and(|status| status.success()) {
            notices.push(
                "cannot set idle disk priority: ionice is missing or was refused; --io normal runs without it".into(),
            );
        }
    }
    notices
}
