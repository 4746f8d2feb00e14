//! The view of the home during a rendering. Records what was read.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::DateTime;
use larder_zone::Zone;

use crate::automation::home::{Entity, Home};
use crate::automation::zone;

/// What a rendering read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    pub entities: BTreeSet<String>,
    /// Whether it iterated over all entities or those of a domain.
    pub all: bool,
    pub time: bool,
}

/// Access to the home for functions during a rendering.
#[derive(Clone, Default)]
pub struct View(Arc<Mutex<Option<Scope>>>);

/// The home during one rendering, and what has been read of it.
pub struct Scope {
    pub home: Home,
    pub reads: Reads,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("View")
    }
}

impl View {
    /// The scope of the current rendering; `None` outside of one.
    pub fn lock(&self) -> MutexGuard<'_, Option<Scope>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads one entity.
    pub fn entity(&self, id: &str) -> Option<Arc<Entity>> {
        let mut scope = self.lock();
        let scope = scope.as_mut()?;
        scope.reads.entities.insert(id.to_owned());
        scope.home.states.get(id).cloned()
    }

    /// Reads all entities, or those of a domain.
    pub fn all(&self, domain: Option<&str>) -> Vec<(String, Arc<Entity>)> {
        let mut scope = self.lock();
        let Some(scope) = scope.as_mut() else { return Vec::new() };
        scope.reads.all = true;
        let is_in = |id: &str| domain.is_none_or(|domain| id.split('.').next() == Some(domain));
        let found = scope.home.states.iter().filter(|(id, _)| is_in(id));
        found.map(|(id, entity)| (id.clone(), entity.clone())).collect()
    }

    /// The current time. The template must be rendered again as time passes.
    pub fn now(&self) -> DateTime<Zone> {
        let mut scope = self.lock();
        let Some(scope) = scope.as_mut() else { return DateTime::UNIX_EPOCH.with_timezone(&Zone::UTC) };
        scope.reads.time = true;
        zone::utc(scope.home.now).with_timezone(&scope.home.zone)
    }

    /// The time zone of the home.
    pub fn zone(&self) -> Zone {
        self.lock().as_ref().map_or(Zone::UTC, |scope| scope.home.zone)
    }
}
