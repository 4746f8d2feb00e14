//! A failed restore in Home Assistant's terms: the reason in its event, and the answer to the client.
//!
//! Pure. The original failure, which names the file and says what to do, goes to the log.

use crate::error::{Failure, UNREADABLE};
use crate::jobs::stored_backups::LOCAL;
use crate::model::BackupRef;
use crate::ports::Location;

pub struct Refusal {
    /// `failed_reason`.
    pub reason: &'static str,
    pub answer: Failure,
}

/// Home Assistant's answer when it has no agent with that id.
pub fn unknown_agent(asked: &BackupRef, known: &[Location]) -> Option<Failure> {
    let id = asked.agent_id.as_deref().unwrap_or(LOCAL);
    let message = format!("there is no location {id}");
    known.iter().all(|location| location.id != id).then(|| Failure::new("unknown_error", message))
}

/// Translates the failure of a restore. Codes that Home Assistant does not have stay as they are.
pub fn of_restore(failure: &Failure, asked: &BackupRef) -> Refusal {
    let refused =
        |reason, message: &str| Refusal { reason, answer: Failure::new("home_assistant_error", message) };
    let same = |reason| Refusal { reason, answer: failure.clone() };
    match failure.code.as_ref() {
        "unknown_error" => {
            Refusal { reason: "unknown_error", answer: Failure::new("unknown_error", "Unknown error") }
        }
        "plugin_stopped" => same("unknown_error"),
        "password_incorrect" => {
            let answer = Failure::new("password_incorrect", "Incorrect password");
            Refusal { reason: "password_incorrect", answer }
        }
        "backup_not_found" => {
            let (id, agent) = (asked.backup_id.as_deref(), asked.agent_id.as_deref());
            let (id, agent) = (id.unwrap_or_default(), agent.unwrap_or(LOCAL));
            refused("backup_manager_error", &format!("Backup {id} not found in agent {agent}"))
        }
        UNREADABLE => refused(UNREADABLE, &failure.message),
        _ => same(UNREADABLE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_failed_restore_is_reported_as_a_failed_upload() {
        let codes = [
            ("password_incorrect", "password_incorrect", "password_incorrect"),
            ("backup_not_found", "backup_manager_error", "home_assistant_error"),
            ("unknown_error", "unknown_error", "unknown_error"),
            ("plugin_stopped", "unknown_error", "plugin_stopped"),
            (UNREADABLE, UNREADABLE, "home_assistant_error"),
            ("backup_damaged", UNREADABLE, "backup_damaged"),
            ("no_space", UNREADABLE, "no_space"),
        ];
        for (code, reason, answer) in codes {
            let refusal = of_restore(&Failure::new(code, "the file says no"), &BackupRef::default());
            assert_eq!((refusal.reason, refusal.answer.code.as_ref()), (reason, answer));
        }
    }
}
