//! The commands that read a backup to its end: is it good, and taking things out of it.

use std::ffi::OsStr;

use serde_json::{Value, json};

use super::args::{Extract, Global, Read};
use super::commands::{call, merge, openable, status};
use super::{Answer, Status, automations, text};
use crate::assemble::Setting;

pub(super) fn verify(mut setting: Setting, global: &Global, read: &Read) -> anyhow::Result<Answer> {
    let data = openable(&mut setting, global, read)?;
    let json = call(&mut setting.reader()?, global, "backup.verify", data)?;
    let is_restorable = text::flag(&json, "restorable");
    if is_restorable && setting.file.is_none() {
        remember_verified(&setting, global, &json);
    }
    let status = if is_restorable { status(&json, &["missing", "skipped"]) } else { Status::Partly };
    Ok(Answer { text: text::verified(&json), status, json })
}

/// Has what was found out remembered, for retention: by a running service, or here, if nobody else is at work. Reading a backup to
/// its end takes long, and keeps nobody waiting.
fn remember_verified(setting: &Setting, global: &Global, verified: &Value) {
    let action = "backup.remember_verified";
    let data = json!({
        "backup_id": text::word(verified, "backup_id"),
        "size": text::number(verified, "size"),
    });
    let request = json!({"action": action, "data": data});
    let remembered = automations::asked(setting, "call", request).and_then(|answer| match answer {
        Some(_) => Ok(()),
        None => call(&mut setting.writer("verify")?, global, action, data).map(drop),
    });
    if let Err(error) = remembered {
        let advice = "verify it once more before you rely on retention";
        eprintln!(
            "{}",
            text::plain(&format!("It could not be remembered that it is good: {error:#}; {advice}"), "")
        );
    }
}

pub(super) fn extract(mut setting: Setting, global: &Global, extract: &Extract) -> anyhow::Result<Answer> {
    let mut data = openable(&mut setting, global, &extract.read)?;
    setting.target = Some(extract.to.clone());
    setting.keep_setuid = extract.trust.keep_setuid;
    let paths: Value = extract.paths.iter().map(|path| path_of(path)).collect();
    merge(&mut data, json!({"paths": paths, "keep_going": extract.keep_going}));
    if let Some(part) = &extract.part {
        merge(&mut data, json!({"part": part}));
    }
    let json = call(&mut setting.writer("extract")?, global, "backup.extract", data)?;
    let target = extract.to.display().to_string();
    let is_partly = json.get("damaged").is_some_and(Value::is_string);
    let status = if is_partly { Status::Partly } else { status(&json, &["skipped", "notes"]) };
    Ok(Answer { text: text::extracted(&json, &target), status, json })
}

/// A path as actions take it: bytes where it is not UTF-8.
fn path_of(path: &OsStr) -> Value {
    path.to_str().map_or_else(|| json!(path.as_encoded_bytes()), Into::into)
}
