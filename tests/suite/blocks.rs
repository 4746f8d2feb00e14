//! Backups made of blocks, by several workers in parallel and with data of the previous backup. However it was made, a backup
//! is ordinary and complete.

mod index;

use std::fs;

use larder_tests::{TestHome, counterpart, noise};
use serde_json::Value;

const PASSWORD: &str = "Z0X2-3QJC-BHAZ-R227-4IIQ-7V16-MZB2";

/// A home with blocks of every kind: text, a database, incompressible data, zeros, many small files.
pub fn home() -> TestHome {
    let home = TestHome::in_memory();
    home.write("zigbee2mqtt/log.txt", "12:00 [info] publish zigbee2mqtt/kitchen\n".repeat(40_000));
    home.write("media/noise.bin", noise(700_000));
    home.write("media/zeros.bin", vec![0; 500_000]);
    for number in 0..400 {
        home.write(format!("packages/{number:03}.yaml"), format!("sensor_{number}: on\n").repeat(number));
    }
    let database = rusqlite::Connection::open(home.path("home-assistant_v2.db")).unwrap();
    database.execute_batch("PRAGMA journal_mode=wal; CREATE TABLE states (state TEXT);").unwrap();
    for number in 0..2000 {
        let state = format!("{number} {}", "x".repeat(500));
        database.execute("INSERT INTO states VALUES (?)", [state]).unwrap();
    }
    home
}

/// The answer of `create`.
#[track_caller]
pub fn create(home: &TestHome, options: &[&str]) -> Value {
    home.larder(&[&["--json", "create"], options].concat()).exits(0).json()
}

pub fn unchanged(created: &Value) -> u64 {
    created["unchanged"].as_u64().unwrap()
}

#[test]
fn the_same_archive_is_made_by_one_worker_by_many_and_by_none() {
    let home = home();
    // Reading a database and storing a backup touch the home's directories, whose times are in the archive.
    fs::remove_file(home.path("home-assistant_v2.db")).unwrap();
    let backups = home.root().join("elsewhere");
    let parts = ["workers=0", "workers=1", "workers=5"].map(|workers| {
        fs::remove_dir_all(home.state().join("cache")).unwrap_or_default();
        let created = create(&home, &["--limit", workers, "--backups", backups.to_str().unwrap()]);
        assert_eq!(unchanged(&created), 0);
        let archive = fs::read(backups.join(created["file"].as_str().unwrap())).unwrap();
        // Only the name and the time differ: the gzip stream begins after its header and ends before its trailer.
        let start = archive.windows(18).position(|window| window == b"homeassistant.tar\0").unwrap() + 18;
        archive[start..].to_vec()
    });
    assert!(parts[0] == parts[1] && parts[1] == parts[2]);
}

#[test]
fn a_second_backup_takes_what_has_not_changed_and_is_as_good() {
    let home = home();
    let first = create(&home, &[]);
    assert_eq!(unchanged(&first), 0);
    home.write("packages/200.yaml", "changed: true\n");
    home.write("packages/200_new.yaml", "new: true\n");
    fs::remove_file(home.path("packages/100.yaml")).unwrap();
    let second = create(&home, &[]);
    let all = second["bytes"].as_u64().unwrap();
    // Noise is always stored uncompressed.
    assert!(unchanged(&second) > (all - 700_000) / 2, "{second}");
    home.larder(&["verify", second["backup_id"].as_str().unwrap()]).exits(0);
    let archive = home.backups().join(second["file"].as_str().unwrap());
    let restored = home.restore(&archive);
    assert_eq!(fs::read(restored.join("packages/200.yaml")).unwrap(), b"changed: true\n");
    assert!(!restored.join("packages/100.yaml").exists());
    for name in ["zigbee2mqtt/log.txt", "media/noise.bin", "media/zeros.bin", "packages/399.yaml"] {
        assert!(fs::read(restored.join(name)).unwrap() == fs::read(home.path(name)).unwrap(), "{name}");
    }
    // Home Assistant's own way reads it to its end.
    counterpart(&["read", archive.to_str().unwrap()]);
}

#[test]
fn a_protected_backup_takes_from_one_of_the_same_password_only() {
    let home = home();
    let right = home.password_file("right", PASSWORD);
    let other = home.password_file("other", "another one");
    let protected = |file: &str| create(&home, &["--password-file", file]);
    assert_eq!(unchanged(&protected(&right)), 0);
    let again = protected(&right);
    assert!(unchanged(&again) > 1_000_000, "{again}");
    home.larder(&["verify", again["backup_id"].as_str().unwrap(), "--password-file", &right]).exits(0);
    assert_eq!(unchanged(&protected(&other)), 0, "another password");
    assert_eq!(unchanged(&create(&home, &[])), 0, "no password any more");
    assert_eq!(unchanged(&protected(&right)), 0, "the last one has none");
    let old = create(&home, &["--password-file", &right, "--securetar", "2"]);
    assert_eq!(unchanged(&old), 0);
    assert_eq!(unchanged(&protected(&right)), 0, "the last one has the old encryption");
    assert!(unchanged(&protected(&right)) > 1_000_000);
}
