//! The models of Home Assistant's listers, held against the table of what each agent survives.

use super::listers::{Agent, Listed, Object, Outcome, lister};
use super::*;

/// What happens to a location with one such record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Skipped,
    Fails,
}

use Then::{Fails, Skipped};

/// Agent; layout that we write for it; broken JSON; outer keys missing; keys of R missing; denied; deleted meanwhile.
const TABLE: [(Agent, Layout, [Then; 5]); 11] = [
    (Agent::AwsS3, Layout::S3, [Skipped, Skipped, Skipped, Fails, Fails]),
    (Agent::CloudflareR2, Layout::S3, [Skipped, Fails, Fails, Fails, Fails]),
    (Agent::IdriveE2, Layout::S3, [Skipped, Fails, Fails, Fails, Fails]),
    (Agent::S3Compatible, Layout::S3, [Skipped, Fails, Fails, Fails, Fails]),
    (Agent::WebDav, Layout::WebDav, [Skipped, Skipped, Skipped, Fails, Fails]),
    (Agent::B2, Layout::B2, [Skipped, Skipped, Fails, Skipped, Skipped]),
    (Agent::Sftp, Layout::Sftp, [Skipped, Skipped, Fails, Fails, Fails]),
    (Agent::OneDrive, Layout::S3, [Fails, Fails, Fails, Skipped, Skipped]),
    (Agent::Dropbox, Layout::S3, [Skipped, Skipped, Skipped, Fails, Fails]),
    (Agent::Seafile, Layout::Seafile, [Skipped, Skipped, Skipped, Fails, Skipped]),
    (Agent::Synology, Layout::Synology, [Skipped, Fails, Fails, Skipped, Skipped]),
];

/// The record without `name`.
fn without_name(layout: Layout, record: &Record) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(&written(layout, record).1).unwrap();
    let inner = match layout {
        Layout::B2 => &mut document["backup_metadata"],
        Layout::Sftp => &mut document["metadata"],
        _ => &mut document,
    };
    inner.as_object_mut().unwrap().remove("name");
    document.to_string().into_bytes()
}

#[test]
fn each_agent_survives_what_the_table_says_and_fails_at_the_rest() {
    for (agent, layout, outcomes) in TABLE {
        let (good, bad) = (record("900d900d", "Good"), record("bad0bad0", "Bad"));
        let objects = [
            Object::Bytes(b"{ no JSON".to_vec()),
            Object::Bytes(b"{}".to_vec()),
            Object::Bytes(without_name(layout, &bad)),
            Object::Denied,
            Object::Gone,
        ];
        for (object, outcome) in objects.into_iter().zip(outcomes) {
            let shown = format!("{agent:?} with {object:?}");
            let mut location: BTreeMap<String, Object> = BTreeMap::new();
            for record in [&good, &bad] {
                let (name, bytes) = written(layout, record);
                location.insert(name, Object::Bytes(bytes));
                location.insert(named(layout, record).archive, Object::Bytes(vec![0; 9]));
            }
            location.insert(named(layout, &bad).record.unwrap(), object);
            let archive = match layout {
                Layout::Sftp => format!("{FOLDER}/{}", named(layout, &good).archive),
                _ => named(layout, &good).archive,
            };
            let expected = match outcome {
                Skipped => {
                    let backup_id = good.backup_id.clone();
                    Outcome::Lists(vec![Listed { backup_id, size: 9, archive }])
                }
                Fails => Outcome::Fails,
            };
            assert_eq!(lister(agent, &location), expected, "{shown}");
        }
    }
}

#[test]
fn agents_that_look_for_the_archive_do_not_list_a_record_alone() {
    for (agent, layout, _) in TABLE {
        let record = record("0badcafe", "Alone");
        let (name, bytes) = written(layout, &record);
        let location = BTreeMap::from([(name, Object::Bytes(bytes))]);
        let Outcome::Lists(listed) = lister(agent, &location) else { panic!("{agent:?} fails") };
        let looks = matches!(agent, Agent::OneDrive | Agent::Dropbox | Agent::Seafile | Agent::B2);
        assert_eq!(listed.is_empty(), looks, "{agent:?}");
    }
}

#[test]
fn further_keys_at_the_top_harm_nobody_but_sftp_and_further_keys_of_addons_harm_several() {
    for (agent, layout, _) in TABLE {
        let fails = |change: &dyn Fn(&mut Value)| {
            let record = record("0badcafe", "Keys");
            let (name, bytes) = written(layout, &record);
            let mut document: Value = serde_json::from_slice(&bytes).unwrap();
            change(&mut document);
            let location = BTreeMap::from([
                (name, Object::Bytes(document.to_string().into_bytes())),
                (named(layout, &record).archive, Object::Bytes(vec![0; 9])),
            ]);
            match lister(agent, &location) {
                Outcome::Lists(listed) => (false, listed.len()),
                Outcome::Fails => (true, 0),
            }
        };
        let listed = if agent == Agent::Sftp { 0 } else { 1 };
        assert_eq!(fails(&|document| document["more"] = 1.into()), (false, listed), "{agent:?}");
        let addon = json(r#"[{"name": "a", "slug": "a", "version": "1", "more": 1}]"#);
        let inner = |document: &mut Value| match layout {
            Layout::B2 => document["backup_metadata"]["addons"] = addon.clone(),
            Layout::Sftp => document["metadata"]["addons"] = addon.clone(),
            _ => document["addons"] = addon.clone(),
        };
        let strict = [
            Agent::CloudflareR2,
            Agent::IdriveE2,
            Agent::S3Compatible,
            Agent::B2,
            Agent::OneDrive,
            Agent::Synology,
        ];
        assert_eq!(fails(&inner), (strict.contains(&agent), 0), "{agent:?}");
    }
}

/// Records that another program put beside a backup, and which ids Home Assistant 2026.11.0 then listed (recorded).
#[test]
fn foreign_records_are_listed_as_recorded_and_larder_names_those_without_an_archive() {
    let foreign =
        |backup_id: &str, name: &str| record_bytes(Layout::S3, &record(backup_id, name), "", FOLDER);
    let mut extra: Value = serde_json::from_slice(&foreign("f0reign3", "Extra key")).unwrap();
    extra["more"] = json(r#"{"deep": [1]}"#);
    let mut incomplete = extra.clone();
    incomplete.as_object_mut().unwrap().remove("addons");
    let stored: BTreeMap<String, Vec<u8>> = [
        ("whatever name.metadata.json", foreign("f0reign1", "Foreign")),
        ("sub/dir/x.metadata.json", foreign("f0reign2", "In a subdirectory")),
        ("extra.metadata.json", extra.to_string().into_bytes()),
        ("broken.metadata.json", b"{ broken".to_vec()),
        ("incomplete.metadata.json", incomplete.to_string().into_bytes()),
    ]
    .into_iter()
    .map(|(name, bytes)| (name.to_owned(), bytes))
    .collect();
    let location = stored.iter().map(|(name, bytes)| (name.clone(), Object::Bytes(bytes.clone()))).collect();
    let Outcome::Lists(listed) = lister(Agent::AwsS3, &location) else { panic!("it fails") };
    let ids: Vec<_> = listed.iter().map(|listed| listed.backup_id.as_str()).collect();
    assert_eq!(ids, ["f0reign3", "f0reign2", "f0reign1"]);

    let paired = paired(Layout::S3, &stored);
    let reasons: Vec<_> = paired.problems.iter().map(|problem| problem.reason.as_str()).collect();
    let missing = |name: &str, archive: &str| {
        format!(
            "the record `{name}` leads to the archive `{archive}_{END}.tar`, which is not there; delete the record"
        )
    };
    let unlike = |name: &str, why: &str| format!("`{name}` is not the record of a backup: {why}");
    assert_eq!(
        reasons,
        [
            unlike("broken.metadata.json", "it is not JSON (key must be a string at line 1 column 3)"),
            missing("extra.metadata.json", "Extra_key"),
            unlike("incomplete.metadata.json", "the key `addons` is missing"),
            missing("sub/dir/x.metadata.json", "In_a_subdirectory"),
            missing("whatever name.metadata.json", "Foreign"),
        ]
    );
    assert!(paired.backups.is_empty() && paired.is_complete);
}
