//! Stored documents: the only place that writes one. Each is whole at any time, and the one before it is kept.
//!
//! Knows names and text, not what is in them.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::disk::atomic;
use crate::disk::directory::{Directory, PRIVATE, begins};
use crate::disk::durable::words;
use crate::error::{Doing, Error, Result};
use crate::options::{MAX_DOCUMENTS, MAX_JSON, MAX_SET_ASIDE};
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

/// A text, and the name of the file that it is in.
#[derive(Clone)]
struct Good {
    text: String,
    file: String,
}

impl Documents {
    pub fn new(directory: PathBuf, steps: Steps) -> Self {
        Self { directory: Arc::new(directory), good: Arc::default(), notices: Arc::default(), steps }
    }

    pub fn load(&self, name: &str) -> Result<Option<String>> {
        let file = file(name, "json")?;
        if let Some(text) = self.read(&file)? {
            return Ok(Some(self.remember(name, text, file)));
        }
        // It was set aside and nothing was stored since, or somebody removed it.
        let previous = self::file(name, "previous.json")?;
        let Some(text) = self.read(&previous)? else { return Ok(None) };
        self.tell(format!(
            "{} is not there: {}, which was stored before it, is used; without both everything starts anew",
            self.shown(&file),
            self.shown(&previous)
        ));
        Ok(Some(self.remember(name, text, previous)))
    }

    pub fn save(&self, name: &str, text: &str) -> Result<()> {
        if text.len() > MAX_JSON {
            let size = text.len();
            return Err(Error::Limit(format!("the document {name} has {size} bytes, more than {MAX_JSON}")));
        }
        let file = file(name, "json")?;
        let what = || format!("cannot make {}", self.directory.display());
        let directory = Directory::make(&self.directory, 0o700).doing(what)?;
        self.must_have_room(&directory, &file)?;
        let before = self.good().get(name).cloned();
        if let Some(before) = before.filter(|before| before.text != text && before.file == file) {
            self.replace(&directory, &self::file(name, "previous.json")?, &before.text)?;
        }
        self.replace(&directory, &file, text)?;
        self.remember(name, text.to_owned(), file);
        Ok(())
    }

    /// Another document is refused when there are as many as one may have.
    fn must_have_room(&self, directory: &Directory, file: &str) -> Result<()> {
        let what = || format!("cannot look into {}", self.directory.display());
        if directory.status(file).doing(what)?.is_some() {
            return Ok(());
        }
        let names = directory.names().doing(what)?;
        let is_document = |name: &&OsString| name.to_str().is_some_and(is_document);
        match names.iter().filter(is_document).count() >= MAX_DOCUMENTS {
            true => Err(Error::Limit(format!(
                "{} holds {MAX_DOCUMENTS} documents already, the most that one may store; remove some",
                self.directory.display()
            ))),
            false => Ok(()),
        }
    }

    /// Keeps what is stored under another name (only when `may_write`), and gives the one before it.
    pub fn set_aside(&self, name: &str, reason: &str, may_write: bool) -> Result<Option<String>> {
        let previous = file(name, "previous.json")?;
        let file = match self.good().remove(name) {
            Some(given) => given.file,
            None => file(name, "json")?,
        };
        let mut notice = format!("{} cannot be used: {reason}", self.shown(&file));
        if may_write {
            let kept = self.keep(name, &file)?;
            notice += &format!("; it is kept as {}", self.shown(&kept));
        }
        let before = if file == previous { None } else { self.read(&previous)? };
        notice += match before {
            Some(_) => "; the one stored before it is used",
            None => "; there is none stored before it, so everything starts anew",
        };
        self.tell(notice);
        Ok(before.map(|before| self.remember(name, before, previous)))
    }

    /// Renames a file to a name that is not there yet: what was set aside is never overwritten. Of very many the oldest goes.
    fn keep(&self, name: &str, file: &str) -> Result<String> {
        let what = || format!("cannot set aside {}", self.shown(file));
        let directory = Directory::open(&self.directory).doing(what)?;
        let numbers = damaged(name, &directory.names().doing(what)?);
        for old in numbers.iter().take((numbers.len() + 1).saturating_sub(MAX_SET_ASIDE)) {
            directory.remove(self::file(name, &ending(*old))?).doing(what)?;
        }
        let mut number = numbers.last().copied().unwrap_or(0);
        loop {
            number = number.saturating_add(1);
            let kept = self::file(name, &ending(number))?;
            match directory.rename_new(file, &kept) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists && number < u32::MAX => {}
                renamed => {
                    renamed.doing(what)?;
                    // A person may have opened it to others, and a password may be in it.
                    let _ = directory.set_mode(&kept, PRIVATE);
                    return Ok(kept);
                }
            }
        }
    }

    /// Removes what a killed process was writing. Nobody else may be at work.
    pub fn remove_drafts(&self) -> Result<()> {
        let what = || format!("cannot remove what a killed process left in {}", self.directory.display());
        match Directory::open(&self.directory) {
            Err(error) if is_absent(&error) => Ok(()),
            directory => directory.and_then(|it| it.remove_all(|name| begins(name, DRAFT))).doing(what),
        }
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

    fn replace(&self, directory: &Directory, file: &str, text: &str) -> Result<()> {
        let what = || format!("cannot write {}", self.shown(file));
        self.steps.at("document: write");
        let draft = atomic::draft(directory, DRAFT, text.as_bytes()).doing(what)?;
        self.steps.at("document: rename");
        if let Some(errno) = atomic::replace(draft, file).doing(what)? {
            self.tell(format!(
                "{}: it did not confirm that what is stored there is on its disk ({}); a power cut may take back the last changes",
                self.directory.display(),
                words(errno)
            ));
        }
        self.steps.at("document: saved");
        Ok(())
    }

    fn shown(&self, file: &str) -> String {
        self.directory.join(file).display().to_string()
    }

    fn remember(&self, name: &str, text: String, file: String) -> String {
        self.good().insert(name.to_owned(), Good { text: text.clone(), file });
        text
    }

    fn good(&self) -> std::sync::MutexGuard<'_, HashMap<String, Good>> {
        self.good.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A document that is no text, or more than one can be, is damaged, not absent: what can be read of it is given, with a mark
    /// behind it that nothing understands.
    fn read(&self, file: &str) -> Result<Option<String>> {
        let what = || format!("cannot read {}", self.shown(file));
        let file = match Directory::open(&self.directory).and_then(|it| it.open_existing(file)) {
            // A state directory that is none holds nothing; whoever writes to it is told.
            Err(error) if is_absent(&error) => return Ok(None),
            file => file.doing(what)?,
        };
        let mut bytes = Vec::new();
        file.take(MAX_JSON as u64 + 1).read_to_end(&mut bytes).doing(what)?;
        Ok(Some(text(bytes)))
    }
}

fn text(bytes: Vec<u8>) -> String {
    let is_too_long = bytes.len() > MAX_JSON;
    match String::from_utf8(bytes) {
        Ok(text) if !is_too_long => text,
        Ok(text) => text + DAMAGED,
        Err(error) => {
            let (end, bytes) = (error.utf8_error().valid_up_to(), error.into_bytes());
            String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned() + DAMAGED
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// The name of a document's file.
fn file(name: &str, ending: &str) -> Result<String> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    match (1..=64).contains(&name.len()) && name.chars().all(is_plain) {
        true => Ok(format!("{name}.{ending}")),
        false => Err(Error::Denied(format!("{name:?} cannot be the name of a document"))),
    }
}

/// Whether a file is a document, and neither the one before it nor one that was set aside.
fn is_document(file: &str) -> bool {
    file.strip_suffix(".json").is_some_and(|name| !name.contains('.'))
}

/// The numbers of what was set aside of a document, in their order.
fn damaged(name: &str, files: &[OsString]) -> Vec<u32> {
    let number = |file: &OsString| {
        let rest = file.to_str()?.strip_prefix(name)?.strip_prefix(".damaged-")?;
        rest.strip_suffix(".json")?.parse().ok()
    };
    let mut numbers: Vec<u32> = files.iter().filter_map(number).collect();
    numbers.sort_unstable();
    numbers
}

fn ending(number: u32) -> String {
    format!("damaged-{number}.json")
}
