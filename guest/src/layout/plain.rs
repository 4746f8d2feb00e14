//! Records that are the document itself: S3, WebDAV, Synology and Seafile.

use super::kind::Layout;
use super::record::Record;
use super::{fields, json};

/// S3's agents write with Python's `json`, the others with orjson.
pub(super) fn write(layout: Layout, record: &Record) -> Vec<u8> {
    if layout == Layout::S3 { json::python(record) } else { json::compact(record) }
}

pub(super) fn read(bytes: &[u8]) -> Result<Record, String> {
    fields::read(&json::parse(bytes)?, None)
}
