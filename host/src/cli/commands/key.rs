//! `larder key`: creates keys, manages the key ring and writes emergency kits. Keys are never part of JSON answers.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus, WrongUse};
use crate::cli::confirm::confirm;
use crate::cli::files;
use crate::cli::global::Global;
use crate::cli::key_ring;
use crate::cli::request::call;
use crate::cli::ring_file::Ring;
use crate::cli::secrets;
use crate::cli::secrets::PasswordArgs;
use crate::cli::value::{list, string};

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Create a new key: show it, or write it to a file or the key ring
    New(KeyNew),
    /// Add an existing key to the key ring
    Add(KeyAdd),
    /// List the labels in the key ring
    List,
    /// Show a key of the key ring on a terminal, or write it to a file
    Show(KeyShow),
    /// Change the label of a key in the key ring
    Rename(KeyRename),
    /// Remove a key from the key ring
    Remove(KeyRemove),
    /// Write a sheet to print: the key, what it is for, and how to restore with it
    Kit(KeyKit),
}

#[derive(Debug, Args)]
pub struct KeyNew {
    /// Write it to a new file that only you can read
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Add it to the key ring with this label
    #[arg(long)]
    pub label: Option<String>,
}

#[derive(Debug, Args)]
pub struct KeyAdd {
    /// The key's label
    #[arg(long)]
    pub label: String,
    #[command(flatten)]
    pub password: PasswordArgs,
}

#[derive(Debug, Args)]
pub struct KeyShow {
    /// The key's label
    pub label: String,
    /// Write it to a new file that only you can read
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct KeyRename {
    /// The key's label
    pub label: String,
    /// The new label
    pub new: String,
}

#[derive(Debug, Args)]
pub struct KeyRemove {
    /// The key's label
    pub label: String,
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct KeyKit {
    /// Write it to a new file that only you can read
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    #[command(flatten)]
    pub password: PasswordArgs,
}

pub(crate) fn run(setup: &HostSetup, global: &Global, key: &Key) -> anyhow::Result<Answer> {
    match key {
        Key::New(new) => create(setup, global, new),
        Key::Add(add) => self::add(setup, global, add),
        Key::List => labels(setup, global),
        Key::Show(show) => self::show(setup, global, show),
        Key::Rename(rename) => self::rename(setup, global, rename),
        Key::Remove(remove) => self::remove(setup, global, remove),
        Key::Kit(kit) => self::kit(setup, global, kit),
    }
}

fn create(setup: &HostSetup, global: &Global, new: &KeyNew) -> anyhow::Result<Answer> {
    if global.json && new.to.is_none() && new.label.is_none() {
        return Err(no_json());
    }
    let answer = call(&mut setup.reader()?, global, "backup.new_key", json!({}))?;
    let key = answer.get("key").and_then(Value::as_str).unwrap_or_default();
    let mut text = String::new();
    let mut json = Map::new();
    if let Some(to) = &new.to {
        files::write_new(to, &format!("{key}\n"))?;
        text += &format!("The key is in {}, which only you can read.\n", to.display());
        json.insert("file".into(), to.display().to_string().into());
    }
    if let Some(label) = &new.label {
        let added = key_ring::add(setup, global, label, key, false)?;
        text += &format!("The key {label:?} is in the key ring {}.\n", added.path);
        json.insert("label".into(), label.clone().into());
        json.insert("key_ring".into(), added.path.into());
    }
    if text.is_empty() {
        text = format!("{key}\n");
    } else {
        text += "Backups that it protects cannot be read without it: print its emergency kit with `larder key kit`.\n";
    }
    Ok(Answer { json: json.into(), text, status: ExitStatus::Done })
}

fn add(setup: &HostSetup, global: &Global, add: &KeyAdd) -> anyhow::Result<Answer> {
    let mut given = secrets::given(global, &add.password)?;
    let key = match given.remove("password") {
        Some(Value::String(key)) => key,
        _ if secrets::can_prompt() => secrets::prompt("Key: ")?,
        _ => {
            return Err(
                WrongUse("which key? Give it with --password-file or in LARDER_PASSWORD".into()).into()
            );
        }
    };
    let added = key_ring::add(setup, global, &add.label, &key, false)?;
    let (label, path) = (&add.label, &added.path);
    Ok(Answer {
        text: format!("The key {label:?} is in the key ring {path}.\n{}", added.warnings),
        json: json!({"label": label, "key_ring": path}),
        status: ExitStatus::Done,
    })
}

fn remove(setup: &HostSetup, global: &Global, remove: &KeyRemove) -> anyhow::Result<Answer> {
    let label = &remove.label;
    let warning = "Without another copy of this key, the backups that it protects cannot be opened.";
    if !remove.yes {
        if !secrets::can_prompt() {
            return Err(WrongUse("cannot ask for confirmation here; add --yes".into()).into());
        }
        confirm(&format!("{warning} Remove the key {label:?} from the key ring?"))?;
    }
    let (ring, _) = key_ring::change(setup, global, "backup.remove_key", json!({"label": label}))?;
    let path = ring.path.display().to_string();
    Ok(Answer {
        text: format!("The key {label:?} was removed from the key ring {path}.\n"),
        json: json!({"label": label, "key_ring": path}),
        status: ExitStatus::Done,
    })
}

fn rename(setup: &HostSetup, global: &Global, rename: &KeyRename) -> anyhow::Result<Answer> {
    let (label, new) = (&rename.label, &rename.new);
    let request = json!({"label": label, "new_label": new});
    let (ring, _) = key_ring::change(setup, global, "backup.rename_key", request)?;
    let path = ring.path.display().to_string();
    Ok(Answer {
        text: format!("The key {label:?} in the key ring {path} is now called {new:?}.\n"),
        json: json!({"label": new, "key_ring": path}),
        status: ExitStatus::Done,
    })
}

/// Shows a key on a terminal, or writes it to a file.
fn show(setup: &HostSetup, global: &Global, show: &KeyShow) -> anyhow::Result<Answer> {
    if show.to.is_none() && (global.json || !std::io::stdout().is_terminal()) {
        return Err(WrongUse("keys are shown only on a terminal; choose a file with --to".into()).into());
    }
    let key = key_ring::key(setup, global, &show.label)?;
    let Some(to) = &show.to else {
        return Ok(Answer { json: json!({}), text: format!("{key}\n"), status: ExitStatus::Done });
    };
    files::write_new(to, &format!("{key}\n"))?;
    Ok(Answer {
        text: format!("The key is in {}, which only you can read.\n", to.display()),
        json: json!({"file": to.display().to_string()}),
        status: ExitStatus::Done,
    })
}

fn labels(setup: &HostSetup, global: &Global) -> anyhow::Result<Answer> {
    let ring = Ring::find(global)?;
    let before = if ring.path.exists() || global.key_ring.is_some() { ring.read()? } else { String::new() };
    // Moved, not copied as `json!` would: no copy stays here.
    let data = Map::from_iter([("key_ring".to_owned(), before.into())]);
    let mut json = call(&mut setup.reader()?, global, "backup.keys", data.into())?;
    let text = listed(&json, &ring.path.display().to_string());
    if let Some(fields) = json.as_object_mut() {
        fields.insert("key_ring".into(), ring.path.display().to_string().into());
    }
    Ok(Answer { text, json, status: ExitStatus::Done })
}

fn kit(setup: &HostSetup, global: &Global, kit: &KeyKit) -> anyhow::Result<Answer> {
    if global.json && kit.to.is_none() {
        return Err(no_json());
    }
    let mut data = secrets::given(global, &kit.password)?;
    if data.is_empty() {
        match secrets::can_prompt() {
            true => data.insert("password".into(), secrets::prompt("Key: ")?.into()),
            false => {
                return Err(WrongUse(
                    "which key? Choose one in the key ring with --key, or pass one with --password-file"
                        .into(),
                )
                .into());
            }
        };
    }
    let answer = call(&mut setup.reader()?, global, "backup.emergency_kit", data.into())?;
    let sheet = answer.get("text").and_then(Value::as_str).unwrap_or_default();
    match &kit.to {
        Some(to) => {
            files::write_new(to, sheet)?;
            Ok(written(to))
        }
        None => Ok(Answer { json: json!({}), text: sheet.to_owned(), status: ExitStatus::Done }),
    }
}

fn written(to: &Path) -> Answer {
    let path = to.display().to_string();
    Answer {
        text: format!(
            "The emergency kit is in {path}. Print it and keep it away from the computer that runs Home Assistant.\n"
        ),
        json: json!({"file": path}),
        status: ExitStatus::Done,
    }
}

fn no_json() -> anyhow::Error {
    WrongUse("keys are never printed as JSON; choose a file with --to".into()).into()
}

fn listed(value: &Value, ring: &str) -> String {
    let keys = list(value, "keys");
    if keys.is_empty() {
        return format!("No keys in the key ring {ring}.\n");
    }
    let width = keys.iter().map(|key| string(key, "label").chars().count()).max().unwrap_or(0);
    let lines =
        keys.iter().map(|key| format!("  {:width$}  {}\n", string(key, "label"), string(key, "created")));
    format!("Keys in {ring}:\n{}", lines.collect::<String>())
}
