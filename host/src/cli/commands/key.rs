//! `larder key`: new keys, the key ring, the emergency kit. A key is shown where a person asks for it, never in JSON.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::assemble::Setting;
use crate::cli::args::Global;
use crate::cli::confirm::confirm;
use crate::cli::key_ring;
use crate::cli::request::call;
use crate::cli::secrets;
use crate::cli::secrets::{Password, Ring};
use crate::cli::text::{list, word};
use crate::cli::{Answer, Status, WrongUse};

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Makes a new key: shows it, or puts it into a file or the key ring
    New(KeyNew),
    /// Puts a key that exists into the key ring
    Add(KeyAdd),
    /// Lists the labels in the key ring
    List,
    /// Shows a key of the key ring, on a terminal or in a file
    Show(KeyShow),
    /// Gives a key of the key ring another label
    Rename(KeyRename),
    /// Removes a key from the key ring
    Remove(KeyRemove),
    /// Writes the sheet to print: the key, what it is for, how to restore with it
    Kit(KeyKit),
}

#[derive(Debug, Args)]
pub struct KeyNew {
    /// Writes it to a new file that only you can read
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Puts it into the key ring under this label
    #[arg(long)]
    pub label: Option<String>,
}

#[derive(Debug, Args)]
pub struct KeyAdd {
    /// What you call it
    #[arg(long)]
    pub label: String,
    #[command(flatten)]
    pub password: Password,
}

#[derive(Debug, Args)]
pub struct KeyShow {
    /// What you call it
    pub label: String,
    /// Writes it to a new file that only you can read
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct KeyRename {
    /// What you call it
    pub label: String,
    /// What to call it from now on
    pub new: String,
}

#[derive(Debug, Args)]
pub struct KeyRemove {
    /// What you call it
    pub label: String,
    /// Does not ask
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct KeyKit {
    /// Writes it to a new file that only you can read
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    #[command(flatten)]
    pub password: Password,
}

pub(crate) fn run(setting: &Setting, global: &Global, key: &Key) -> anyhow::Result<Answer> {
    match key {
        Key::New(new) => make(setting, global, new),
        Key::Add(add) => self::add(setting, global, add),
        Key::List => labels(setting, global),
        Key::Show(show) => self::show(setting, global, show),
        Key::Rename(rename) => self::rename(setting, global, rename),
        Key::Remove(remove) => self::remove(setting, global, remove),
        Key::Kit(kit) => self::kit(setting, global, kit),
    }
}

fn make(setting: &Setting, global: &Global, new: &KeyNew) -> anyhow::Result<Answer> {
    if global.json && new.to.is_none() && new.label.is_none() {
        return Err(keyless());
    }
    let answer = call(&mut setting.reader()?, global, "backup.new_key", json!({}))?;
    let key = answer.get("key").and_then(Value::as_str).unwrap_or_default();
    let mut said = String::new();
    let mut json = Map::new();
    if let Some(to) = &new.to {
        secrets::write_new(to, &format!("{key}\n"))?;
        said += &format!("The key is in {}, for you alone to read.\n", to.display());
        json.insert("file".into(), to.display().to_string().into());
    }
    if let Some(label) = &new.label {
        let added = key_ring::add(setting, global, label, key, false)?;
        said += &format!("The key {label:?} is in the key ring {}.\n", added.path);
        json.insert("label".into(), label.clone().into());
        json.insert("key_ring".into(), added.path.into());
    }
    if said.is_empty() {
        said = format!("{key}\n");
    } else {
        said +=
            "Without it nobody can read what it protects: print its emergency kit with `larder key kit`.\n";
    }
    Ok(Answer { json: json.into(), text: said, status: Status::Done })
}

fn add(setting: &Setting, global: &Global, add: &KeyAdd) -> anyhow::Result<Answer> {
    let mut given = secrets::given(global, &add.password)?;
    let key = match given.remove("password") {
        Some(Value::String(key)) => key,
        _ if secrets::can_ask() => secrets::asked("Key: ")?,
        _ => {
            return Err(
                WrongUse("which key? Give it with --password-file or in LARDER_PASSWORD".into()).into()
            );
        }
    };
    let added = key_ring::add(setting, global, &add.label, &key, false)?;
    let (label, path) = (&add.label, &added.path);
    Ok(Answer {
        text: format!("The key {label:?} is in the key ring {path}.\n{}", added.doubts),
        json: json!({"label": label, "key_ring": path}),
        status: Status::Done,
    })
}

fn remove(setting: &Setting, global: &Global, remove: &KeyRemove) -> anyhow::Result<Answer> {
    let label = &remove.label;
    let warning = "What it protects can then only be opened by whoever has it elsewhere.";
    if !remove.yes {
        if !secrets::can_ask() {
            return Err(WrongUse("nobody can be asked whether that is meant; add --yes".into()).into());
        }
        confirm(&format!("{warning} Remove the key {label:?} from the key ring?"))?;
    }
    let (ring, _) = key_ring::change(setting, global, "backup.remove_key", json!({"label": label}))?;
    let path = ring.path.display().to_string();
    Ok(Answer {
        text: format!("The key {label:?} is not in the key ring {path} any more.\n"),
        json: json!({"label": label, "key_ring": path}),
        status: Status::Done,
    })
}

fn rename(setting: &Setting, global: &Global, rename: &KeyRename) -> anyhow::Result<Answer> {
    let (label, new) = (&rename.label, &rename.new);
    let request = json!({"label": label, "new_label": new});
    let (ring, _) = key_ring::change(setting, global, "backup.rename_key", request)?;
    let path = ring.path.display().to_string();
    Ok(Answer {
        text: format!("The key {label:?} in the key ring {path} is called {new:?} now.\n"),
        json: json!({"label": new, "key_ring": path}),
        status: Status::Done,
    })
}

/// A key is shown to somebody, or written for the owner of a file.
fn show(setting: &Setting, global: &Global, show: &KeyShow) -> anyhow::Result<Answer> {
    if show.to.is_none() && (global.json || !std::io::stdout().is_terminal()) {
        return Err(WrongUse("a key is shown on a terminal only; name a file for it with --to".into()).into());
    }
    let key = key_ring::key(setting, global, &show.label)?;
    let Some(to) = &show.to else {
        return Ok(Answer { json: json!({}), text: format!("{key}\n"), status: Status::Done });
    };
    secrets::write_new(to, &format!("{key}\n"))?;
    Ok(Answer {
        text: format!("The key is in {}, for you alone to read.\n", to.display()),
        json: json!({"file": to.display().to_string()}),
        status: Status::Done,
    })
}

fn labels(setting: &Setting, global: &Global) -> anyhow::Result<Answer> {
    let ring = Ring::find(global)?;
    let before = if ring.path.exists() || global.key_ring.is_some() { ring.read()? } else { String::new() };
    // Moved, not copied as `json!` would: nothing of it stays here.
    let data = Map::from_iter([("key_ring".to_owned(), before.into())]);
    let mut json = call(&mut setting.reader()?, global, "backup.keys", data.into())?;
    let text = listed(&json, &ring.path.display().to_string());
    if let Some(fields) = json.as_object_mut() {
        fields.insert("key_ring".into(), ring.path.display().to_string().into());
    }
    Ok(Answer { text, json, status: Status::Done })
}

fn kit(setting: &Setting, global: &Global, kit: &KeyKit) -> anyhow::Result<Answer> {
    if global.json && kit.to.is_none() {
        return Err(keyless());
    }
    let mut data = secrets::given(global, &kit.password)?;
    if data.is_empty() {
        match secrets::can_ask() {
            true => data.insert("password".into(), secrets::asked("Key: ")?.into()),
            false => {
                return Err(WrongUse(
                    "which key? Name one of the key ring with --key, or give it with --password-file".into(),
                )
                .into());
            }
        };
    }
    let answer = call(&mut setting.reader()?, global, "backup.emergency_kit", data.into())?;
    let sheet = answer.get("text").and_then(Value::as_str).unwrap_or_default();
    match &kit.to {
        Some(to) => {
            secrets::write_new(to, sheet)?;
            Ok(written(to))
        }
        None => Ok(Answer { json: json!({}), text: sheet.to_owned(), status: Status::Done }),
    }
}

fn written(to: &Path) -> Answer {
    let path = to.display().to_string();
    Answer {
        text: format!(
            "The emergency kit is in {path}. Print it and keep it away from the home's own computer.\n"
        ),
        json: json!({"file": path}),
        status: Status::Done,
    }
}

fn keyless() -> anyhow::Error {
    WrongUse("keys are never written as JSON: name a file with --to".into()).into()
}

fn listed(value: &Value, ring: &str) -> String {
    let keys = list(value, "keys");
    if keys.is_empty() {
        return format!("No keys in the key ring {ring}.\n");
    }
    let width = keys.iter().map(|key| word(key, "label").chars().count()).max().unwrap_or(0);
    let lines = keys.iter().map(|key| format!("  {:width$}  {}\n", word(key, "label"), word(key, "created")));
    format!("Keys in {ring}:\n{}", lines.collect::<String>())
}
