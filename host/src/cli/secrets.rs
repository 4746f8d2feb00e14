//! Passwords and keys on the command line: from a file, from the terminal, from the key ring or from the environment.
//!
//! They are never arguments, which every process could read. They go into an action's data and nowhere else; the binary's
//! allocator wipes memory when it is freed.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value};

use super::answer::WrongUse;
use super::files::read;
use super::global::Global;
use super::interrupt;
use super::ring_file::{Ring, is_absent};

/// The environment variable that may hold a password.
const VARIABLE: &str = "LARDER_PASSWORD";

/// How a password is given. `LARDER_PASSWORD` is used when none of these options is.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Password (default: the variable LARDER_PASSWORD)")]
#[group(multiple = false)]
pub struct PasswordArgs {
    /// Use the first line of this file
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Ask on the terminal
    #[arg(long)]
    pub password_prompt: bool,
    /// Use the key with this label from the key ring
    #[arg(long, value_name = "LABEL")]
    pub key: Option<String>,
}

/// How a new backup is protected.
#[derive(Debug, Args)]
pub struct ProtectionArgs {
    #[command(flatten)]
    pub password: PasswordArgs,
    /// The SecureTar version: 2 for Home Assistant before 2026 [default: 3]
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(u8).range(2..=3))]
    pub securetar: Option<u8>,
}

/// The given password as fields of an action: `password`, or `key` and `key_ring`. Empty when none was given.
pub(super) fn given(global: &Global, choice: &PasswordArgs) -> anyhow::Result<Map<String, Value>> {
    let mut fields = Map::new();
    if let Some(file) = &choice.password_file {
        fields.insert("password".into(), password_from_file(file)?.into());
    } else if choice.password_prompt {
        fields.insert("password".into(), prompt("Password: ")?.into());
    } else if let Some(label) = &choice.key {
        fields.insert("key".into(), label.clone().into());
        fields.insert("key_ring".into(), Ring::find(global)?.read()?.into());
    } else if let Some(password) = from_environment()? {
        fields.insert("password".into(), password.into());
    }
    Ok(fields)
}

/// The same for reading a backup: when no password was given, the whole key ring is tried, if it exists.
pub(super) fn given_or_key_ring(
    global: &Global,
    choice: &PasswordArgs,
) -> anyhow::Result<Map<String, Value>> {
    let mut fields = given(global, choice)?;
    if fields.is_empty() {
        let ring = Ring::find(global)?;
        match ring.read() {
            // A key ring is optional.
            Err(error) if is_absent(&error) && global.key_ring.is_none() => {}
            text => drop(fields.insert("key_ring".into(), text?.into())),
        }
    }
    Ok(fields)
}

/// The same for protecting a new backup: a typed password must be repeated.
pub(super) fn given_for_new(global: &Global, choice: &PasswordArgs) -> anyhow::Result<Map<String, Value>> {
    let fields = given(global, choice)?;
    if choice.password_prompt {
        must_be_repeated(fields.get("password").and_then(Value::as_str).unwrap_or_default())?;
    }
    Ok(fields)
}

/// The fields that protect a new backup. Empty if it stays unprotected.
pub(super) fn protection(global: &Global, protect: &ProtectionArgs) -> anyhow::Result<Map<String, Value>> {
    let mut fields = given_for_new(global, &protect.password)?;
    match protect.securetar {
        Some(_) if fields.is_empty() => Err(WrongUse(
            "--securetar needs a password; give one with --password-file or --password-prompt".into(),
        )
        .into()),
        version => {
            fields.extend(version.map(|version| ("securetar".to_owned(), version.into())));
            Ok(fields)
        }
    }
}

/// Whether standard input and standard error are terminals, so that the user can be asked.
pub(super) fn can_prompt() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks for a password on the terminal, without echo.
pub(super) fn prompt(question: &str) -> anyhow::Result<String> {
    interrupt::idle();
    let answer = rpassword::prompt_password(question)
        .map_err(|error| WrongUse(format!("cannot ask for a password here: {error}")))?;
    match answer.is_empty() {
        false => Ok(answer),
        true => Err(WrongUse("the password is empty; nothing was done".into()).into()),
    }
}

/// Asks for a new password, twice.
pub(super) fn prompt_twice(question: &str) -> anyhow::Result<String> {
    let answer = prompt(question)?;
    must_be_repeated(&answer)?;
    Ok(answer)
}

fn must_be_repeated(answer: &str) -> anyhow::Result<()> {
    match prompt("Repeat password: ")? == answer {
        true => Ok(()),
        false => Err(WrongUse("the two passwords differ; nothing was done".into()).into()),
    }
}

/// The first line of a file, without the byte order mark that some Windows editors write.
pub(super) fn password_from_file(path: &Path) -> anyhow::Result<String> {
    let text = read(path)?;
    match text.strip_prefix('\u{feff}').unwrap_or(&text).lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(WrongUse(format!("the first line of {} is empty; it must be the password", path.display()))
            .into()),
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
