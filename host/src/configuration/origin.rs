//! What `larder.toml` may say, by where it lies.
//!
//! Home Assistant and its integrations can write into the home, in a container as root: who owns a file there proves nothing. What
//! is in the home may say whom to tell something over the network, and what to say. What acts on this machine with the rights of the
//! service, or changes how everybody reaches the network, has to stand outside the home.

use super::Configuration;
use crate::automation::yaml::Place;
use crate::notify::Target;

/// The machine's own file.
pub const MACHINE: &str = "/etc/larder/larder.toml";

/// Where the file lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Only who has rights on this machine can write it: all that it says counts.
    Outside,
    /// Only what can do no harm counts.
    Home,
}

impl Origin {
    /// Why a target does not count, if so.
    pub(super) fn refuses(self, target: &Target) -> Option<&'static str> {
        match (self, target) {
            (Self::Home, Target::Command(_)) => Some("it runs a program"),
            (Self::Home, Target::File(_)) => Some("it writes a file"),
            (Self::Home, Target::Webhook(_) | Target::Ntfy(_) | Target::Log) | (Self::Outside, _) => None,
        }
    }
}

impl Configuration {
    /// Notes that a table does not count.
    pub(super) fn ignore(&mut self, place: &Place, table: &str, why: &str) {
        let text = format!(
            "[{table}] is ignored: {why}, which a file in the home may not do, because anything that writes to the home could change it; move it to {MACHINE}, or to a file outside the home that is passed with --options"
        );
        self.ignored.push(place.problem(text).to_string());
    }

    /// This one, and what the other one says beside it. What both say is as it is here.
    pub fn with_fallback(mut self, other: Self) -> Self {
        self.automations = self.automations.or(other.automations);
        for (name, target) in other.notify {
            self.notify.entry(name).or_insert(target);
        }
        self.ignored.extend(other.ignored);
        self.secrets.extend(other.secrets);
        self.files.extend(other.files);
        self
    }
}
