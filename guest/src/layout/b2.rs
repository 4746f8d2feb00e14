//! Records of Backblaze's agent: the document inside another one, whose three keys are all required.

use serde::Serialize;
use serde_json::Value;

use super::record::Record;
use super::{fields, json};

#[derive(Serialize)]
struct Outer<'a> {
    metadata_version: &'a str,
    backup_id: &'a str,
    backup_metadata: &'a Record,
}

pub(super) fn write(record: &Record) -> Vec<u8> {
    json::python(&Outer { metadata_version: "1", backup_id: &record.backup_id, backup_metadata: record })
}

/// The agent takes the size from the archive: a record need not have one.
pub(super) fn read(bytes: &[u8]) -> Result<Record, String> {
    let outer = json::parse(bytes)?;
    let get = |key: &str| outer.get(key).ok_or_else(|| format!("the key `{key}` is missing"));
    get("metadata_version")?;
    get("backup_id")?;
    let record: &Value = get("backup_metadata")?;
    fields::read(record, Some(0)).map_err(|problem| format!("in `backup_metadata`: {problem}"))
}
