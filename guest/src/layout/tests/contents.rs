//! Names and contents of records, byte for byte as Home Assistant 2026.11.0 wrote them, in both directions.
//!
//! `fixtures/recorded.json`: what its agents stored in S3 and over WebDAV. `fixtures/made.json`: what its functions make for all layouts.

use proptest::prelude::*;

use super::strategies::{recorded_layout, records};
use super::*;

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

fn all(fixture: &str) -> Vec<Value> {
    json(fixture).as_array().unwrap().clone()
}

#[test]
fn records_of_real_backups_equal_those_that_home_assistant_stored() {
    for stored in all(include_str!("fixtures/recorded.json")) {
        let layout = Layout::parse(text(&stored, "layout")).unwrap();
        let manifest = Manifest::parse(stored["backup.json"].to_string().as_bytes()).unwrap();
        let size = stored["archive_size"].as_u64().unwrap();
        let record = Record::new(&manifest, size, manifest.protected());

        let names = named(layout, &record);
        assert_eq!(names.archive, text(&stored, "archive"));
        let name = names.record.unwrap();
        assert_eq!(name, text(&stored, "record"));
        let bytes = record_bytes(layout, &record, &names.archive, FOLDER);
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), text(&stored, "content"));

        let found = read_record(layout, &name, &bytes).unwrap();
        assert_eq!(found, FoundRecord { record, archive: names.archive, size: Some(size) });
        let mut described = stored["backup.json"].clone();
        described["addons"] = json("[]");
        described["folders"] = json("[]");
        assert_eq!(json(&found.record.to_manifest().unwrap().to_json()), described);
    }
}

#[test]
fn every_layout_has_the_names_and_contents_of_its_agent_in_both_directions() {
    for made in all(include_str!("fixtures/made.json")) {
        let archive = text(&made, "archive");
        let objects = |layout: Layout| {
            (made[layout.name()][0].as_str().unwrap(), made[layout.name()][1].as_str().unwrap())
        };
        let (name, bytes) = objects(Layout::S3);
        let record = read_record(Layout::S3, name, bytes.as_bytes()).unwrap().record;
        for layout in RECORDED {
            let (name, bytes) = objects(layout);
            let names = named(layout, &record);
            assert_eq!(
                (names.archive.as_str(), names.record.as_deref()),
                (archive, Some(name)),
                "{layout:?}"
            );
            let written = record_bytes(layout, &record, archive, FOLDER);
            assert_eq!(String::from_utf8(written).unwrap(), bytes, "{layout:?}");
            let found = read_record(layout, name, bytes.as_bytes()).unwrap();
            // Backblaze's agent takes the archive's size.
            let size = (layout != Layout::B2).then_some(record.size);
            let archive = archive.to_owned();
            assert_eq!(found, FoundRecord { record: record.clone(), archive, size }, "{layout:?}");
        }
        assert_eq!(named(Layout::Local, &record), Names { archive: archive.to_owned(), record: None });
        assert!(record_bytes(Layout::Local, &record, archive, FOLDER).is_empty());
    }
}

#[test]
fn facts_of_ours_stand_inside_the_record_and_change_nothing_else() {
    let digest = "0123456789abcdef".repeat(4);
    for layout in RECORDED {
        let plain = record("0badcafe", "Facts");
        let ours = plain.clone().with_digest(&digest);
        let (name, bytes) = written(layout, &ours);
        let text = String::from_utf8(bytes.clone()).unwrap();
        let inner = format!(r#""larder":{{"sha256":"{digest}"}}}}"#);
        assert!(text.replace(": ", ":").contains(&inner), "{layout:?}: {text}");
        let found = read_record(layout, &name, &bytes).unwrap();
        assert_eq!((found.record.digest(), found.size), (Some(digest.as_str()), Some(9)));
        assert_eq!(Record { larder: Default::default(), ..found.record }, plain);
        let outer = serde_json::from_str::<Value>(&text).unwrap();
        assert_eq!(
            layout == Layout::Sftp,
            outer.as_object().unwrap().len() == 2,
            "SFTP's record has two keys"
        );
    }
    assert_eq!(record("0badcafe", "x").with_digest("ABC").digest(), None);
}

#[test]
fn a_record_leaves_out_what_makes_home_assistant_fail() {
    let manifest = json(
        r#"{"slug": "0badcafe", "name": "Much", "date": "2026-11-23T15:40:28.994388+01:00",
            "homeassistant": {"version": "2026.11.0", "exclude_database": true},
            "addons": [{"name": "A", "slug": "a", "version": "1", "size": 3.5, "more": []}],
            "folders": ["homeassistant", "share", "addons/local", "../etc", "ssl", "media"],
            "extra": {"b": true, "a": "x", "deep": {"x": []}, "number": 1, "none": null,
                      "supervisor.backup_request_date": "2026-11-22T00:00:00+00:00"}}"#,
    );
    let record = Record::new(&Manifest::parse(manifest.to_string().as_bytes()).unwrap(), 9, true);
    let (_, bytes) = written(Layout::WebDav, &record);
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        concat!(
            r#"{"addons":[{"name":"A","slug":"a","version":"1"}],"backup_id":"0badcafe","#,
            r#""date":"2026-11-22T00:00:00+00:00","database_included":false,"#,
            r#""extra_metadata":{"a":"x","b":true,"supervisor.backup_request_date":"2026-11-22T00:00:00+00:00"},"#,
            r#""folders":["share","addons/local","ssl","media"],"homeassistant_included":true,"#,
            r#""homeassistant_version":"2026.11.0","name":"Much","protected":true,"size":9}"#
        )
    );
}

proptest! {
    #[test]
    fn a_record_that_was_written_reads_the_same(layout in recorded_layout(), record in records()) {
        let names = named(layout, &record);
        let name = names.record.unwrap();
        let bytes = record_bytes(layout, &record, &names.archive, FOLDER);
        prop_assert!(is_record(layout, &name) && !is_archive(layout, &name));
        prop_assert!(is_archive(layout, &names.archive) && !is_record(layout, &names.archive));
        let found = read_record(layout, &name, &bytes).unwrap();
        prop_assert_eq!(found.archive, names.archive);
        let is_sized = layout != Layout::B2 || record.digest().is_some();
        prop_assert_eq!(found.size, is_sized.then_some(record.size));
        prop_assert_eq!(&found.record, &record);
        if layout == Layout::S3 {
            prop_assert!(bytes.is_ascii());
        }
    }

    #[test]
    fn a_manifest_from_a_record_makes_the_same_record(record in records()) {
        let manifest = record.to_manifest().unwrap();
        prop_assert_eq!(manifest.protected(), record.protected);
        let mut again = Record::new(&manifest, record.size, record.protected);
        again.larder = record.larder.clone();
        // A manifest has a text for each name and version.
        let mut record = record;
        for addon in &mut record.addons {
            addon.name.get_or_insert_with(|| addon.slug.clone());
            addon.version.get_or_insert_default();
        }
        prop_assert_eq!(again, record);
    }
}
