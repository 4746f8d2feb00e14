//! The home as templates see it.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use larder_templates::{State, World};
use larder_zone::Zone;

use super::values;
use crate::automation::home::Home;
use crate::automation::zone;

/// Files of `custom_templates`, by their path in that directory.
pub type CustomTemplates = BTreeMap<String, Arc<str>>;

/// A home and the files that templates may import.
pub struct HomeWorld<'a> {
    pub home: &'a Home,
    pub custom: &'a CustomTemplates,
}

impl World for HomeWorld<'_> {
    fn state(&self, entity_id: &str) -> Option<Arc<State>> {
        Some(values::state_of(entity_id, self.home.states.get(entity_id)?))
    }

    fn states(&self, domain: Option<&str>) -> Vec<Arc<State>> {
        let is_in = |id: &str| domain.is_none_or(|domain| id.split('.').next() == Some(domain));
        let found = self.home.states.iter().filter(|(id, _)| is_in(id));
        found.map(|(id, entity)| values::state_of(id, entity)).collect()
    }

    fn now(&self) -> DateTime<Utc> {
        zone::utc(self.home.now)
    }

    fn zone(&self) -> Zone {
        self.home.zone
    }

    fn random(&self) -> u64 {
        RandomState::new().hash_one(0)
    }

    fn custom_template(&self, name: &str) -> Option<Arc<str>> {
        self.custom.get(name).cloned()
    }
}
