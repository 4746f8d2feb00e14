//! What `larder.toml` may contain, depending on where it lies.
//!
//! Home Assistant and its integrations can write to the home, in a container as root, so the owner of a file there
//! proves nothing. A file in the home may say who is notified over the network and with which text. Anything that
//! acts on this machine with the rights of the service, or changes how all requests reach the network, must be in a
//! file outside the home.

use super::Configuration;
use crate::automation::yaml::Place;
use crate::notify::Target;

/// The file for this machine.
pub const MACHINE: &str = "/etc/larder/larder.toml";

/// Where the file lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Outside the home: only users of this machine can write it, so everything is allowed.
    Outside,
    /// In the home: only harmless tables are allowed.
    Home,
}

impl Origin {
    /// Why a target is not allowed, if it is not.
    pub(super) fn refuses(self, target: &Target) -> Option<&'static str> {
        match (self, target) {
            (Self::Home, Target::Command(_)) => Some("it runs a program"),
            (Self::Home, Target::File(_)) => Some("it writes a file"),
            (Self::Home, Target::Webhook(_) | Target::Ntfy(_) | Target::Log) | (Self::Outside, _) => None,
        }
    }
}

impl Configuration {
    /// Reports that a table is ignored.
    pub(super) fn ignore(&mut self, place: &Place, table: &str, why: &str) {
        let text = format!(
            "[{table}] is ignored: {why}, which a file in the home may not do, because anything that writes to the home \
             could change it; move it to {MACHINE}, or to a file outside the home that \
             is passed with --options"
        );
        self.ignored.push(place.problem(text).to_string());
    }

    /// Adds what `other` contains. On conflict, this configuration wins.
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
