//! Tests of the layouts, with shared helpers. This file contains no rule.
//!
//! * `contents` and `rules` hold the tables of names and records against what Home Assistant 2026.11.0 wrote.
//! * `listers` models how its agents list; `survival` checks the models, and `cuts` shows that nothing of ours makes one fail.
//! * `pairs` sorts listings out, and `hostile` gives both readers arbitrary bytes.

mod contents;
mod cuts;
mod hostile;
mod listers;
mod pairs;
mod rules;
mod strategies;
mod survival;

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::archive::Manifest;

/// All layouts with records.
const RECORDED: [Layout; 6] =
    [Layout::S3, Layout::WebDav, Layout::B2, Layout::Sftp, Layout::Synology, Layout::Seafile];
const FOLDER: &str = "/backups/ha";
const DATE: &str = "2026-11-23T15:40:28.994388+01:00";
const END: &str = "2026-11-23_15.40_28994388";

/// A record of 9 bytes of archive.
fn record(backup_id: &str, name: &str) -> Record {
    let manifest = Manifest::new(backup_id, name, DATE, "2026.11.0", true, Default::default()).unwrap();
    Record::new(&manifest, 9, false)
}

fn named(layout: Layout, record: &Record) -> Names {
    names(layout, &record.name, &record.date, &record.backup_id).unwrap()
}

/// The name and the bytes of the record as we write it.
fn written(layout: Layout, record: &Record) -> (String, Vec<u8>) {
    let names = named(layout, record);
    (names.record.unwrap(), record_bytes(layout, record, &names.archive, FOLDER))
}

/// Pairs a listing whose records are all readable.
fn paired(layout: Layout, objects: &BTreeMap<String, Vec<u8>>) -> Paired {
    let listing: Vec<_> = objects.iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64)).collect();
    let records = objects.iter().filter(|(name, _)| is_record(layout, name));
    pair(layout, &listing, &records.map(|(name, bytes)| (name.clone(), Ok(bytes.clone()))).collect())
}

fn ids(paired: &Paired) -> Vec<&str> {
    paired.backups.iter().map(|backup| backup.record.backup_id.as_str()).collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
