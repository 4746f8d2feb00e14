//! A file that a person named on the command line, as a location with one object. Read only.

use std::fs;
use std::path::PathBuf;

use super::{Draft, Location, Object, Stored, modified};
use crate::disk::regular;
use crate::error::{Doing, Error, Result};
use crate::steps::Steps;

pub struct SingleFile {
    path: PathBuf,
    name: String,
}

impl SingleFile {
    pub const ID: &str = "larder.file";

    pub fn new(path: PathBuf) -> Self {
        Self { name: path.display().to_string(), path }
    }

    fn refuse<T>(&self) -> Result<T> {
        Err(Error::Denied(format!("{} was given to be read only", self.name)))
    }
}

impl Location for SingleFile {
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

    fn objects(&self) -> Result<Vec<Object>> {
        let metadata = fs::metadata(&self.path).doing(|| format!("cannot look at {}", self.name))?;
        Ok(vec![Object { name: self.name.clone(), size: metadata.len(), modified: modified(&metadata) }])
    }

    fn open(&self, name: &str) -> Result<Stored> {
        if name != self.name {
            return Err(Error::NotFound(format!("{name} is not the file that was named")));
        }
        Stored::new(regular::open(&self.path).doing(|| format!("cannot open {name}"))?, name)
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
