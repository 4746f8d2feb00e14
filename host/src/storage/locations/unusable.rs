//! A location that cannot be used: whoever asks it for anything gets the reason.

use larder_remote::{Check, Stop};

use super::location::Location;
use super::reader::ObjectReader;
use super::types::{Draft, Knowledge, Object};
use crate::error::{Error, Result};
use crate::steps::Steps;

/// A location whose configuration or surroundings are wrong.
pub struct UnusableLocation {
    id: String,
    name: String,
    error: Error,
}

impl UnusableLocation {
    /// The location `id`, which cannot be used because of `error`.
    pub fn new(id: String, name: String, error: Error) -> Self {
        Self { id, name, error }
    }

    fn refuse<T>(&self) -> Result<T> {
        Err(self.error.clone())
    }
}

impl Location for UnusableLocation {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn is_writable(&self) -> bool {
        true
    }

    fn available(&self) -> Option<u64> {
        None
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn knowledge(&self) -> Knowledge {
        Knowledge { problem: Some(self.error.to_string()), ..Knowledge::default() }
    }

    fn test(&self, _steps: &Steps, _stop: &Stop) -> Vec<Check> {
        vec![Check { what: "use the location".into(), result: Err(self.error.to_string()) }]
    }

    fn objects(&self) -> Result<Vec<Object>> {
        self.refuse()
    }

    fn open(&self, _name: &str) -> Result<ObjectReader> {
        self.refuse()
    }

    fn delete(&self, _name: &str) -> Result<()> {
        self.refuse()
    }

    fn draft(&self, _name: &str, _steps: &Steps) -> Result<Box<dyn Draft>> {
        self.refuse()
    }

    fn may_store(&self, _name: &str) -> Result<()> {
        self.refuse()
    }
}
