//! Invariants for arbitrary bytes read as the record of a backup, in every layout: nothing panics, what is read can be listed and
//! written again, and a bad record hides no good one. Shared by the fuzz target and tests on the stable compiler.

use std::collections::BTreeMap;

use larder_guest::archive::Manifest;
use larder_guest::layout::{Layout, Record, delete_order, is_record, names, pair, read_record, record_bytes};

const DATE: &str = "2026-11-23T15:40:28.994388+01:00";

/// Reads the bytes in each layout, alone and beside a good backup.
pub fn check(bytes: &[u8]) {
    for layout in Layout::ALL {
        for name in ["a.metadata.json", ".0badcafe.metadata.json", "a_meta.json"] {
            one(layout, name, bytes);
            beside(layout, name, bytes);
        }
    }
}

fn one(layout: Layout, name: &str, bytes: &[u8]) {
    match read_record(layout, name, bytes) {
        Err(reason) => assert!(reason.contains(name) && !reason.contains(char::is_control)),
        Ok(found) => {
            assert!(is_record(layout, name));
            assert!(!found.archive.contains('/') && found.archive.ends_with(".tar"));
            let manifest = found.record.to_manifest().unwrap();
            assert_eq!(manifest.slug(), found.record.backup_id);
            assert_eq!(manifest.date_text(), found.record.date);
            // What we would write of it reads the same again.
            let again = Record::new(&manifest, found.record.size, found.record.protected);
            let written = record_bytes(layout, &again, &found.archive, "/x");
            assert_eq!(read_record(layout, name, &written).unwrap().record, again);
        }
    }
}

fn beside(layout: Layout, name: &str, bytes: &[u8]) {
    let manifest = Manifest::new("900d900d", "Good", DATE, "2026.11.0", true, Default::default()).unwrap();
    let good = Record::new(&manifest, 9, false);
    let own = names(layout, &good.name, &good.date, &good.backup_id).unwrap();
    let Some(record) = own.record else { return };
    let content = record_bytes(layout, &good, &own.archive, "/x");
    let objects =
        [(own.archive.clone(), 9), (record.clone(), 1), (name.to_owned(), 1), ("a.tar".to_owned(), 1)];
    let records = BTreeMap::from([(record.clone(), Ok(content)), (name.to_owned(), Ok(bytes.to_vec()))]);
    let paired = pair(layout, &objects, &records);
    let is_good =
        |backup: &&larder_guest::layout::PairedBackup| backup.names.record.as_ref() == Some(&record);
    let listed = paired.backups.iter().find(is_good).unwrap();
    assert_eq!(delete_order(listed).last(), Some(&own.archive));
}
