//! Changes to the home between its listing and the reading of its files.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use larder_tests::{TestHome, describe};
use rusqlite::Connection;

use super::{comes_back, content, must_equal, skipped, tree};

/// The listing is done, and no file has been read.
const LISTED: &str = "draft: create";

/// What the backup holds of a changed file.
enum Holds {
    /// Nothing, for this reason.
    Nothing(&'static str),
    /// The state when the home was listed.
    TheOld,
    /// The state when the file was read.
    TheNew,
}
use Holds::{Nothing, TheNew, TheOld};

const VANISHED: &str = "left out: it vanished while the backup was made";

/// A path of the home (a file unless it ends in `/`), the change after the listing, and the result.
const CHANGES: &[(&str, &str, Holds)] = &[
    ("vanishes.txt", "rm vanishes.txt", Nothing(VANISHED)),
    ("grows.txt", "echo more >> grows.txt", TheNew),
    ("shrinks.txt", "truncate -s 3 shrinks.txt", TheNew),
    ("is-written-anew.txt", "echo anew > new; mv new is-written-anew.txt", TheNew),
    (
        "becomes-a-link.txt",
        "ln -sf /etc/passwd becomes-a-link.txt",
        Nothing("left out: becomes-a-link.txt is a symbolic link; only files can be opened"),
    ),
    (
        "becomes-a-fifo.txt",
        "rm becomes-a-fifo.txt; mkfifo becomes-a-fifo.txt",
        Nothing("left out: becomes-a-fifo.txt is a FIFO; only files can be opened"),
    ),
    (
        "becomes-a-directory.txt",
        "rm becomes-a-directory.txt; mkdir becomes-a-directory.txt",
        Nothing("left out: becomes-a-directory.txt is a directory; only files can be opened"),
    ),
    (
        "moves/inside.txt",
        "mv moves ../moved; ln -s ../moved moves",
        Nothing(
            "left out: moves/inside.txt is below something that is not a directory, and links are not followed; use the real path",
        ),
    ),
    ("moves/", "", TheOld),
    ("tree/of/several/files.txt", "rm -r tree", Nothing(VANISHED)),
    ("tree/of/several/", "", TheOld),
    ("empty/", "rmdir empty", TheOld),
    ("database.db", "rm database.db*", Nothing(VANISHED)),
    ("database.db-wal", "", Nothing("its database could not be read")),
    ("home-assistant_v2.db", "rm home-assistant_v2.db*", Nothing(VANISHED)),
    ("later.txt", "echo later > later.txt", Nothing("")),
    ("stays.txt", "", TheOld),
];

#[test]
fn a_file_that_changes_between_listing_and_reading_is_named_and_affects_no_other() {
    let home = TestHome::example();
    for (path, _, _) in CHANGES.iter().filter(|(path, ..)| !path.contains("-wal") && *path != "later.txt") {
        match path.strip_suffix('/') {
            Some(directory) => fs::create_dir_all(home.path(directory)).unwrap(),
            None => home.write(path, "as it was when the home was listed"),
        }
    }
    make_database(&home.path("database.db"), "wal");
    make_database(&home.path("home-assistant_v2.db"), "delete");
    let mut expected = tree(&home);
    let script: Vec<_> = CHANGES.iter().map(|(_, script, _)| *script).collect();

    let run = home.larder_meanwhile(LISTED, &script.join("\n"), &["--json", "create"]).exits(3);

    let now = tree(&home);
    for (path, _, holds) in CHANGES {
        let path = Path::new(path.trim_end_matches('/'));
        match holds {
            Nothing(_) => drop(expected.remove(path)),
            TheNew => drop(expected.insert(path.to_owned(), now[path].clone())),
            TheOld => {}
        }
    }
    must_equal(&comes_back(&home), &expected);
    let mut reasons: Vec<_> = CHANGES
        .iter()
        .filter_map(|(path, _, holds)| match holds {
            Nothing(reason) if !reason.is_empty() => Some(((*path).to_owned(), (*reason).to_owned())),
            _ => None,
        })
        .collect();
    let mut said = skipped(&run);
    reasons.sort();
    said.sort();
    assert_eq!(said, reasons);
}

fn make_database(path: &Path, mode: &str) {
    fs::remove_file(path).unwrap();
    let database = Connection::open(path).unwrap();
    database.pragma_update(None, "journal_mode", mode).unwrap();
    database.execute_batch("CREATE TABLE facts (value INTEGER)").unwrap();
}

#[test]
fn each_skipped_file_is_reported_on_one_line() {
    let home = TestHome::new();
    home.write("gone.txt", "x");
    home.write("two\nlines.txt", "x");
    let run = home.larder_meanwhile(LISTED, "rm gone.txt two*", &["create"]).exits(3);
    let lines = "Skipped or incomplete:\n  gone.txt: left out: it vanished while the backup was made\n  \
                 two\\nlines.txt: left out: it vanished while the backup was made\n";
    assert!(run.stdout.ends_with(lines), "{}", run.stdout);
}

/// Changes to two names of one file, their contents after a restore, and whether they are still one file.
const NAMES: &[(&str, Option<&str>, Option<&str>, bool)] = &[
    ("", Some("one"), Some("one"), true),
    ("rm first", None, Some("one"), false),
    ("rm second", Some("one"), None, false),
    ("echo -n other > new; mv new first", Some("other"), Some("one"), false),
    ("echo -n other > new; mv new second", Some("one"), Some("other"), false),
    ("echo -n longer > first", Some("longer"), Some("longer"), true),
    ("rm first; mkfifo first", None, Some("one"), false),
];

#[test]
fn the_names_of_one_file_come_back_with_what_each_of_them_held() {
    for (script, first, second, is_one) in NAMES {
        let home = TestHome::new();
        home.write("first", "one");
        fs::hard_link(home.path("first"), home.path("second")).unwrap();
        let status = if first.is_some() && second.is_some() { 0 } else { 3 };
        home.larder_meanwhile(LISTED, script, &["create"]).exits(status);
        let restored = home.restore_latest();
        assert_eq!(content(&restored, "first").as_deref(), *first, "after: {script}");
        assert_eq!(content(&restored, "second").as_deref(), *second, "after: {script}");
        let inode = |name| fs::symlink_metadata(restored.join(name)).map(|found| found.ino()).ok();
        assert_eq!(inode("first") == inode("second"), *is_one, "after: {script}");
    }
}

/// Includes changes during the listing, which cannot be timed: another thread keeps creating and removing entries.
#[test]
fn a_home_that_keeps_changing_can_be_backed_up() {
    let home = TestHome::new();
    for n in 0..200 {
        home.write(format!("steady/{}/{n}.txt", n % 7), format!("{n}"));
    }
    let steady = describe(&home.path("steady"), &[]);
    let (is_over, busy) = (AtomicBool::new(false), home.path("busy"));
    fs::create_dir(&busy).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0.. {
                churn(&busy, round);
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        for _ in 0..8 {
            let run = home.larder(&["--json", "create"]);
            let status = if skipped(&run).is_empty() { 0 } else { 3 };
            let run = run.exits(status);
            let elsewhere = |(path, _): &(String, String)| !path.starts_with("busy/");
            assert_eq!(skipped(&run).into_iter().find(elsewhere), None);
            let restored = home.restore_latest();
            must_equal(&describe(&restored.join("steady"), &[]), &steady);
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

fn churn(busy: &Path, round: usize) {
    let directory = busy.join(format!("directory {}", round % 5));
    let file = directory.join(format!("{}.txt", round % 11));
    fs::create_dir_all(&directory).unwrap();
    fs::write(&file, vec![b'x'; round % 5000]).unwrap();
    fs::rename(&file, busy.join(format!("{}", round % 13))).unwrap();
    if round.is_multiple_of(3) {
        fs::remove_dir_all(&directory).unwrap();
        fs::write(&directory, "now a file").unwrap();
        fs::remove_file(&directory).unwrap();
    }
}
