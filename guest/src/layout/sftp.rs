//! Records of the SFTP agent: the document beside the archive's path. A third key would make the agent skip the record.

use serde::Serialize;

use super::names::TAR;
use super::record::Record;
use super::{fields, json};
use crate::archive::shown;

#[derive(Serialize)]
struct Outer<'a> {
    file_path: String,
    metadata: &'a Record,
}

/// `folder` is the location's path as Home Assistant's login sees it: the agent opens `file_path` as it is written.
pub(super) fn write(record: &Record, archive: &str, folder: &str) -> Vec<u8> {
    let file_path = format!("{}/{archive}", folder.trim_end_matches('/'));
    json::python(&Outer { file_path, metadata: record })
}

/// The record, and the archive's name in the location's folder.
pub(super) fn read(bytes: &[u8]) -> Result<(Record, String), String> {
    let outer = json::parse(bytes)?;
    let get = |key: &str| outer.get(key).ok_or_else(|| format!("the key `{key}` is missing"));
    let path = get("file_path")?.as_str().ok_or("its `file_path` is not a text")?;
    let archive = archive(path).ok_or_else(|| {
        format!("its `file_path` is not the path of an archive: `{}`", shown(path.as_bytes()))
    })?;
    let record =
        fields::read(get("metadata")?, None).map_err(|problem| format!("in `metadata`: {problem}"))?;
    Ok((record, archive.to_owned()))
}

/// The last component. The folders before it are as another login sees them, so they cannot be compared with ours.
fn archive(path: &str) -> Option<&str> {
    let is_unsafe = path.contains(char::is_control) || path.split('/').any(|part| part == "..");
    let name = path.rsplit('/').next().filter(|name| name.ends_with(TAR) && *name != TAR)?;
    (!is_unsafe).then_some(name)
}
