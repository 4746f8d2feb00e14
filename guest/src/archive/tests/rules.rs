//! The pure rules: exclude patterns, names of backups, and `backup.json`.

use serde_json::{Map, Value, json};

use super::*;

#[test]
fn standard_patterns_match_the_whole_path_as_home_assistants_do() {
    let exclude = Exclude::standard(true);
    let out = [
        "__pycache__/x.pyc",
        "custom_components/a/__pycache__/x.pyc",
        ".DS_Store",
        "www/.DS_Store",
        ".HA_RESTORE",
        "home-assistant_v2.db-shm",
        "home-assistant.log",
        "home-assistant.log.1",
        "backups/a.tar",
        "tmp_backups/a.tar",
        "OZW_Log.txt",
        "tts/a.mp3",
        "tts/deep/a.mp3",
        ".cache/x/y",
        "a/__pycache__/b/c",
    ];
    for path in out {
        assert!(exclude.excluded_with_parents(path.as_bytes()).is_some(), "{path} is kept");
    }
    let kept = [
        "www/kept.log",
        "__pycache__",
        "custom_components/a/__pycache__",
        "backups/kept.txt",
        "backups/sub/kept.tar",
        "tts",
        ".cache",
        "home-assistant_v2.db",
        "home-assistant_v2.db-wal",
        "www/OZW_Log.txt",
        "zigbee.db",
        "",
    ];
    for path in kept {
        assert_eq!(exclude.excluded_with_parents(path.as_bytes()), None, "{path}");
    }
    let without = Exclude::standard(false);
    assert_eq!(without.excluded(b"home-assistant_v2.db-wal"), Some("home-assistant_v2.db-wal"));
    assert_eq!(without.excluded(b"deep/home-assistant_v2.db"), None);
}

#[test]
fn patterns_of_a_user_match_directories_and_unusual_names() {
    let exclude = Exclude::standard(true).with(&["www/cache/", "**/*.bak", "m[ae]dia"]).unwrap();
    assert_eq!(exclude.excluded_with_parents(b"www/cache/deep/x"), Some("www/cache"));
    assert_eq!(exclude.excluded_with_parents(b"www/cache"), Some("www/cache"));
    assert_eq!(exclude.excluded(b"www/cache/deep/x"), None);
    assert_eq!(exclude.excluded_with_parents(b"a/\xff.bak"), Some("**/*.bak"));
    assert_eq!(exclude.excluded_with_parents(b"media/x"), Some("m[ae]dia"));
}

#[test]
fn pattern_that_cannot_match_is_refused_with_a_reason() {
    for (pattern, needle) in
        [("", "``"), ("/etc", "absolute"), ("../x", "`..`"), ("a**", "character"), ("a[", "`a[`")]
    {
        assert_refused(pattern, Exclude::standard(true).with(&[pattern]), "Unsupported", needle);
    }
}

#[test]
fn backup_id_is_home_assistants() {
    assert_eq!(backup_id("2026-11-23T15:39:40.988161+01:00", "Custom backup 2026.11.0"), "2f6c6fb6");
    assert_eq!(backup_id("2026-11-23T15:39:45.349799+01:00", "Custom backup 2026.11.0"), "4bc50234");
}

#[test]
fn file_name_joins_words_and_keeps_the_backups_own_offset() {
    let date = "2026-11-23T15:39:40.988161+01:00";
    assert_eq!(
        file_name("Custom backup 2026.11.0", date).unwrap(),
        "Custom_backup_2026.11.0_2026-11-23_15.39_40988161.tar"
    );
    assert_eq!(file_name(" a \t\n b ", "2026-01-02T03:04:05Z").unwrap(), "a_b_2026-01-02_03.04_05000000.tar");
    for name in ["../../etc/x", "a/b", "nul\0", ".hidden", &"long".repeat(60)] {
        assert_refused(name, file_name(name, date), "Unsafe", "invalid_backup_filename");
    }
    assert_refused("date", file_name("a", "yesterday"), "Unsafe", "`yesterday`");
}

#[test]
fn manifest_is_written_as_recorded() {
    let mut extra = Map::new();
    extra.insert("with_automatic_settings".into(), json!(false));
    extra.insert("instance_id".into(), json!("eee1"));
    let date = "2026-11-23T15:39:40.988161+01:00";
    let manifest =
        Manifest::new("2f6c6fb6", "Custom backup 2026.11.0", date, "2026.11.0", true, extra).unwrap();
    let recorded = r#"{"compressed":true,"date":"2026-11-23T15:39:40.988161+01:00","extra":{"instance_id":"eee1","with_automatic_settings":false},"homeassistant":{"exclude_database":false,"version":"2026.11.0"},"name":"Custom backup 2026.11.0","protected":false,"slug":"2f6c6fb6","type":"partial","version":2}"#;
    assert_eq!(manifest.to_json(), recorded);
    assert_eq!(Manifest::parse(recorded.as_bytes()).unwrap(), manifest);
    assert_eq!(manifest.date().unwrap().to_rfc3339(), date);
    assert!(manifest.database_included());
}

#[test]
fn supervisors_manifest_is_understood_and_its_unknown_keys_kept() {
    let text = json!({
        "slug": "a", "name": "Full", "date": "2024-01-01T00:00:00+00:00", "type": "full", "version": 2,
        "addons": [{"slug": "core_ssh", "name": "SSH", "version": "9.1", "size": 0.1}],
        "folders": ["share", "homeassistant"], "homeassistant": null, "protected": true, "compressed": false,
        "extra": {"supervisor.backup_request_date": "2024-01-01T01:00:00+01:00"}, "supervisor_version": "2024.1",
    });
    let manifest = Manifest::parse(text.to_string().as_bytes()).unwrap();
    assert_eq!(
        manifest.addons(),
        [Addon { name: "SSH".into(), slug: "core_ssh".into(), version: "9.1".into() }]
    );
    assert_eq!(manifest.folders().collect::<Vec<_>>(), ["share"]);
    assert_eq!((manifest.homeassistant_version(), manifest.database_included()), (None, false));
    assert_eq!((manifest.kind(), manifest.protected(), manifest.compressed()), (Some("full"), true, false));
    assert_eq!(manifest.date_text(), "2024-01-01T01:00:00+01:00");
    assert_eq!(serde_json::from_str::<Value>(&manifest.to_json()).unwrap(), text);
}

#[test]
fn old_manifest_with_only_its_names_is_enough() {
    let manifest = Manifest::parse(br#"{"slug":"a","name":"b","date":"long ago"}"#).unwrap();
    assert!(!manifest.protected() && manifest.compressed() && !manifest.database_included());
    assert_eq!((manifest.date(), manifest.addons().len(), manifest.folders().count()), (None, 0, 0));
    assert!(manifest.extra().is_none());
}

#[test]
fn times_are_read_in_every_form_that_python_writes() {
    let at = |seconds, nanoseconds| Some(Instant { seconds, nanoseconds });
    let cases = [
        ("1795444780.9880056", at(1_795_444_780, 988_005_600)),
        ("12", at(12, 0)),
        ("12.", at(12, 0)),
        ("-0.5", at(-1, 500_000_000)),
        ("-1", at(-1, 0)),
        ("-0.0000000001", at(-1, 999_999_999)),
        ("1e-05", at(0, 10_000)),
        ("1.5e3", at(1500, 0)),
        ("0.1234567891234", at(0, 123_456_789)),
        ("", None),
        ("-", None),
        (".5", None),
        ("+1", None),
        ("1.-5", None),
        ("inf", None),
        ("1e400", None),
        ("99999999999999999999", None),
    ];
    for (text, expected) in cases {
        assert_eq!(time::from_text(text), expected, "{text}");
    }
    assert_eq!(time::to_text(Instant { seconds: -1, nanoseconds: 500_000_000 }), "-0.5");
    assert_eq!(time::to_text(Instant { seconds: 12, nanoseconds: 0 }), "12.0");
    assert_eq!(time::to_text(Instant { seconds: 1 << 40, nanoseconds: 123_456_000 }), "1099511627776.123456");
}
