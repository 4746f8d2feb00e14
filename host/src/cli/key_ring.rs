//! Adding, finding and changing keys in the user's key ring.
//!
//! `ring_file` reads and writes the file. Only the plugin knows its contents.

use serde_json::{Map, Value, json};

use super::global::Global;
use super::request::call;
use super::ring_file::Ring;
use super::text::note_section;
use crate::assemble::HostSetup;
use crate::process::terminal::printable;

/// A key that was added, or was already there.
pub(super) struct Added {
    pub(super) label: String,
    /// False if the key was already in the key ring.
    pub(super) is_new: bool,
    /// Warnings about the key, as text to print.
    pub(super) warnings: String,
    /// The key ring's file.
    pub(super) path: String,
}

impl Added {
    pub(super) fn sentence(&self) -> String {
        let (label, path) = (printable(&self.label, ""), printable(&self.path, ""));
        match self.is_new {
            true => format!("The password was added to the key ring {path} with the label \"{label}\".\n"),
            false => {
                format!("The password is already in the key ring {path} with the label \"{label}\".\n")
            }
        }
    }
}

/// Adds a key to the key ring. With `unique`, the label may be changed to a free one, and a key that is already there is not added
/// again.
pub(super) fn add(
    setup: &HostSetup,
    global: &Global,
    label: &str,
    key: &str,
    unique: bool,
) -> anyhow::Result<Added> {
    let request = json!({"label": label, "password": key, "unique": unique});
    let (ring, answer) = change(setup, global, "backup.add_key", request)?;
    let label = answer.get("label").and_then(Value::as_str).unwrap_or(label).to_owned();
    let is_new = answer.get("added") != Some(&Value::Bool(false));
    Ok(Added {
        label,
        is_new,
        warnings: note_section(&answer, "warnings"),
        path: ring.path.display().to_string(),
    })
}

/// Replaces the key ring's text with what an action makes of it. Returns the key ring and the action's answer.
pub(super) fn change(
    setup: &HostSetup,
    global: &Global,
    action: &str,
    mut request: Value,
) -> anyhow::Result<(Ring, Value)> {
    let ring = Ring::find(global)?;
    let mut answer = Value::Null;
    ring.change(|before| {
        if let Some(fields) = request.as_object_mut() {
            fields.insert("key_ring".into(), before.into());
        }
        answer = call(&mut setup.reader()?, global, action, request)?;
        let text = answer.as_object_mut().and_then(|fields| fields.remove("key_ring"));
        Ok(text.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned())
    })?;
    Ok((ring, answer))
}

/// The key with a label.
pub(super) fn key(setup: &HostSetup, global: &Global, label: &str) -> anyhow::Result<String> {
    let ring = Ring::find(global)?.read()?;
    let data = Map::from_iter([("key_ring".to_owned(), ring.into()), ("label".to_owned(), label.into())]);
    let answer = call(&mut setup.reader()?, global, "backup.show_key", data.into())?;
    Ok(answer.get("key").and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// Adds the password of the automatic settings to the key ring, so that their backups can be opened by hand. Returns a message and
/// whether it worked. The settings are in force either way.
pub(super) fn remember(setup: &HostSetup, global: &Global, label: &str, password: &str) -> (String, bool) {
    match add(setup, global, label, password, true) {
        Ok(added) => (added.sentence(), true),
        Err(error) => {
            let error = printable(&format!("{error:#}"), "");
            (format!("Note:\n  the password could not be added to the key ring: {error}\n"), false)
        }
    }
}
