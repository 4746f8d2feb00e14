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
use clap::Args;
use etcetera::BaseStrategy;
use rustix::io::Errno;
use serde_json::{Map, Value};

use super::WrongUse;
use super::args::Global;
use super::interrupt;
use crate::disk::directory::{Directory, PRIVATE, begins};
use crate::disk::durable::{self, message};
use crate::disk::retry::retry_at_end;
use crate::disk::{atomic, regular};
use crate::error::{Doing, Error};
use crate::options::RING_WAIT;
use crate::process::terminal::say;
use crate::storage::lock::Lock;

/// Where a password can be given without anything on the command line.
const VARIABLE: &str = "LARDER_PASSWORD";
/// How a key ring that is being written is called until it is whole.
const DRAFT: &str = ".larder-keys-";
/// The lock beside it: one that changes it at a time.
const LOCK: &str = ".larder-keys.lock";
/// The longest password file; real ones have a line.
const MAX: u64 = 1024 * 1024;

/// How a password is given: never as an argument, which every process could read. `LARDER_PASSWORD` is used when none
/// of these is there.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Password (or in LARDER_PASSWORD)")]
#[group(multiple = false)]
pub struct Password {
    /// The first line of this file
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Asks on the terminal
    #[arg(long)]
    pub password_prompt: bool,
    /// The key with this label in the key ring
    #[arg(long, value_name = "LABEL")]
    pub key: Option<String>,
}

#[derive(Debug, Args)]
pub struct Protect {
    #[command(flatten)]
    pub password: Password,
    /// The version of the encryption: 2 for a Home Assistant before 2026 [default: 3]
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(u8).range(2..=3))]
    pub securetar: Option<u8>,
}

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
        must_be_repeated(fields.get("password").and_then(Value::as_str).unwrap_or_default())?;
    }
    Ok(fields)
}

/// What a new backup is to be protected with, if anything.
pub(super) fn protection(global: &Global, protect: &Protect) -> anyhow::Result<Map<String, Value>> {
    let mut fields = given_for_new(global, &protect.password)?;
    match protect.securetar {
        Some(_) if fields.is_empty() => Err(WrongUse(
            "--securetar says how to protect, and there is no password: give one with --password-file or --password-prompt"
                .into(),
        )
        .into()),
        version => {
            fields.extend(version.map(|version| ("securetar".to_owned(), version.into())));
            Ok(fields)
        }
    }
}

/// Whether there is somebody to ask.
pub(super) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks on the terminal, without echo.
pub(super) fn asked(question: &str) -> anyhow::Result<String> {
    interrupt::idle();
    let answer = rpassword::prompt_password(question)
        .map_err(|error| WrongUse(format!("nobody can be asked for a password here: {error}")))?;
    match answer.is_empty() {
        false => Ok(answer),
        true => Err(WrongUse("the password is empty; nothing was done".into()).into()),
    }
}

/// Asks for something new.
pub(super) fn asked_twice(question: &str) -> anyhow::Result<String> {
    let answer = asked(question)?;
    must_be_repeated(&answer)?;
    Ok(answer)
}

fn must_be_repeated(answer: &str) -> anyhow::Result<()> {
    match asked("The same once more: ")? == answer {
        true => Ok(()),
        false => Err(WrongUse("the two passwords differ; nothing was done".into()).into()),
    }
}

/// The first line of a file, without the byte order mark that editors of Windows put in front.
pub(super) fn from_file(path: &Path) -> anyhow::Result<String> {
    let text = read(path)?;
    match text.strip_prefix('\u{feff}').unwrap_or(&text).lines().next() {
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
        let file = regular::open(&self.path).map_err(|error| self.unopened(&error))?;
        let mode = file.metadata().map_err(|error| self.unopened(&error))?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::Denied(format!(
                "others can read the key ring {shown} (mode {mode:o}); run: chmod 600 {shown}"
            ))
            .into());
        }
        text(&self.path, file)
    }

    fn unopened(&self, error: &std::io::Error) -> Error {
        let error = Error::from_io(format!("cannot open the key ring {}", self.path.display()), error);
        match error {
            Error::NotFound(text) => Error::NotFound(format!(
                "{text}; `larder key new --label LABEL` makes one with a new key, `larder key add` one with a key that you have, and \
                 --key-ring names another"
            )),
            error => error,
        }
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
        let draft = atomic::draft(&directory, DRAFT, text.as_bytes()).doing(what)?;
        warn_of(atomic::replace(draft, name).doing(what)?, &self.path);
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
    let file = directory.create_new(name, PRIVATE).doing(what).map_err(|error| match error {
        Error::Exists(text) => Error::Exists(format!(
            "{text}; nothing was written and no key was made: name a file that is not there yet"
        )),
        error => error,
    })?;
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
        say(&format!(
            "{}: written, but its file system did not confirm that it is on the disk ({}); print it or keep another copy",
            path.display(),
            message(errno)
        ));
    }
}
