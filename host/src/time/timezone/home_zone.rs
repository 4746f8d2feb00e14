//! The zone of a home, and the reason for it.

use larder_zone::Zone;

/// A zone, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeZone {
    /// The zone itself.
    pub zone: Zone,
    /// Where it is named, for messages: `configuration.yaml:3:14`.
    pub origin: String,
    /// Whether the home itself names it.
    pub is_of_home: bool,
    /// The release of the rules and where they come from: `2026f, built in`.
    pub rules: String,
    /// Names of zones that cannot be used. Each message says what is used instead.
    pub problems: Vec<String>,
}

impl HomeZone {
    /// `Europe/Berlin (from .storage/core.config; tzdata 2026f, built in)`.
    pub fn described(&self) -> String {
        format!("{} (from {}; tzdata {})", self.zone.name(), self.origin, self.rules)
    }

    /// The part of a JSON answer that describes the zone.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "name": self.zone.name(),
            "origin": self.origin,
            "tzdata": self.rules,
            "problems": self.problems,
        })
    }
}
