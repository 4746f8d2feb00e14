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
