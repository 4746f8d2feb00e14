//! The origin of a `larder.toml`, which decides what it may contain.
//!
//! Home Assistant and its integrations can write to the home, in a container as root, so the owner of a file there
//! proves nothing. A file in the home may say who is notified over the network and with which text. Anything that
//! acts on this machine with the rights of the service, or changes how all requests reach the network, must be in a
//! file outside the home. So must locations, which receive the backups, and name directories to write, files of keys and
//! passwords, and machines that `ssh` connects to; and schedules: a file that an integration could change must not decide which
//! copies are kept, where, and without which files.

use crate::notify::Target;

/// The file for this machine.
pub const MACHINE: &str = "/etc/larder/larder.toml";

/// Where the file is.
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

    /// Why locations are not allowed, if they are not.
    pub(super) fn refuses_locations(self) -> Option<&'static str> {
        (self == Self::Home).then_some("it receives the backups and names files of keys")
    }

    /// Why schedules are not allowed, if they are not.
    pub(super) fn refuses_schedules(self) -> Option<&'static str> {
        (self == Self::Home).then_some("it decides what is stored where and how long it is kept")
    }
}
