//! The stored documents. No other module of the host writes one.
//!
//! A document is replaced atomically, and its previous version is kept. Knows names and text, and does not read what is in them.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::disk::atomic;
use crate::disk::directory::{Directory, PRIVATE, begins};
use crate::disk::durable::message;
use crate::error::{Doing, Error, Result};
use crate::steps::Steps;
use crate::tunables::{MAX_DOCUMENTS, MAX_JSON, MAX_SET_ASIDE};

/// The prefix of the name of a document that is still being written.
const DRAFT_PREFIX: &str = ".larder-document-";
/// Appended to a text that is not valid UTF-8 or too long: no parser accepts it.
const DAMAGED: &str = "\u{fffd}";

/// The documents of one state directory. Cheap to clone.
#[derive(Clone)]
pub struct Documents {
    directory: Arc<PathBuf>,
    /// The text last loaded or saved, by name. It becomes the previous version at the next save.
    current: Arc<Mutex<HashMap<String, Current>>>,
    /// Messages for users.
    notices: Arc<Mutex<Vec<String>>>,
    steps: Steps,
}

/// A text and the name of its file.
#[derive(Clone)]
struct Current {
    text: String,
    file: String,
}

impl Documents {
    /// The documents in a directory, which may not exist yet.
    pub fn new(directory: PathBuf, steps: Steps) -> Self {
        Self { directory: Arc::new(directory), current: Arc::default(), notices: Arc::default(), steps }
    }

    /// The text of a document, or of its previous version if the document is missing; `None` when both are.
    pub fn load(&self, name: &str) -> Result<Option<String>> {
        let file = file(name, "json")?;
        if let Some(text) = self.read(&file)? {
            return Ok(Some(self.remember(name, text, file)));
        }
        // The document was set aside and not stored since, or a user removed it.
        let previous = self::file(name, "previous.json")?;
        let Some(text) = self.read(&previous)? else { return Ok(None) };
        self.add_notice(format!(
            "{} is missing, so its previous version {} is used; remove both to start from nothing",
            self.shown(&file),
            self.shown(&previous)
        ));
        Ok(Some(self.remember(name, text, previous)))
    }

    /// Stores a document and keeps the previous version.
    pub fn save(&self, name: &str, text: &str) -> Result<()> {
        if text.len() > MAX_JSON {
            let size = text.len();
            return Err(Error::Limit(format!("the document {name} has {size} bytes, more than {MAX_JSON}")));
        }
        let file = file(name, "json")?;
        let what = || format!("cannot create {}", self.directory.display());
        let directory = Directory::make(&self.directory, 0o700).doing(what)?;
        self.check_room(&directory, &file)?;
        let before = self.current().get(name).cloned();
        if let Some(before) = before.filter(|before| before.text != text && before.file == file) {
            self.replace(&directory, &self::file(name, "previous.json")?, &before.text)?;
        }
        self.replace(&directory, &file, text)?;
        self.remember(name, text.to_owned(), file);
        Ok(())
    }

    /// Refuses a new document when the limit is reached.
    fn check_room(&self, directory: &Directory, file: &str) -> Result<()> {
        let what = || format!("cannot list {}", self.directory.display());
        if directory.status(file).doing(what)?.is_some() {
            return Ok(());
        }
        let names = directory.names().doing(what)?;
        let is_document = |name: &&OsString| name.to_str().is_some_and(is_document);
        match names.iter().filter(is_document).count() >= MAX_DOCUMENTS {
            true => Err(Error::Limit(format!(
                "{} already holds {MAX_DOCUMENTS} documents, which is the limit; remove some",
                self.directory.display()
            ))),
            false => Ok(()),
        }
    }

    /// Sets a damaged document aside under another name, if `may_write`, and returns its previous version.
    pub fn set_aside(&self, name: &str, reason: &str, may_write: bool) -> Result<Option<String>> {
        let previous = file(name, "previous.json")?;
        let file = match self.current().remove(name) {
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
            Some(_) => "; its previous version is used",
            None => "; there is no previous version, so Larder starts without it",
        };
        self.add_notice(notice);
        Ok(before.map(|before| self.remember(name, before, previous)))
    }

    /// Renames a file to a free name, so that no earlier copy is overwritten. Removes the oldest copies when there are more than the limit.
    fn keep(&self, name: &str, file: &str) -> Result<String> {
        let what = || format!("cannot set aside {}", self.shown(file));
        let directory = Directory::open(&self.directory).doing(what)?;
        let numbers = copies(name, &directory.names().doing(what)?);
        for old in numbers.iter().take((numbers.len() + 1).saturating_sub(MAX_SET_ASIDE)) {
            directory.remove(self::file(name, &copy_extension(*old))?).doing(what)?;
        }
        let mut number = numbers.last().copied().unwrap_or(0);
        loop {
            number = number.saturating_add(1);
            let kept = self::file(name, &copy_extension(number))?;
            match directory.rename_new(file, &kept) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists && number < u32::MAX => {}
                renamed => {
                    renamed.doing(what)?;
                    // It may hold a password, and a user may have made it readable for others.
                    let _ = directory.set_mode(&kept, PRIVATE);
                    return Ok(kept);
                }
            }
        }
    }

    /// Removes the drafts of killed processes. No other process may use the directory.
    pub fn remove_drafts(&self) -> Result<()> {
        let what = || format!("cannot remove the drafts of killed processes in {}", self.directory.display());
        match Directory::open(&self.directory) {
            Err(error) if is_absent(&error) => Ok(()),
            directory => {
                directory.and_then(|it| it.remove_all(|name| begins(name, DRAFT_PREFIX))).doing(what)
            }
        }
    }

    fn add_notice(&self, notice: String) {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if !notices.contains(&notice) {
            notices.push(notice);
        }
    }

    /// The messages for users since the last call.
    pub fn take_notices(&self) -> Vec<String> {
        std::mem::take(&mut self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, directory: &Directory, file: &str, text: &str) -> Result<()> {
        let what = || format!("cannot write {}", self.shown(file));
        self.steps.at("document: write");
        let draft = atomic::draft(directory, DRAFT_PREFIX, text.as_bytes()).doing(what)?;
        self.steps.at("document: rename");
        if let Some(errno) = atomic::replace(draft, file).doing(what)? {
            self.add_notice(format!(
                "{}: the file system did not confirm that documents are on its disk ({}); a power cut may undo the last changes",
                self.directory.display(),
                message(errno)
            ));
        }
        self.steps.at("document: saved");
        Ok(())
    }

    fn shown(&self, file: &str) -> String {
        self.directory.join(file).display().to_string()
    }

    fn remember(&self, name: &str, text: String, file: String) -> String {
        self.current().insert(name.to_owned(), Current { text: text.clone(), file });
        text
    }

    fn current(&self) -> std::sync::MutexGuard<'_, HashMap<String, Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a file. Text that is not valid UTF-8, or too long, is damaged and not absent: the readable part is returned with a mark that
    /// no parser accepts.
    fn read(&self, file: &str) -> Result<Option<String>> {
        let what = || format!("cannot read {}", self.shown(file));
        let file = match Directory::open(&self.directory).and_then(|it| it.open_existing(file)) {
            // A missing state directory holds no documents. Writing to it reports the error.
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

/// The file name of a document.
fn file(name: &str, extension: &str) -> Result<String> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    match (1..=64).contains(&name.len()) && name.chars().all(is_plain) {
        true => Ok(format!("{name}.{extension}")),
        false => Err(Error::Denied(format!("{name:?} is not a valid name for a document"))),
    }
}

/// Whether a file is a document, rather than a previous version or a copy that was set aside.
fn is_document(file: &str) -> bool {
    file.strip_suffix(".json").is_some_and(|name| !name.contains('.'))
}

/// The numbers of the copies of a document that were set aside, in ascending order.
fn copies(name: &str, files: &[OsString]) -> Vec<u32> {
    let number = |file: &OsString| {
        let rest = file.to_str()?.strip_prefix(name)?.strip_prefix(".damaged-")?;
        rest.strip_suffix(".json")?.parse().ok()
    };
    let mut numbers: Vec<u32> = files.iter().filter_map(number).collect();
    numbers.sort_unstable();
    numbers
}

fn copy_extension(number: u32) -> String {
    format!("damaged-{number}.json")
}
