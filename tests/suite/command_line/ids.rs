//! Selecting a backup: by the start of its id, the latest, several at once, or one from before a date.

use std::fs;

use larder_tests::{TestHome, archives_in, on_terminal};
use serde_json::Value;

/// A home with two backups made by hand and then an automatic one. Returns their ids, the oldest first.
fn home() -> (TestHome, Vec<String>) {
    let home = TestHome::new();
    // Incompressible content, so that a flipped byte in the middle hits it.
    home.write(
        "noise",
        (0..40_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect::<Vec<_>>(),
    );
    let first = home.create();
    let second = home.create();
    home.larder(&["settings", "set", "create_backup.agent_ids=backup.local"]).exits(0);
    let third = home.larder(&["--json", "call", "backup.create_automatic"]).exits(0).json();
    let third = third["backup_id"].as_str().unwrap().to_owned();
    (home, vec![first, second, third])
}

fn shown(home: &TestHome, wanted: &str) -> String {
    let run = home.larder(&["--json", "show", wanted]).exits(0).json();
    run["backup"]["backup_id"].as_str().unwrap().to_owned()
}

#[test]
fn a_backup_is_named_by_what_no_other_begins_with_and_as_the_latest() {
    let (home, ids) = home();
    let length = (1..=8).find(|length| ids[1..].iter().all(|id| id[..*length] != ids[0][..*length])).unwrap();
    assert_eq!(shown(&home, &ids[0][..length]), ids[0]);
    assert_eq!(shown(&home, "latest"), ids[2]);
    assert_eq!(shown(&home, "latest-automatic"), ids[2]);
    home.larder(&["delete", "latest"]).exits(0);
    assert_eq!(shown(&home, "latest"), ids[1]);
    home.larder(&["show", "latest-automatic"]).exits(1).says("there is no automatic backup");
    home.larder(&["show", "zz"]).exits(1).says("there is no backup zz");
    // A keyword stays a keyword, whatever files are in the directory.
    let mut command = home.command(&["--json", "show", "latest"]);
    fs::write(home.root().join("latest"), "no backup").unwrap();
    command.current_dir(home.root());
    larder_tests::Run::of(command).exits(0);
}

#[test]
fn several_are_verified_and_deleted_at_once_and_one_that_is_bad_keeps_the_others_from_nothing() {
    let (home, ids) = home();
    let archive = archives_in(&home.backups()).into_iter().find(|path| {
        let run = home.larder(&["--json", "show", path.to_str().unwrap()]).json();
        run["backup"]["backup_id"] == ids[1].as_str()
    });
    let archive = archive.unwrap();
    let mut bytes = fs::read(&archive).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(&archive, bytes).unwrap();

    let good = |run: &Value| -> Vec<(String, bool)> {
        let one =
            |it: &Value| (it["backup_id"].as_str().unwrap().to_owned(), it["restorable"].as_bool().unwrap());
        run["backups"].as_array().unwrap().iter().map(one).collect()
    };
    let run = home.larder(&["--json", "verify", &ids[0], &ids[1]]).exits(1);
    assert_eq!(good(&run.json()), [(ids[0].clone(), true), (ids[1].clone(), false)]);
    let run = home.larder(&["--json", "verify", "--all"]).exits(1);
    let all = good(&run.json());
    assert_eq!(all.len(), 3);
    // The backup that was just verified comes last.
    assert_eq!(all[2], (ids[0].clone(), true));
    let run = home.larder(&["verify", "--all"]).exits(1);
    assert!(run.stdout.ends_with("3 backups read; 1 not good.\n"), "{}", run.stdout);

    home.larder(&["delete", &ids[0], "nope", &ids[1]]).exits(1).says("there is no backup nope");
    assert_eq!(home.archives().len(), 1);
}

#[test]
fn delete_asks_on_a_terminal_and_only_there() {
    let (home, ids) = home();
    let Some(run) = on_terminal(&home.command(&["delete", &ids[0]]), "n\n") else { return };
    let run = run.exits(1);
    assert!(run.stdout.contains("Delete this backup? [y/N]"), "{}", run.stdout);
    assert_eq!(home.archives().len(), 3);
    on_terminal(&home.command(&["delete", &ids[0], &ids[1]]), "y\n").unwrap().exits(0);
    assert_eq!(home.archives().len(), 1);
    on_terminal(&home.command(&["delete", "--yes", &ids[2]]), "").unwrap().exits(0);
    assert!(home.archives().is_empty());
}

#[test]
fn the_latest_backup_from_before_a_time_is_restored() {
    let home = TestHome::new();
    home.write("configuration.yaml", "homeassistant:\n  time_zone: Asia/Tokyo\n");
    let id = home.create();
    let to = home.root().join("to");
    let restore = |before: &str| home.larder(&["restore", "--before", before, "--to", to.to_str().unwrap()]);
    restore("2026-01-01").exits(1).says("there is no backup from before 2026-01-01");
    restore("yesterday").exits(2).says("expected a date or a time, such as 2026-11-20");
    let run = restore("2999-01-01T12:30").exits(0);
    assert!(run.stdout.contains(&id), "{}", run.stdout);
    home.larder(&["restore", "--to", to.to_str().unwrap()]).exits(2);
}
