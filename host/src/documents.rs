//! Stored documents: the only place that writes one. Each is whole at any time, and the one before it is kept.
//!
//! Knows names and text, not what is in them.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::disk::durable::words;
use crate::disk::whole;
use crate::error::{Doing, Error, Result};
use crate::options::MAX_JSON;
use crate::steps::Steps;

/// The name of a document that is being written begins so.
const DRAFT: &str = ".larder-document-";
/// Stands for what is no text.
const DAMAGED: &str = "\u{fffd}";

/// The documents of one state directory. Cheap to clone.
#[derive(Clone)]
pub struct Documents {
    directory: Arc<PathBuf>,
    /// What was given or saved last and not found wanting, by name: the one before the next.
    good: Arc<Mutex<HashMap<String, Good>>>,
    /// What people should know.
    notices: Arc<Mutex<Vec<String>>>,
    steps: Steps,
}

/// A text, and the file that it is in.
#[derive(Clone)]
struct Good {
    text: String,
    path: PathBuf,
}

impl Documents {
    pub fn new(directory: PathBuf, steps: Steps) -> Self {
        Self { directory: Arc::new(directory), good: Arc::default(), notices: Arc::default(), steps }
    }

    pub fn load(&self, name: &str) -> Result<Option<String>> {
        let path = self.path(name, "json")?;
        if let Some(text) = read(&path)? {
            return Ok(Some(self.remember(name, text, path)));
        }
        // It was set aside and nothing was stored since, or somebody removed it.
        let previous = self.path(name, "previous.json")?;
        let Some(text) = read(&previous)? else { return Ok(None) };
        self.tell(format!(
            "{} is not there: {}, which was stored before it, is used; without both everything starts anew",
            path.display(),
            previous.display()
        ));
        Ok(Some(self.remember(name, text, previous)))
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
        if let Some(before) = before.filter(|before| before.text != text && before.path == path) {
            self.replace(&self.path(name, "previous.json")?, &before.text)?;
        }
        self.replace(&path, text)?;
        self.remember(name, text.to_owned(), path);
        Ok(())
    }

    /// Keeps what is stored under another name (only when `may_write`), and gives the one before it.
    pub fn set_aside(&self, name: &str, reason: &str, may_write: bool) -> Result<Option<String>> {
        let previous = self.path(name, "previous.json")?;
        let path = match self.good().remove(name) {
            Some(given) => given.path,
            None => self.path(name, "json")?,
        };
        let mut notice = format!("{} cannot be used: {reason}", path.display());
        if may_write {
            let kept = self.free_name(name)?;
            fs::rename(&path, &kept).doing(|| format!("cannot set aside {}", path.display()))?;
            // A person may have opened it to others, and a password may be in it.
            let _ = fs::set_permissions(&kept, Permissions::from_mode(0o600));
            notice += &format!("; it is kept as {}", kept.display());
        }
        let before = if path == previous { None } else { read(&previous)? };
        notice += match before {
            Some(_) => "; the one stored before it is used",
            None => "; there is none stored before it, so everything starts anew",
        };
        self.tell(notice);
        Ok(before.map(|before| self.remember(name, before, previous)))
    }

    /// Removes what a killed process was writing. Nobody else may be at work.
    pub fn remove_drafts(&self) -> Result<()> {
        let what = || format!("cannot remove what a killed process left in {}", self.directory.display());
        let entries = match fs::read_dir(self.directory.as_path()) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(());
            }
            entries => entries.doing(what)?,
        };
        for entry in entries.flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(DRAFT.as_bytes()) {
                fs::remove_file(entry.path()).doing(what)?;
            }
        }
        Ok(())
    }

    fn tell(&self, notice: String) {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if !notices.contains(&notice) {
            notices.push(notice);
        }
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
        let draft = whole::draft(path, DRAFT, text.as_bytes()).doing(what)?;
        self.steps.at("document: rename");
        if let Some(errno) = whole::replace(draft, path).doing(what)? {
            self.tell(format!(
                "{}: it did not confirm that what is stored there is on its disk ({}); a power cut may take back the last changes",
                self.directory.display(),
                words(errno)
            ));
        }
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

    fn remember(&self, name: &str, text: String, path: PathBuf) -> String {
        self.good().insert(name.to_owned(), Good { text: text.clone(), path });
        text
    }

    fn good(&self) -> std::sync::MutexGuard<'_, HashMap<String, Good>> {
        self.good.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A document that is no text, or more than one can be, is damaged, not absent: what can be read of it is given, with a mark
/// behind it that nothing understands.
fn read(path: &Path) -> Result<Option<String>> {
    let what = || format!("cannot read {}", path.display());
    let file = match File::open(path) {
        // A state directory that is none holds nothing; whoever writes to it is told.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        file => file.doing(what)?,
    };
    let mut bytes = Vec::new();
    file.take(MAX_JSON as u64 + 1).read_to_end(&mut bytes).doing(what)?;
    let is_too_long = bytes.len() > MAX_JSON;
    Ok(Some(match String::from_utf8(bytes) {
        Ok(text) if !is_too_long => text,
        Ok(text) => text + DAMAGED,
        Err(error) => {
            let (end, bytes) = (error.utf8_error().valid_up_to(), error.into_bytes());
            String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned() + DAMAGED
        }
    }))
}
