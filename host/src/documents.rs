//! Stored documents: the only place that writes one. Each is whole at any time, and the one before it is kept.
//!
//! Knows names and text, not what is in them.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Doing, Error, Result};
use crate::options::MAX_JSON;
use crate::steps::Steps;

/// The documents of one state directory. Cheap to clone.
#[derive(Clone)]
pub struct Documents {
    directory: Arc<PathBuf>,
    /// What was loaded or saved last and not found wanting, by name: the one before the next.
    good: Arc<Mutex<HashMap<String, String>>>,
    /// What people should know.
    notices: Arc<Mutex<Vec<String>>>,
    steps: Steps,
}

impl Documents {
    pub fn new(directory: PathBuf, steps: Steps) -> Self {
        Self { directory: Arc::new(directory), good: Arc::default(), notices: Arc::default(), steps }
    }

    pub fn load(&self, name: &str) -> Result<Option<String>> {
        let path = self.path(name, "json")?;
        let text = read(&path)?;
        if let Some(text) = &text {
            self.remember(name, text);
        }
        Ok(text)
    }

    pub fn save(&self, name: &str, text: &str) -> Result<()> {
        if text.len() > MAX_JSON {
            let size = text.len();
            return Err(Error::Limit(format!("the document {name} has {size} bytes, more than {MAX_JSON}")));
        }
        let path = self.path(name, "json")?;
        let what = || format!("cannot make {}", self.directory.display());
        DirBuilder::new().recursive(true).mode(0o700).create(self.directory.as_path()).doing(what)?;
        let before = self.good().get(name).cloned();
        if let Some(before) = before.filter(|before| before != text) {
            self.replace(&self.path(name, "previous.json")?, &before)?;
        }
        self.replace(&path, text)?;
        self.remember(name, text);
        Ok(())
    }

    /// Keeps what is stored under another name (only when `may_write`), and gives the one before it.
    pub fn set_aside(&self, name: &str, reason: &str, may_write: bool) -> Result<Option<String>> {
        let path = self.path(name, "json")?;
        self.good().remove(name);
        let mut notice = format!("{} cannot be used: {reason}", path.display());
        if may_write {
            let kept = self.free_name(name)?;
            fs::rename(&path, &kept).doing(|| format!("cannot set aside {}", path.display()))?;
            notice += &format!("; it is kept as {}", kept.display());
        }
        let before = read(&self.path(name, "previous.json")?)?;
        notice += match before {
            Some(_) => "; the one stored before it is used",
            None => "; there is none stored before it, so everything starts anew",
        };
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
        Ok(before)
    }

    /// What people should know, once.
    pub fn take_notices(&self) -> Vec<String> {
        std::mem::take(&mut self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A name that is not there yet: what was set aside is never overwritten.
    fn free_name(&self, name: &str) -> Result<PathBuf> {
        for number in 1..=u32::MAX {
            let path = self.path(name, &format!("damaged-{number}.json"))?;
            if fs::symlink_metadata(&path).is_err() {
                return Ok(path);
            }
        }
        Err(Error::Exists(format!("no name is free to set {name} aside")))
    }

    fn replace(&self, path: &Path, text: &str) -> Result<()> {
        let what = || format!("cannot write {}", path.display());
        self.steps.at("document: write");
        let mut draft = tempfile::Builder::new()
            .prefix(".larder-document-")
            .tempfile_in(self.directory.as_path())
            .doing(what)?;
        draft.write_all(text.as_bytes()).doing(what)?;
        draft.as_file().sync_all().doing(what)?;
        self.steps.at("document: rename");
        draft.persist(path).map_err(|error| error.error).doing(what)?;
        File::open(self.directory.as_path()).and_then(|directory| directory.sync_all()).doing(what)?;
        self.steps.at("document: saved");
        Ok(())
    }

    fn path(&self, name: &str, ending: &str) -> Result<PathBuf> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        match (1..=64).contains(&name.len()) && name.chars().all(is_plain) {
            true => Ok(self.directory.join(format!("{name}.{ending}"))),
            false => Err(Error::Denied(format!("{name:?} cannot be the name of a document"))),
        }
    }

    fn remember(&self, name: &str, text: &str) {
        self.good().insert(name.to_owned(), text.to_owned());
    }

    fn good(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.good.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A document that is no text is damaged, not absent: its bytes are shown as far as they are text.
fn read(path: &Path) -> Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        // A state directory that is none holds nothing; whoever writes to it is told.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error).doing(|| format!("cannot read {}", path.display())),
    }
}
