//! A file that the user wants written: a write-only location with room for one object.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use larder_remote::{Check, Stop};

use super::draft::FileDraft;
use super::file_checks::{check_can_create, free_space};
use super::location::Location;
use super::reader::ObjectReader;
use super::types::{Draft, Object};
use crate::error::{Error, Result};
use crate::steps::Steps;

/// The location of a file to be written. The path is its name and its object's name.
pub struct OutputFile {
    path: PathBuf,
    name: String,
}

impl OutputFile {
    /// The location's id.
    pub const ID: &str = "larder.output";

    /// The location of the file at `path`, which is absolute.
    pub fn new(path: PathBuf) -> Self {
        Self { name: path.display().to_string(), path }
    }

    /// The directory of the file, and its name there.
    fn split(&self, name: &str) -> Result<(&Path, &OsStr)> {
        let file = self.path.file_name().filter(|_| name == self.name);
        let parts = self.path.parent().zip(file);
        parts.ok_or_else(|| Error::Denied(format!("{name} is not the output file that was named")))
    }

    fn refuse<T>(&self) -> Result<T> {
        Err(Error::Denied(format!("{} may only be written", self.name)))
    }
}

impl Location for OutputFile {
    fn id(&self) -> &str {
        Self::ID
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn is_writable(&self) -> bool {
        true
    }

    fn available(&self) -> Option<u64> {
        free_space(&self.path)
    }

    fn test(&self, _steps: &Steps, _stop: &Stop) -> Vec<Check> {
        Vec::new()
    }

    fn objects(&self) -> Result<Vec<Object>> {
        Ok(Vec::new())
    }

    fn open(&self, _name: &str) -> Result<ObjectReader> {
        self.refuse()
    }

    fn delete(&self, _name: &str) -> Result<()> {
        self.refuse()
    }

    fn draft(&self, name: &str, steps: &Steps) -> Result<Box<dyn Draft>> {
        let (directory, file) = self.split(name)?;
        Ok(Box::new(FileDraft::create(directory, file, steps.clone())?))
    }

    fn may_store(&self, name: &str) -> Result<()> {
        check_can_create(self.split(name)?.0, &self.path)
    }
}
