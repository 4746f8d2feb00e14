//! The key ring of the person who runs the command: keys come into it, out of it and under other labels.
//!
//! The file is `secrets.rs`'s business, what stands in it the plugin's.

use serde_json::{Map, Value, json};

use super::args::Global;
use super::request::call;
use super::secrets::Ring;
use super::text::{plain, told};
use crate::assemble::Setting;

/// A key in the ring.
pub(super) struct Added {
    pub(super) label: String,
    /// False when it was there already.
    pub(super) is_new: bool,
    /// What speaks against it, for people.
    pub(super) doubts: String,
    /// The ring's file.
    pub(super) path: String,
}

impl Added {
    pub(super) fn sentence(&self) -> String {
        let (label, path) = (plain(&self.label, ""), plain(&self.path, ""));
        match self.is_new {
            true => format!("The password is in the key ring {path}, under the label \"{label}\".\n"),
            false => {
                format!("The password is in the key ring {path} already, under the label \"{label}\".\n")
            }
        }
    }
}

/// Puts a key into the ring; `unique` when another label will do, and no key is to be there twice.
pub(super) fn add(
    setting: &Setting,
    global: &Global,
    label: &str,
    key: &str,
    unique: bool,
) -> anyhow::Result<Added> {
    let request = json!({"label": label, "password": key, "unique": unique});
    let (ring, answer) = change(setting, global, "backup.add_key", request)?;
    let label = answer.get("label").and_then(Value::as_str).unwrap_or(label).to_owned();
    let is_new = answer.get("added") != Some(&Value::Bool(false));
    Ok(Added { label, is_new, doubts: told(&answer, "warnings"), path: ring.path.display().to_string() })
}

/// Has an action make another text of the ring's; the ring and the answer.
pub(super) fn change(
    setting: &Setting,
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
        answer = call(&mut setting.reader()?, global, action, request)?;
        let text = answer.as_object_mut().and_then(|fields| fields.remove("key_ring"));
        Ok(text.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned())
    })?;
    Ok((ring, answer))
}

/// The key with that label.
pub(super) fn key(setting: &Setting, global: &Global, label: &str) -> anyhow::Result<String> {
    let ring = Ring::find(global)?.read()?;
    let data = Map::from_iter([("key_ring".to_owned(), ring.into()), ("label".to_owned(), label.into())]);
    let answer = call(&mut setting.reader()?, global, "backup.show_key", data.into())?;
    Ok(answer.get("key").and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// Puts the password of the automatic settings into the ring, so that their backups can be opened by hand. What is to be said; the
/// settings are in force whatever becomes of it. Whether it worked.
pub(super) fn remember(setting: &Setting, global: &Global, label: &str, password: &str) -> (String, bool) {
    match add(setting, global, label, password, true) {
        Ok(added) => (added.sentence(), true),
        Err(error) => {
            let error = plain(&format!("{error:#}"), "");
            (format!("Note:\n  the password could not be put into the key ring: {error}\n"), false)
        }
    }
}
