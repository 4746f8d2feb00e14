//! Single rules: names of layouts, which names are records and archives, and which backups cannot be stored.

use super::*;

#[test]
fn a_layout_is_known_by_its_name() {
    for layout in Layout::ALL {
        assert_eq!(Layout::parse(layout.name()), Some(layout));
    }
    assert_eq!(Layout::parse("s3"), Some(Layout::S3));
    for unknown in ["", "S3", "aws_s3", "nfs"] {
        assert_eq!(Layout::parse(unknown), None);
    }
}

#[test]
fn names_follow_the_table_of_home_assistants_agents() {
    for (layout, record) in [
        (Layout::Local, None),
        (Layout::S3, Some(format!("My_backup_{END}.metadata.json"))),
        (Layout::WebDav, Some(format!("My_backup_{END}.metadata.json"))),
        (Layout::B2, Some(format!("My_backup_{END}.metadata.json"))),
        (Layout::Sftp, Some(".0badcafe.metadata.json".to_owned())),
        (Layout::Synology, Some(format!("My_backup_{END}_meta.json"))),
        (Layout::Seafile, Some(format!("My_backup_{END}_meta.json"))),
    ] {
        let archive = format!("My_backup_{END}.tar");
        // The second name has what only Python takes for white space.
        for name in ["My backup", " My\u{1c}\u{1f} \tbackup\u{3000}"] {
            let expected = Names { archive: archive.clone(), record: record.clone() };
            assert_eq!(names(layout, name, DATE, "0badcafe"), Ok(expected), "{layout:?}");
        }
    }
}

#[test]
fn names_that_break_a_location_are_refused_with_what_to_do() {
    let long = "x".repeat(255 - END.len() - ".tar".len() - 1);
    for (layout, name, id, expected) in [
        (Layout::S3, "a/b", "1", "choose a name without `/`"),
        (Layout::S3, ".a", "1", "would be hidden; choose a name that does not start with a dot"),
        (Layout::S3, &*long, "1", "has more than 255 bytes; choose a shorter name"),
        (Layout::WebDav, "a\u{1}", "1", "has control characters; choose a name without them"),
        (Layout::WebDav, "a\u{ffff}", "1", "has control characters; choose a name without them"),
        (Layout::Sftp, "a", "../1", "choose a name and an id without `/`"),
        (Layout::Sftp, "a", "1\n", "has control characters; choose a name without them"),
        (Layout::Synology, "a_meta.json", "1", "whose name contains `_meta.json`; choose another name"),
    ] {
        let error = names(layout, name, DATE, id).unwrap_err();
        assert!(error.contains(expected), "{layout:?} {name}: {error}");
    }
    assert!(
        names(Layout::S3, "a", "yesterday", "1").unwrap_err().contains("is not a date with a UTC offset")
    );
    assert!(names(Layout::Local, &long, DATE, "1").is_ok());
    assert!(names(Layout::Sftp, &long, DATE, "1").is_ok());
    assert!(names(Layout::Seafile, "a_meta.json", DATE, "1").is_ok());
}

#[test]
fn objects_are_told_apart_by_their_names() {
    let archive = format!("a_{END}.tar");
    let below = format!("folder/a_{END}.tar");
    let (hidden, part) = (format!(".a_{END}.tar"), format!("a_{END}.tar.part"));
    // Name; layouts in which it is a record; layouts in which it is an archive.
    let all = Layout::ALL.as_slice();
    let metadata = [Layout::S3, Layout::WebDav, Layout::B2, Layout::Sftp].as_slice();
    let meta = [Layout::Synology, Layout::Seafile].as_slice();
    let (local, s3) = ([Layout::Local].as_slice(), [Layout::S3].as_slice());
    let cases: [(&str, &[Layout], &[Layout]); 17] = [
        (&archive, &[], all),
        ("0badcafe.tar", &[], all),
        ("0badcaf.tar", &[], local),
        (&*format!("{END}.tar"), &[], all),
        (&*format!("a{END}.tar"), &[], local),
        ("photos.tar", &[], local),
        ("b_2026-11-23_15.40_2899438x.tar", &[], local),
        (&below, &[], &[]),
        (&hidden, &[], &[]),
        (&part, &[], &[]),
        (".tar", &[], &[]),
        ("whatever name.metadata.json", metadata, &[]),
        (".0badcafe.metadata.json", metadata, &[]),
        ("folder/x.metadata.json", s3, &[]),
        ("x_meta.json", meta, &[]),
        (".larder-0123456789abcdef.part", &[], &[]),
        ("x.metadata.json.gz", &[], &[]),
    ];
    for (name, records, archives) in cases {
        for layout in Layout::ALL {
            assert_eq!(is_record(layout, name), records.contains(&layout), "{layout:?} {name}");
            assert_eq!(is_archive(layout, name), archives.contains(&layout), "{layout:?} {name}");
        }
    }
}

#[test]
fn the_path_in_an_sftp_record_is_the_one_that_home_assistant_sees() {
    for (folder, path) in [
        ("/backups/ha", "/backups/ha/a.tar"),
        ("/backups/ha/", "/backups/ha/a.tar"),
        ("/", "/a.tar"),
        ("backups", "backups/a.tar"),
    ] {
        let bytes = record_bytes(Layout::Sftp, &record("0badcafe", "a"), "a.tar", folder);
        let outer: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(outer["file_path"], path);
    }
}

/// A record of which one key, at a JSON pointer, has another value. `None` removes it.
fn changed(layout: Layout, pointer: &str, value: Option<Value>) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(&written(layout, &record("0badcafe", "a")).1).unwrap();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => parent.insert(key.to_owned(), value),
        None => parent.remove(key),
    };
    document.to_string().into_bytes()
}

#[test]
fn a_record_that_cannot_be_used_is_named_with_what_is_wrong() {
    let text = |length: usize| Some(Value::from("x".repeat(length)));
    let some = |value: &str| Some(json(value));
    for (layout, pointer, value, expected) in [
        (Layout::S3, "/addons", None, "the key `addons` is missing"),
        (Layout::S3, "/addons", some("{}"), "its `addons` has a wrong type"),
        (Layout::S3, "/addons", some(r#"[{"name": "a"}]"#), "its `addons` has a wrong type"),
        (Layout::S3, "/backup_id", some("7"), "its `backup_id` has a wrong type"),
        (Layout::S3, "/backup_id", some("\"\""), "its `backup_id` is empty or has control characters"),
        (
            Layout::S3,
            "/backup_id",
            some("\"a\\u001b[2J\""),
            "its `backup_id` is empty or has control characters",
        ),
        (Layout::S3, "/name", text(1025), "its `name` has more than 1024 bytes"),
        (Layout::S3, "/name", some("\"../x\""), "would leave its directory; choose a name without `/`"),
        (Layout::S3, "/name", some("\"..\""), "would be hidden"),
        (Layout::S3, "/date", some("\"today\""), "is not a date with a UTC offset"),
        (Layout::S3, "/folders", some("[1]"), "its `folders` has a wrong type"),
        (Layout::S3, "/extra_metadata", some("null"), "its `extra_metadata` has a wrong type"),
        (Layout::S3, "/homeassistant_version", some("[]"), "its `homeassistant_version` has a wrong type"),
        (Layout::S3, "/protected", some("\"no\""), "its `protected` has a wrong type"),
        (Layout::S3, "/size", some("-1"), "its `size` is not a number of bytes"),
        (Layout::S3, "/size", some("1.5"), "its `size` is not a number of bytes"),
        (Layout::S3, "/size", some("1e300"), "its `size` is not a number of bytes"),
        (Layout::S3, "/size", some("18446744073709551616"), "its `size` is not a number of bytes"),
        (Layout::B2, "/backup_id", None, "the key `backup_id` is missing"),
        (Layout::B2, "/metadata_version", None, "the key `metadata_version` is missing"),
        (Layout::B2, "/backup_metadata", some("[]"), "in `backup_metadata`: it is not a JSON object"),
        (Layout::B2, "/backup_metadata/name", None, "in `backup_metadata`: the key `name` is missing"),
        (Layout::Sftp, "/metadata", None, "the key `metadata` is missing"),
        (Layout::Sftp, "/metadata/size", None, "in `metadata`: the key `size` is missing"),
        (Layout::Sftp, "/file_path", some("3"), "its `file_path` is not a text"),
        (Layout::Sftp, "/file_path", some("\"/x/../a.tar\""), "is not the path of an archive: `/x/../a.tar`"),
        (Layout::Sftp, "/file_path", some("\"/x/.1.metadata.json\""), "is not the path of an archive"),
        (Layout::Sftp, "/file_path", some("\"/x/a\\u0000.tar\""), "is not the path of an archive"),
        (Layout::Sftp, "/file_path", some("\"/x/.tar\""), "is not the path of an archive"),
    ] {
        let name = written(layout, &record("0badcafe", "a")).0;
        let error = read_record(layout, &name, &changed(layout, pointer, value)).unwrap_err();
        assert!(error.starts_with(&format!("`{name}` is not the record of a backup: ")), "{error}");
        assert!(error.contains(expected), "{layout:?} {pointer}: {error}");
    }
}

#[test]
fn a_document_that_is_no_record_is_named_with_what_is_wrong() {
    let deep = "[".repeat(100_000);
    let large = " ".repeat(RECORD_LIMIT + 1);
    for (text, expected) in [
        ("", "it is not JSON"),
        ("{", "it is not JSON"),
        ("null", "it is not a JSON object"),
        ("[]", "it is not a JSON object"),
        (&*deep, "recursion limit exceeded"),
        ("{\"size\": 1e999}", "number out of range"),
        (&*large, "it has more than 1048576 bytes"),
    ] {
        let error = read_record(Layout::WebDav, "a.metadata.json", text.as_bytes()).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let error = |layout, name| read_record(layout, name, b"{}").unwrap_err();
    assert!(error(Layout::B2, ".metadata.json").contains("it does not have the name of one"));
    assert!(error(Layout::Seafile, "a.metadata.json").contains("it does not have the name of one"));
    assert!(error(Layout::Local, "a.tar").contains("it does not have the name of one"));
}

#[test]
fn records_of_other_programs_are_read_as_leniently_as_home_assistant_reads_them() {
    for (layout, pointer, value) in [
        (Layout::S3, "/agents", Some("{\"x\": [1, {}]}")),
        (Layout::S3, "/larder", Some("3")),
        (Layout::S3, "/size", Some("9.0")),
        (Layout::S3, "/extra_metadata", Some("{\"deep\": {\"x\": [null]}}")),
        (Layout::S3, "/folders", Some("[\"unknown\"]")),
        (Layout::S3, "/addons", Some(r#"[{"name": null, "slug": "a", "version": null, "more": 1}]"#)),
        (Layout::WebDav, "/homeassistant_version", Some("null")),
        (Layout::B2, "/metadata_version", Some("2")),
        (Layout::B2, "/backup_metadata/size", None),
        (Layout::Sftp, "/file_path", Some("\"a.tar\"")),
        (Layout::Sftp, "/more", Some("1")),
    ] {
        let name = written(layout, &record("0badcafe", "a")).0;
        let bytes = changed(layout, pointer, value.map(json));
        let found = read_record(layout, &name, &bytes).unwrap();
        assert_eq!(found.record.to_manifest().unwrap().slug(), "0badcafe");
        // What Home Assistant could not read is not written again.
        let manifest = found.record.to_manifest().unwrap();
        let again = Record::new(&manifest, 9, false);
        assert!(again.folders.is_empty() && again.extra_metadata.values().all(|value| !value.is_object()));
        let with_mark = [b"\xef\xbb\xbf".as_slice(), &bytes].concat();
        assert_eq!(read_record(layout, &name, &with_mark), Ok(found));
    }
}
