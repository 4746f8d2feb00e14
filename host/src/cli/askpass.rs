//! Answers `ssh` when it asks for the password of a location: this program is its `SSH_ASKPASS`.

use std::process::ExitCode;

use crate::process::terminal::print;

/// The variable in which the password is passed. Only the `ssh` that this program starts has it.
const VARIABLE: &str = "LARDER_ASKPASS";

/// Prints the password if this process was started to do so.
pub(super) fn answer() -> Option<ExitCode> {
    let password = std::env::var(VARIABLE).ok()?;
    Some(match print(&format!("{password}\n")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    })
}
