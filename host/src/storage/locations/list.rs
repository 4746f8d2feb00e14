//! The list of all locations.

use std::sync::Arc;

use super::location::Location;
use crate::error::{Error, Result};

/// All locations, in a fixed order. Cheap to clone.
#[derive(Clone, Default)]
pub struct Locations(Arc<Vec<Box<dyn Location>>>);

impl Locations {
    /// A list of these locations.
    pub fn new(locations: Vec<Box<dyn Location>>) -> Self {
        Self(Arc::new(locations))
    }

    /// Every location.
    pub fn iter(&self) -> impl Iterator<Item = &Box<dyn Location>> {
        self.0.iter()
    }

    /// The location with this id.
    pub fn get(&self, id: &str) -> Result<&dyn Location> {
        let found = self.iter().find(|location| location.id() == id);
        found.map(AsRef::as_ref).ok_or_else(|| Error::NotFound(format!("there is no location {id}")))
    }
}
