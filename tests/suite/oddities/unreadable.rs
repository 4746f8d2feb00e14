//! Files and directories that the user who makes the backup may not read.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use larder_tests::{Journal, Writer};
use larder_tests::{Run, TestHome, archives_in, check_ledger};

use super::skipped;

/// Paths of a home, the mode given to the first component of each, and the expected message for which path.
const UNREADABLE: &[(&str, &str, u32, &str, &str)] = &[
    ("file.txt", "file.txt", 0, "file.txt", "left out: cannot open file.txt: Permission denied"),
    ("closed/file.txt", "closed", 0, "closed", "cannot be listed: Permission denied"),
    ("unlisted/file.txt", "unlisted", 0o311, "unlisted", "cannot be listed: Permission denied"),
    ("unentered/file.txt", "unentered", 0o644, "unentered", "cannot be listed: Permission denied"),
    (".HA_VERSION", ".HA_VERSION", 0, ".HA_VERSION", "left out: cannot open .HA_VERSION: Permission denied"),
    (
        ".storage/core.config",
        ".storage/core.config",
        0,
        ".storage/core.config",
        "left out: cannot open .storage/core.config: Permission denied",
    ),
    (".storage/core.uuid", ".storage", 0, ".storage", "cannot be listed: Permission denied"),
    ("zigbee.db", "zigbee.db", 0, "zigbee.db", "left out: cannot open zigbee.db: Permission denied"),
];

#[test]
fn unreadable_files_are_named_and_everything_else_comes_back() {
    for (file, odd, mode, path, reason) in UNREADABLE {
        let home = TestHome::new();
        home.write(file, "SQLite format 3\0, or not");
        home.write("zz.txt", "behind it");
        fs::set_permissions(home.path(odd), Permissions::from_mode(*mode)).unwrap();
        let run = Run::of(home.unprivileged(&["--json", "create"])).exits(3);
        let previewed = Run::of(home.unprivileged(&["--json", "create", "--dry-run"])).exits(3);
        // So that the home can be removed.
        fs::set_permissions(home.path(odd), Permissions::from_mode(0o700)).unwrap();
        assert_eq!(skipped(&run), [((*path).to_owned(), (*reason).to_owned())]);
        assert_eq!(skipped(&previewed), skipped(&run), "a dry run says the same");
        let restored = home.restore(&only_archive(&home));
        assert!(!restored.join(file).exists());
        assert_eq!(fs::read_to_string(restored.join("zz.txt")).unwrap(), "behind it");
        assert!(restored.join("configuration.yaml").is_file());
    }
}

fn only_archive(home: &TestHome) -> PathBuf {
    let mut archives = archives_in(&home.root().join("theirs/backups"));
    assert_eq!(archives.len(), 1);
    archives.remove(0)
}

#[test]
fn a_home_that_may_not_be_listed_fails_and_gives_no_empty_backup() {
    let home = TestHome::new();
    fs::set_permissions(home.config(), Permissions::from_mode(0o311)).unwrap();
    let previewed = Run::of(home.unprivileged(&["create", "--dry-run"]));
    let created = Run::of(home.unprivileged(&["create"]));
    fs::set_permissions(home.config(), Permissions::from_mode(0o755)).unwrap();
    previewed.exits(1).says("cannot list the home's directory: Permission denied");
    created.exits(1).says("/config: Permission denied");
    assert!(archives_in(&home.root().join("theirs/backups")).is_empty());
}

#[test]
fn a_busy_database_is_read_whole_by_someone_who_may_only_read_it() {
    for journal in [Journal::Wal, Journal::Rollback] {
        let home = TestHome::new();
        let writer = Writer::start(&home.path("home-assistant_v2.db"), journal);
        for _ in 0..10 {
            Run::of(home.unprivileged(&["create"])).exits(0);
            let archive = only_archive(&home);
            check_ledger(&home.restore(&archive).join("home-assistant_v2.db"));
            fs::remove_file(archive).unwrap();
        }
        assert_eq!(writer.stop().errors, [""; 0], "{journal:?}");
    }
}
