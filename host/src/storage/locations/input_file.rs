//! A backup file that the user named on the command line: a read-only location with one object.

use std::fs;
use std::path::PathBuf;

use larder_remote::{Check, Stop};

use super::file_checks::modified;
use super::location::Location;
use super::reader::ObjectReader;
use super::types::{Draft, Object};
use crate::disk::regular;
use crate::error::{Doing, Error, Result};
use crate::steps::Steps;

/// The location of a file to be read. The path is its name and its object's name.
pub struct InputFile {
    path: PathBuf,
    name: String,
}

impl InputFile {
    /// The location's id.
    pub const ID: &str = "larder.file";

    /// The location of the file at `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { name: path.display().to_string(), path }
    }

    fn refuse<T>(&self) -> Result<T> {
        Err(Error::Denied(format!("{} may only be read", self.name)))
    }
}

impl Location for InputFile {
    fn id(&self) -> &str {
        Self::ID
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn is_writable(&self) -> bool {
        false
    }

    fn available(&self) -> Option<u64> {
        None
    }

    fn test(&self, _steps: &Steps, _stop: &Stop) -> Vec<Check> {
        Vec::new()
    }

    fn objects(&self) -> Result<Vec<Object>> {
        let metadata = fs::metadata(&self.path).doing(|| format!("cannot access {}", self.name))?;
        Ok(vec![Object { name: self.name.clone(), size: metadata.len(), modified: modified(&metadata) }])
    }

    fn open(&self, name: &str) -> Result<ObjectReader> {
        if name != self.name {
            return Err(Error::NotFound(format!("{name} is not the file that was named")));
        }
        ObjectReader::new(regular::open(&self.path).doing(|| format!("cannot open {name}"))?, name)
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
