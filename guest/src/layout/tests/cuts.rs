//! Storing and deleting, cut after any step: none of our objects makes an agent's lister fail, and what it lists is whole.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::listers::{Agent, Object, Outcome, lister};
use super::strategies::{recorded_layout, records};
use super::*;

/// What each step of storing leaves, in the order of an upload. Deleting passes the last ones backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Nothing,
    /// A part of the archive under a temporary name.
    PartOfArchive,
    Archive,
    /// A part of the record under a temporary name.
    TemporaryRecord,
    /// A part of the record under its own name: a server that cannot rename, and lost the connection.
    PartOfRecord,
    Stored,
}

const STEPS: [Step; 6] = [
    Step::Nothing,
    Step::PartOfArchive,
    Step::Archive,
    Step::TemporaryRecord,
    Step::PartOfRecord,
    Step::Stored,
];

/// The agents that list a location of a layout.
fn agents(layout: Layout) -> &'static [Agent] {
    match layout {
        Layout::Local => &[],
        Layout::S3 => &[Agent::AwsS3, Agent::CloudflareR2, Agent::IdriveE2, Agent::S3Compatible],
        Layout::WebDav => &[Agent::WebDav],
        Layout::B2 => &[Agent::B2],
        Layout::Sftp => &[Agent::Sftp],
        Layout::Synology => &[Agent::Synology],
        Layout::Seafile => &[Agent::Seafile],
    }
}

fn content(record: &Record) -> Vec<u8> {
    format!("the archive of {} ({})", record.name, record.backup_id).into_bytes()
}

/// The objects after a step. `cut` says how much of a part has arrived.
fn objects(layout: Layout, record: &Record, step: Step, cut: usize) -> Vec<(String, Vec<u8>)> {
    let part = |bytes: Vec<u8>| bytes.get(..cut % bytes.len()).unwrap().to_vec();
    let temporary = format!(".larder-{}.part", record.backup_id);
    let (archive, (name, bytes)) = (named(layout, record).archive, written(layout, record));
    let archive = (archive, content(record));
    match step {
        Step::Nothing => vec![],
        Step::PartOfArchive => vec![(temporary, part(content(record)))],
        Step::Archive => vec![archive],
        Step::TemporaryRecord => vec![archive, (temporary, part(bytes))],
        Step::PartOfRecord => vec![archive, (name, part(bytes))],
        Step::Stored => vec![archive, (name, bytes)],
    }
}

/// Backups that differ in names and ids, each at some step.
fn backups() -> impl Strategy<Value = Vec<(Record, Step, usize)>> {
    let one = (records(), prop::sample::select(STEPS.to_vec()), any::<usize>());
    prop::collection::vec(one, 1..6).prop_map(|mut all| {
        let (mut archives, mut ids) = (BTreeSet::new(), BTreeSet::new());
        all.retain_mut(|(record, ..)| {
            record.size = content(record).len() as u64;
            archives.insert(named(Layout::S3, record).archive) && ids.insert(record.backup_id.clone())
        });
        all
    })
}

proptest! {
    #[test]
    fn no_agent_fails_after_a_cut_and_what_it_lists_is_whole(layout in recorded_layout(), backups in backups()) {
        let steps = backups.iter().map(|(record, step, cut)| objects(layout, record, *step, *cut));
        let stored: BTreeMap<String, Vec<u8>> = steps.flatten().collect();
        let done: BTreeSet<&str> = backups.iter().filter(|(_, step, _)| *step == Step::Stored)
            .map(|(record, ..)| record.backup_id.as_str()).collect();
        let location = stored.iter().map(|(name, bytes)| (name.clone(), Object::Bytes(bytes.clone()))).collect();
        for agent in agents(layout) {
            let Outcome::Lists(listed) = lister(*agent, &location) else { panic!("{agent:?} fails") };
            let ids: BTreeSet<&str> = listed.iter().map(|listed| listed.backup_id.as_str()).collect();
            prop_assert_eq!(&ids, &done);
            for listed in &listed {
                let (record, ..) = backups.iter().find(|(record, ..)| record.backup_id == listed.backup_id).unwrap();
                let path = format!("{FOLDER}/");
                let archive = listed.archive.strip_prefix(&path).unwrap_or(&listed.archive);
                prop_assert_eq!(stored.get(archive), Some(&content(record)));
                prop_assert_eq!(listed.size, content(record).len() as u64);
            }
        }

        // Larder itself sees the same, and names the rest.
        let paired = paired(layout, &stored);
        prop_assert_eq!(ids(&paired).into_iter().collect::<BTreeSet<_>>(), done);
        prop_assert!(paired.is_complete);
        let archives = |step: Step| -> BTreeSet<String> {
            let at = backups.iter().filter(|(_, own, _)| *own == step);
            at.map(|(record, ..)| named(layout, record).archive).collect()
        };
        let parts: BTreeSet<String> = paired.problems.iter().map(|problem| problem.name.clone()).collect();
        prop_assert_eq!(parts.len(), archives(Step::PartOfRecord).len());
        let unrecorded: BTreeSet<String> = paired.unrecorded.iter().map(|(name, _)| name.clone()).collect();
        let mut expected = &archives(Step::Archive) | &archives(Step::TemporaryRecord);
        if layout == Layout::Sftp {
            // A record that is named after an id does not say whose it is.
            expected = &expected | &archives(Step::PartOfRecord);
        }
        prop_assert_eq!(unrecorded, expected);
    }

    #[test]
    fn no_agent_fails_while_a_backup_is_deleted(layout in recorded_layout(), mut record in records()) {
        record.size = content(&record).len() as u64;
        let whole = objects(layout, &record, Step::Stored, 0);
        let mut stored: BTreeMap<String, Vec<u8>> = whole.into_iter().collect();
        let backup = paired(layout, &stored).backups.remove(0);
        for (index, name) in delete_order(&backup).into_iter().enumerate() {
            prop_assert!(stored.remove(&name).is_some());
            let location = stored.iter().map(|(name, bytes)| (name.clone(), Object::Bytes(bytes.clone()))).collect();
            for agent in agents(layout) {
                prop_assert_eq!(lister(*agent, &location), Outcome::Lists(vec![]));
            }
            let paired = paired(layout, &stored);
            prop_assert_eq!((paired.backups.len(), paired.problems.len()), (0, 0));
            prop_assert_eq!(paired.unrecorded.len(), 1 - index);
        }
        prop_assert!(stored.is_empty());
    }
}
