//! Passwords and keys: where a person gives them, and the files that hold them.
//!
//! Never an argument, which every process could read. What is read here goes into an action's data and nowhere else; the
//! binary's allocator wipes every block of memory that is freed.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{IsTerminal, Read};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use etcetera::BaseStrategy;
use rustix::io::Errno;
use serde_json::{Map, Value};

use super::WrongUse;
use super::args::{Global, Password};
use crate::disk::directory::{Directory, PRIVATE, begins};
use crate::disk::durable::{self, words};
use crate::disk::retry::retry_at_end;
use crate::disk::{regular, whole};
use crate::error::{Doing, Error};
use crate::lock::Lock;
use crate::options::RING_WAIT;

/// Where a password can be given without anything on the command line.
const VARIABLE: &str = "LARDER_PASSWORD";
/// How a key ring that is being written is called until it is whole.
const DRAFT: &str = ".larder-keys-";
/// The lock beside it: one that changes it at a time.
const LOCK: &str = ".larder-keys.lock";
/// The longest password file; real ones have a line.
const MAX: u64 = 1024 * 1024;

/// What a person gave, as the fields of an action: `password`, or `key` and `key_ring`. Empty when nothing was given.
pub(super) fn given(global: &Global, choice: &Password) -> anyhow::Result<Map<String, Value>> {
    let mut fields = Map::new();
    if let Some(file) = &choice.password_file {
        fields.insert("password".into(), from_file(file)?.into());
    } else if choice.password_prompt {
        fields.insert("password".into(), asked("Password: ")?.into());
    } else if let Some(label) = &choice.key {
        fields.insert("key".into(), label.clone().into());
        fields.insert("key_ring".into(), Ring::find(global)?.read()?.into());
    } else if let Some(password) = from_environment()? {
        fields.insert("password".into(), password.into());
    }
    Ok(fields)
}

/// The same for reading, where a key ring that is there is tried when nothing was given.
pub(super) fn given_or_ring(global: &Global, choice: &Password) -> anyhow::Result<Map<String, Value>> {
    let mut fields = given(global, choice)?;
    if fields.is_empty() {
        let ring = Ring::find(global)?;
        match ring.read() {
            // Nobody has to have one.
            Err(error) if is_absent(&error) && global.key_ring.is_none() => {}
            text => drop(fields.insert("key_ring".into(), text?.into())),
        }
    }
    Ok(fields)
}

/// The same for protecting something new: what is typed must be typed twice.
pub(super) fn given_for_new(global: &Global, choice: &Password) -> anyhow::Result<Map<String, Value>> {
    let fields = given(global, choice)?;
    if choice.password_prompt {
        let again = asked("The same once more: ")?;
        if fields.get("password").and_then(Value::as_str) != Some(&again) {
            return Err(WrongUse("the two passwords differ; nothing was done".into()).into());
        }
    }
    Ok(fields)
}

/// Whether there is somebody to ask.
pub(super) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks on the terminal, without echo.
pub(super) fn asked(question: &str) -> anyhow::Result<String> {
    let answer = rpassword::prompt_password(question)
        .map_err(|error| WrongUse(format!("nobody can be asked for a password here: {error}")))?;
    match answer.is_empty() {
        false => Ok(answer),
        true => Err(WrongUse("the password is empty; nothing was done".into()).into()),
    }
}

/// The first line of a file.
fn from_file(path: &Path) -> anyhow::Result<String> {
    let text = read(path)?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => {
            Err(WrongUse(format!("the first line of {} is empty: there is no password", path.display()))
                .into())
        }
    }
}

fn from_environment() -> anyhow::Result<Option<String>> {
    match std::env::var(VARIABLE) {
        Ok(password) if password.is_empty() => {
            Err(WrongUse(format!("{VARIABLE} is set but empty; unset it")).into())
        }
        Ok(password) => Ok(Some(password)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(WrongUse(format!("{VARIABLE} is not UTF-8")).into()),
    }
}

/// A file that a person named for this run: it may be a FIFO, or what a shell puts in its place.
pub(super) fn read(path: &Path) -> anyhow::Result<String> {
    text(path, File::open(path).doing(|| format!("cannot read {}", path.display()))?)
}

fn text(path: &Path, file: File) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    file.take(MAX).read_to_end(&mut bytes).doing(|| format!("cannot read {}", path.display()))?;
    // The error of the standard library holds the bytes.
    String::from_utf8(bytes).map_err(|_| WrongUse(format!("{} is not UTF-8 text", path.display())).into())
}

/// The key ring: a file for its owner alone.
pub(super) struct Ring {
    pub(super) path: PathBuf,
}

impl Ring {
    /// The one that was named, or the person's own.
    pub(super) fn find(global: &Global) -> anyhow::Result<Self> {
        let path = match &global.key_ring {
            Some(path) => path.clone(),
            None => {
                let base = etcetera::choose_base_strategy().map_err(|error| {
                    WrongUse(format!("there is no home directory: {error}; use --key-ring"))
                })?;
                base.config_dir().join("larder").join("keys.json")
            }
        };
        // A link stays one: what it leads to is written.
        Ok(Self { path: fs::canonicalize(&path).unwrap_or(path) })
    }

    pub(super) fn read(&self) -> anyhow::Result<String> {
        let shown = self.path.display();
        let what = || format!("cannot open the key ring {shown}");
        let file = regular::open(&self.path).doing(what)?;
        let mode = file.metadata().doing(what)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::Denied(format!(
                "others can read the key ring {shown} (mode {mode:o}); run: chmod 600 {shown}"
            ))
            .into());
        }
        text(&self.path, file)
    }

    /// Replaces the ring's text by what `change` makes of it, whole or not at all; no other process does so meanwhile.
    pub(super) fn change(&self, change: impl FnOnce(String) -> anyhow::Result<String>) -> anyhow::Result<()> {
        let what = || format!("cannot write the key ring {}", self.path.display());
        let path = self.path.parent().unwrap_or(Path::new(""));
        let directory = Directory::make(path, 0o700).doing(what)?;
        let _lock = Lock::take(path, LOCK, "key", RING_WAIT)?;
        // What a killed process left of a ring in the making. What cannot be removed is for its owner alone, as the ring is.
        let _ = directory.remove_all(|name| begins(name, DRAFT));
        let name = file_name(&self.path)?;
        let before = match self.read() {
            Err(error) if is_absent(&error) => String::new(),
            text => text?,
        };
        let text = change(before)?;
        let draft = whole::draft(&directory, DRAFT, text.as_bytes()).doing(what)?;
        warn_of(whole::replace(draft, name).doing(what)?, &self.path);
        Ok(())
    }
}

fn is_absent(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Error::NotFound(_)))
}

fn file_name(path: &Path) -> anyhow::Result<&OsStr> {
    Ok(path.file_name().ok_or_else(|| WrongUse(format!("{} is no file; name one", path.display())))?)
}

/// Writes a new file that only its owner can read.
pub(super) fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let what = || format!("cannot write {}", path.display());
    let directory = Directory::of(path).doing(what)?;
    let name = file_name(path)?;
    let file = directory.create_new(name, PRIVATE).doing(what)?;
    let written = retry_at_end(|| file.write_all_at(text.as_bytes(), 0)).doing(what);
    let synced = written.and_then(|()| durable::sync(&file).doing(what));
    if synced.is_err() {
        // Half a key is worse than none.
        directory.remove(name).with_context(what)?;
    }
    warn_of(synced?, path);
    Ok(())
}

/// Says that a key may not survive a power cut.
fn warn_of(refused: Option<Errno>, path: &Path) {
    if let Some(errno) = refused {
        eprintln!(
            "{}: written, but its file system did not confirm that it is on the disk ({}); print it or keep another copy",
            path.display(),
            words(errno)
        );
    }
}
