//! Models of how Home Assistant 2026.11.0's agents list their backups: what they skip, and what makes them fail.
//!
//! Each is written after the agent's code. An agent that fails lists nothing of its location.

use std::collections::BTreeMap;

use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agent {
    AwsS3,
    CloudflareR2,
    IdriveE2,
    /// From HACS.
    S3Compatible,
    WebDav,
    B2,
    Sftp,
    OneDrive,
    Dropbox,
    Seafile,
    Synology,
}

/// An object in a location.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Object {
    Bytes(Vec<u8>),
    /// 403, or cold storage.
    Denied,
    /// Listed, but deleted since.
    Gone,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    Lists(Vec<Listed>),
    Fails,
}

/// A listed backup.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Listed {
    pub backup_id: String,
    pub size: u64,
    /// What the agent opens to download it.
    pub archive: String,
}

/// The exceptions that the agents tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Error {
    /// `JSONDecodeError`.
    Json,
    /// `UnicodeDecodeError`, which some agents do not expect.
    Unicode,
    Key,
    Type,
    Value,
    Denied,
    Gone,
}

pub(super) fn lister(agent: Agent, objects: &BTreeMap<String, Object>) -> Outcome {
    let suffix = match agent {
        Agent::Seafile | Agent::Synology => "_meta.json",
        _ => ".metadata.json",
    };
    let mut listed = Vec::new();
    for (name, object) in objects {
        let Some(base) = name.strip_suffix(suffix) else { continue };
        // These look for the archive first.
        let beside = format!("{base}.tar");
        let is_paired = matches!(agent, Agent::OneDrive | Agent::Dropbox | Agent::Seafile);
        if is_paired && !objects.contains_key(&beside) {
            continue;
        }
        match one(agent, base, object, objects) {
            Ok(one) => listed.extend(one),
            Err(error) if skips(agent, error) => {}
            Err(_) => return Outcome::Fails,
        }
    }
    Outcome::Lists(listed)
}

/// Reads one record. `None`: skipped for a reason of its own.
fn one(
    agent: Agent,
    base: &str,
    object: &Object,
    objects: &BTreeMap<String, Object>,
) -> Result<Option<Listed>, Error> {
    let document = match object {
        Object::Bytes(bytes) => parse(agent, bytes)?,
        Object::Denied => return Err(Error::Denied),
        Object::Gone => return Err(Error::Gone),
    };
    let (record, archive, size) = match agent {
        Agent::B2 => {
            let outer = document.as_object().ok_or(Error::Json)?;
            let keys = ["metadata_version", "backup_id", "backup_metadata"];
            if keys.iter().any(|key| !outer.contains_key(*key)) {
                return Ok(None);
            }
            let is_archive = |name: &&String| name.starts_with(base) && name.ends_with(".tar");
            let Some(archive) = objects.keys().find(is_archive) else { return Ok(None) };
            let Some(Object::Bytes(bytes)) = objects.get(archive) else { return Ok(None) };
            (&outer["backup_metadata"], archive.clone(), Some(bytes.len() as u64))
        }
        Agent::Sftp => {
            // Keyword arguments of a dataclass: exactly these.
            let outer = document.as_object().ok_or(Error::Type)?;
            let (Some(path), Some(record), 2) = (outer.get("file_path"), outer.get("metadata"), outer.len())
            else {
                return Err(Error::Type);
            };
            (record, path.as_str().unwrap().to_owned(), None)
        }
        Agent::Seafile => (&document, format!("{base}.tar"), None),
        Agent::Synology => (&document, format!("{}.tar", base.replace("_meta.json", "")), None),
        _ => (&document, String::new(), None),
    };
    let (backup_id, computed, recorded) = from_dict(record, size)?;
    let archive = if archive.is_empty() { computed } else { archive };
    Ok(Some(Listed { backup_id, size: size.unwrap_or(recorded), archive }))
}

fn parse(agent: Agent, bytes: &[u8]) -> Result<Value, Error> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(match agent {
            // orjson's own error.
            Agent::WebDav | Agent::Seafile | Agent::Synology | Agent::OneDrive => Error::Json,
            _ => Error::Unicode,
        });
    };
    serde_json::from_str(text).map_err(|_| Error::Json)
}

/// `AgentBackup.from_dict`: id, the computed file name, and size.
fn from_dict(record: &Value, size: Option<u64>) -> Result<(String, String, u64), Error> {
    let all = record.as_object().ok_or(Error::Type)?;
    let get = |key: &str| all.get(key).ok_or(Error::Key);
    for addon in get("addons")?.as_array().ok_or(Error::Type)? {
        let addon = addon.as_object().ok_or(Error::Type)?;
        if addon.len() != 3 || ["name", "slug", "version"].iter().any(|key| !addon.contains_key(*key)) {
            return Err(Error::Type);
        }
    }
    for key in ["backup_id", "date", "database_included", "extra_metadata"] {
        get(key)?;
    }
    for folder in get("folders")?.as_array().ok_or(Error::Type)? {
        if !["share", "addons/local", "ssl", "media"].iter().any(|known| folder == known) {
            return Err(Error::Value);
        }
    }
    for key in ["homeassistant_included", "homeassistant_version", "name", "protected"] {
        get(key)?;
    }
    let recorded = if size.is_some() { 0 } else { get("size")?.as_u64().unwrap() };
    let text = |key: &str| all[key].as_str().unwrap().to_owned();
    let computed = crate::archive::file_name(&text("name"), &text("date")).unwrap_or_default();
    Ok((text("backup_id"), computed, recorded))
}

/// Whether the agent catches the error for each record, and goes on.
fn skips(agent: Agent, error: Error) -> bool {
    use Error::{Denied, Gone, Json, Key, Type, Unicode, Value};
    match agent {
        Agent::AwsS3 => matches!(error, Json | Key | Type | Value),
        Agent::CloudflareR2 | Agent::IdriveE2 | Agent::S3Compatible => error == Json,
        Agent::WebDav | Agent::Dropbox => matches!(error, Json | Unicode | Key | Type | Value),
        // What fails before `from_dict`; `one` reports the outer keys.
        Agent::B2 => matches!(error, Json | Unicode | Denied | Gone),
        Agent::Sftp => matches!(error, Json | Type),
        Agent::OneDrive => matches!(error, Denied | Gone),
        Agent::Seafile => matches!(error, Json | Unicode | Key | Type | Value | Gone),
        Agent::Synology => matches!(error, Json | Unicode | Denied | Gone),
    }
}
