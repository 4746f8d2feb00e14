//! A file that a person wants to have written, as a location with room for one object.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::draft::FileDraft;
use super::{Draft, Location, Object, Stored, free, must_be_free};
use crate::error::{Error, Result};
use crate::steps::Steps;

pub struct OutputFile {
    path: PathBuf,
    name: String,
}

impl OutputFile {
    pub const ID: &str = "larder.output";

    /// `path` is absolute.
    pub fn new(path: PathBuf) -> Self {
        Self { name: path.display().to_string(), path }
    }

    /// The directory and the name of the file in it.
    fn place(&self, name: &str) -> Result<(&Path, &OsStr)> {
        let file = self.path.file_name().filter(|_| name == self.name);
        let place = self.path.parent().zip(file);
        place.ok_or_else(|| Error::Denied(format!("{name} is not the file that was asked for")))
    }

    fn refuse<T>(&self) -> Result<T> {
        Err(Error::Denied(format!("{} was given to be written only", self.name)))
    }
}

impl Location for OutputFile {
    fn id(&self) -> &str {
        Self::ID
    }

    /// The object's name, too.
    fn name(&self) -> &str {
        &self.name
    }

    fn is_writable(&self) -> bool {
        true
    }

    fn available(&self) -> Option<u64> {
        free(&self.path)
    }

    fn objects(&self) -> Result<Vec<Object>> {
        Ok(Vec::new())
    }

    fn open(&self, _name: &str) -> Result<Stored> {
        self.refuse()
    }

    fn delete(&self, _name: &str) -> Result<()> {
        self.refuse()
    }

    fn draft(&self, name: &str, steps: &Steps) -> Result<Box<dyn Draft>> {
        let (directory, file) = self.place(name)?;
        Ok(Box::new(FileDraft::create(directory, file, steps.clone())?))
    }

    fn may_store(&self, name: &str) -> Result<()> {
        must_be_free(self.place(name)?.0, &self.path)
    }
}
