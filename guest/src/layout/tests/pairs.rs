//! Sorting out listings: what belongs together, what is wrong with the rest, and that one bad object never hides the others.

use super::*;

/// A location with the given backups of ours.
fn location(layout: Layout, records: &[Record]) -> BTreeMap<String, Vec<u8>> {
    let archives =
        records.iter().map(|record| (named(layout, record).archive, vec![0; record.size as usize]));
    archives.chain(records.iter().map(|record| written(layout, record))).collect()
}

/// `name: reason` of each problem.
fn reasons(paired: &Paired) -> Vec<String> {
    paired.problems.iter().map(|problem| problem.reason.clone()).collect()
}

fn unrecorded(paired: &Paired) -> Vec<&str> {
    paired.unrecorded.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn whole_backups_are_listed_and_foreign_objects_are_ignored() {
    for layout in RECORDED {
        let records = [record("0badcafe", "One"), record("900d900d", "Two")];
        let mut objects = location(layout, &records);
        for foreign in ["notes.txt", "photos.tar", ".larder-0123.part", "folder/x.tar", "base.larder.json"] {
            objects.insert(foreign.to_owned(), b"[".to_vec());
        }
        let paired = paired(layout, &objects);
        assert_eq!(ids(&paired), ["0badcafe", "900d900d"], "{layout:?}");
        assert_eq!((paired.problems.len(), paired.unrecorded.len(), paired.is_complete), (0, 0, true));
        let names = named(layout, &records[0]);
        assert_eq!(delete_order(&paired.backups[0]), [names.record.clone().unwrap(), names.archive.clone()]);
        assert_eq!((&paired.backups[0].names, &paired.backups[0].record), (&names, &records[0]));
    }
}

#[test]
fn local_archives_need_no_record() {
    let objects = ["a.tar", "0badcafe.tar", "a.metadata.json"].map(|name| (name.to_owned(), b"{}".to_vec()));
    let paired = paired(Layout::Local, &objects.into());
    assert_eq!((unrecorded(&paired), ids(&paired).len()), (vec!["0badcafe.tar", "a.tar"], 0));
}

#[test]
fn a_record_without_its_archive_or_with_another_size_is_named_and_the_others_stay() {
    for layout in RECORDED {
        let records = [record("11111111", "Lost"), record("22222222", "Cut"), record("33333333", "Good")]
            .map(|record| record.with_digest(&"0".repeat(64)));
        let [lost, cut, _] = records.each_ref().map(|record| named(layout, record));
        let mut objects = location(layout, &records);
        objects.remove(&lost.archive);
        objects.insert(cut.archive.clone(), vec![0; 8]);
        let paired = paired(layout, &objects);
        assert_eq!(ids(&paired), ["33333333"], "{layout:?}");
        let mut expected = [
            (
                lost.record.clone().unwrap(),
                format!(
                    "the record `{}` leads to the archive `{}`, which is not there; delete the record",
                    lost.record.unwrap(),
                    lost.archive
                ),
            ),
            (
                cut.record.unwrap(),
                format!(
                    "the archive `{}` has 8 bytes, but its record names 9: it was cut off or replaced; use another copy of \
                     the backup",
                    cut.archive
                ),
            ),
        ];
        expected.sort();
        assert_eq!(reasons(&paired), expected.map(|(_, reason)| reason));
        let of_cut = paired.problems.iter().find(|problem| problem.archive.is_some()).unwrap();
        assert_eq!(of_cut.record.as_ref().unwrap().backup_id, "22222222");
        // The archive of the wrong size is named with its record.
        assert_eq!(unrecorded(&paired), [""; 0]);
    }
}

#[test]
fn a_record_that_cannot_be_read_or_makes_no_sense_hides_no_other() {
    for layout in RECORDED {
        let records =
            [record("11111111", "Denied"), record("22222222", "Broken"), record("33333333", "Good")];
        let objects = location(layout, &records);
        let listing: Vec<_> =
            objects.iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64)).collect();
        let [denied, broken, good] = records.each_ref().map(|record| written(layout, record));
        let denial = "the server refuses to hand out the record".to_owned();
        let contents = [
            (denied.0.clone(), Err(denial.clone())),
            (broken.0.clone(), Ok(b"{".to_vec())),
            (good.0, Ok(good.1)),
        ];
        let paired = pair(layout, &listing, &contents.into());
        assert_eq!((ids(&paired), paired.is_complete), (vec!["33333333"], false), "{layout:?}");
        let reason =
            |name: &str| &paired.problems.iter().find(|problem| problem.name == name).unwrap().reason;
        assert_eq!(reason(&denied.0), &denial);
        assert!(reason(&broken.0).contains("is not the record of a backup: it is not JSON"));
        // By the record's name, except for SFTP's: there, only `is_complete` warns.
        assert_eq!(unrecorded(&paired).len(), if layout == Layout::Sftp { 2 } else { 0 });

        let unread = pair(layout, &listing, &BTreeMap::new());
        assert!(unread.backups.is_empty() && !unread.is_complete);
        assert!(unread.problems.iter().all(|problem| problem.reason.ends_with("was not read; list again")));
    }
}

#[test]
fn an_archive_alone_is_named() {
    for layout in RECORDED {
        let archive = format!("Alone_{END}.tar");
        let mut objects = location(layout, &[record("0badcafe", "Good")]);
        objects.insert(archive.clone(), vec![0; 3]);
        let paired = paired(layout, &objects);
        assert_eq!(
            (ids(&paired), &*paired.unrecorded),
            (vec!["0badcafe"], &[(archive, 3)][..]),
            "{layout:?}"
        );
    }
}

#[test]
fn records_that_are_called_otherwise_are_listed_where_home_assistant_lists_them() {
    let record = record("0badcafe", "Foreign");
    for (layout, name) in [
        (Layout::S3, "whatever name.metadata.json"),
        (Layout::S3, "sub/dir/x.metadata.json"),
        (Layout::WebDav, "whatever name.metadata.json"),
        (Layout::Sftp, "visible.metadata.json"),
    ] {
        let archive = named(layout, &record).archive;
        let objects = [(name.to_owned(), written(layout, &record).1), (archive.clone(), vec![0; 9])];
        let paired = paired(layout, &objects.into());
        assert_eq!(ids(&paired), ["0badcafe"], "{name}");
        assert_eq!(delete_order(&paired.backups[0]), [name, &*archive]);
    }
    // These agents go by the record's own name.
    for layout in [Layout::Synology, Layout::Seafile, Layout::B2] {
        let suffix = if layout == Layout::B2 { ".metadata.json" } else { "_meta.json" };
        let bytes = written(layout, &record).1;
        let objects = [(format!("renamed{suffix}"), bytes), ("renamed.tar".to_owned(), vec![0; 9])];
        assert_eq!(ids(&paired(layout, &objects.into())), ["0badcafe"], "{layout:?}");
    }
}

#[test]
fn of_two_records_of_one_archive_ours_counts_and_both_are_deleted_before_the_archive() {
    for (layout, name) in [
        (Layout::S3, "A copy.metadata.json"),
        (Layout::WebDav, "A copy.metadata.json"),
        (Layout::Sftp, ".00000000.metadata.json"),
    ] {
        let record = record("0badcafe", "Twice");
        let mut objects = location(layout, std::slice::from_ref(&record));
        objects.insert(name.to_owned(), written(layout, &record).1);
        let paired = paired(layout, &objects);
        let names = named(layout, &record);
        let canonical = names.record.unwrap();
        assert_eq!(ids(&paired), ["0badcafe"], "{layout:?}");
        assert_eq!(
            reasons(&paired),
            [format!("`{name}` leads to the same archive as `{canonical}`; delete one of the two records")]
        );
        assert_eq!(delete_order(&paired.backups[0]), [&*canonical, name, &*names.archive]);
        assert_eq!(unrecorded(&paired), [""; 0]);
    }
}

#[test]
fn b2_takes_the_only_archive_that_begins_like_the_record_and_its_size() {
    let plain = record("0badcafe", "Big");
    let (name, bytes) = written(Layout::B2, &plain);
    let base = format!("Big_{END}");
    let case = |archives: &[&str], bytes: &[u8]| {
        let mut objects = BTreeMap::from([(name.clone(), bytes.to_vec())]);
        objects.extend(archives.iter().map(|end| (format!("{base}{end}"), vec![0; 5])));
        let paired = paired(Layout::B2, &objects);
        let backup = paired.backups.first().map(|it| (it.names.archive.clone(), it.record.size));
        (backup, reasons(&paired))
    };
    // Home Assistant's own records: the archive's size counts.
    assert_eq!(case(&[".tar"], &bytes), (Some((format!("{base}.tar"), 5)), vec![]));
    assert_eq!(case(&["-1.tar", ".tar"], &bytes), (Some((format!("{base}.tar"), 5)), vec![]));
    assert_eq!(case(&["-1.tar", ".zip"], &bytes), (Some((format!("{base}-1.tar"), 5)), vec![]));
    let several = format!(
        "the record `{name}` fits several archives: `{base}-1.tar` and `{base}-2.tar`; rename or delete all but one"
    );
    assert_eq!(case(&["-1.tar", "-2.tar"], &bytes), (None, vec![several]));
    // Ours has to have the size that we stored.
    let ours = written(Layout::B2, &plain.with_digest(&"0".repeat(64))).1;
    let (backup, reasons) = case(&[".tar"], &ours);
    assert!(backup.is_none() && reasons[0].contains("has 5 bytes, but its record names 9"));
}
