//! What a person does with locations, at each kind of server.

use larder_test_servers::{Kind, Server};
use larder_tests::{describe, names_in};

use super::{Home, table};

/// One server of each protocol and its file system, where the files can be seen.
const SERVERS: [Kind; 5] = [Kind::RcloneWebdav, Kind::WsgiDav, Kind::OpenSsh, Kind::Asyncssh, Kind::RcloneS3];

#[test]
fn a_backup_is_stored_listed_verified_restored_and_deleted_in_each_location() {
    for kind in SERVERS {
        let Some(server) = Server::start(kind) else { continue };
        let home = Home::new(&[table("away", &server, server.port)]);
        let before = describe(&home.home.config(), &["backups"]);
        let id = home.create(&["local", "away"]);

        let agents = home.list()["backups"][0]["agents"].clone();
        assert_eq!(agents.as_object().unwrap().len(), 2, "{kind:?}: {agents}");
        home.larder(&["delete", &id, "--yes"]).exits(0);
        assert_eq!(home.home.archives().len(), 0);

        let shown = home.larder(&["--json", "show", &id, "--location", "away"]).exits(0).json();
        assert_eq!(shown["backup"]["backup_id"], *id, "{kind:?}");
        let verified = home.larder(&["--json", "verify", &id, "--location", "away"]).exits(0).json();
        assert_eq!(verified["restorable"], true, "{kind:?}");
        let proof = &home.list()["backups"][0]["agents"];
        assert!(proof.to_string().contains("\"proof\":\"verified\""), "{kind:?}: {proof}");
        let out = home.home.root().join("out");
        home.larder(&["extract", &id, "--to", out.to_str().unwrap(), "www"]).exits(0);
        assert_eq!(names_in(&out.join("www")), ["picture.bin"], "{kind:?}");

        home.home.write("www/picture.bin", "gone");
        home.larder(&["restore", "latest", "--yes"]).exits(0);
        assert_eq!(describe(&home.home.config(), &["backups"]), before, "{kind:?}");

        home.larder(&["copy", &id, "--to", "local", "--location", "away"]).exits(0);
        assert_eq!(home.home.archives().len(), 1, "{kind:?}");
        home.larder(&["delete", &id, "--location", "all", "--yes"]).exits(0);
        assert_eq!(home.list()["backups"].as_array().unwrap().len(), 0, "{kind:?}");
    }
}

#[test]
fn a_new_location_is_filled_with_the_backups_that_it_lacks() {
    let Some((home, _server)) = Home::with_nas() else { return };
    let first = home.create(&["local"]);
    let second = home.create(&["local", "nas"]);
    let run = home.larder(&["--json", "copy", "--all", "--to", "nas"]).exits(0).json();
    assert_eq!(run["backups"].as_array().unwrap().len(), 1, "{run}");
    assert_eq!(run["backups"][0]["backup_id"], *first);
    home.larder(&["copy", &second, "--to", "nas"]).exits(1).says("already has the backup");
    let copies = home.list();
    for backup in copies["backups"].as_array().unwrap() {
        assert_eq!(backup["agents"].as_object().unwrap().len(), 2);
    }
}

#[test]
fn a_backup_that_is_only_away_leaves_nothing_here() {
    let Some((home, _server)) = Home::with_nas() else { return };
    home.create(&["nas"]);
    assert_eq!(home.holders(), ["webdav.nas"]);
    assert_eq!(home.home.archives().len(), 0);
    let staging = home.home.state().join("staging");
    let left: Vec<_> = names_in(&staging).into_iter().filter(|name| name.ends_with(".tar")).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_backup_that_is_only_away_is_found_by_commands_and_deleted_only_by_name() {
    let Some((home, _server)) = Home::with_nas() else { return };
    let id = home.create(&["nas"]);
    let shown = home.larder(&["show", &id]).exits(0).stdout;
    assert!(shown.lines().any(|line| line.contains("location") && line.contains("webdav.nas")), "{shown}");
    home.larder(&["delete", &id, "--yes"])
        .exits(1)
        .says(&format!("there is no copy of backup {id} in backup.local, but in webdav.nas"));
    home.larder(&["keep", &id]).exits(0);
    home.larder(&["delete", &id, "--location", "nas", "--yes"]).exits(1).says("marked as kept");
    assert_eq!(home.holders(), ["webdav.nas"]);
    home.larder(&["keep", &id, "--release"]).exits(0);
    home.larder(&["keep", "nope"]).exits(1).says("there is no backup nope");
}

#[test]
fn a_backup_that_a_location_out_of_reach_may_have_is_not_said_to_be_none() {
    let Some((home, server)) = Home::with_nas() else { return };
    drop(server);
    home.larder(&["delete", "nope", "--yes"]).exits(1).says("whether webdav.nas has it is unknown: ");
    home.larder(&["keep", "nope"]).exits(1).says("whether there is a backup nope is unknown: webdav.nas: ");
}

#[test]
fn a_mounted_share_is_a_location_with_the_layout_of_its_agent() {
    let home = Home::new(&[]);
    let share = home.home.root().join("share");
    std::fs::create_dir(&share).unwrap();
    let table = format!(
        "[locations.share]\nkind = \"directory\"\npath = \"{}\"\nlayout = \"synology\"\n",
        share.display()
    );
    home.home.options(table);
    let id = home.create(&["share"]);
    let names: Vec<_> = names_in(&share).into_iter().filter(|name| !name.starts_with('.')).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.iter().any(|name| name.ends_with("_meta.json")), "{names:?}");
    home.larder(&["verify", &id, "--location", "share"]).exits(0);
    // The share is not mounted: nothing is written into the empty mount point.
    let away = home.home.root().join("away");
    std::fs::rename(&share, &away).unwrap();
    std::fs::create_dir(&share).unwrap();
    home.larder(&["create", "--location", "share"]).exits(3).says("mounted");
    assert_eq!(names_in(&share), Vec::<String>::new());
}

#[test]
fn a_location_is_tested_with_an_object_that_does_not_stay() {
    let Some((home, server)) = Home::with_nas() else { return };
    let tested = home.larder(&["--json", "locations", "test", "nas"]).exits(0).json();
    assert_eq!(tested["good"], true, "{tested}");
    assert_eq!(super::files(&server), Vec::<String>::new());
    let known = home.larder(&["--json", "locations"]).exits(0).json();
    let nas = known["agents"].as_array().unwrap().iter().find(|it| it["agent_id"] == "webdav.nas").unwrap();
    assert_eq!((&nas["layout"], &nas["error"]), (&"webdav".into(), &serde_json::Value::Null));
    assert!(nas["as_of"].is_string(), "{nas}");
    home.larder(&["locations", "test", "nowhere"])
        .exits(2)
        .says("there is no location nowhere; there are backup.local");
}

#[test]
fn an_orphaned_archive_and_a_broken_record_are_named_and_hide_nothing() {
    // rclone would not see files that are put beside it for some minutes.
    let Some(server) = Server::start(Kind::WsgiDav) else { return };
    let home = Home::new(&[table("nas", &server, server.port)]);
    let id = home.create(&["nas"]);
    let folder = super::folder(&server.data);
    std::fs::write(folder.join("Other_2026-01-01_00.00_00000000.tar"), "x").unwrap();
    std::fs::write(folder.join("broken.metadata.json"), "{").unwrap();
    let listed = home.list();
    assert_eq!(listed["backups"].as_array().unwrap().len(), 1);
    assert_eq!(listed["backups"][0]["backup_id"], *id);
    let named: Vec<_> =
        listed["unreadable"].as_array().unwrap().iter().map(|it| it["path"].as_str().unwrap()).collect();
    assert_eq!(named, ["Other_2026-01-01_00.00_00000000.tar", "broken.metadata.json"]);
}

#[test]
fn a_copy_that_was_replaced_by_another_backup_is_neither_restored_nor_called_proven() {
    let Some(server) = Server::start(Kind::WsgiDav) else { return };
    let home = Home::new(&[table("nas", &server, server.port)]);
    let (first, second) = (home.create(&["nas"]), home.create(&["nas"]));
    let folder = super::folder(&server.data);
    let archive = |id: &str| {
        let listed = home.list();
        let backups = listed["backups"].as_array().unwrap().clone();
        let found = backups.iter().find(|backup| backup["backup_id"] == *id).unwrap().clone();
        folder.join(found["file"].as_str().unwrap())
    };
    let (one, two) = (archive(&first), archive(&second));
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
    std::fs::copy(&two, &one).unwrap();
    std::fs::File::options().append(true).open(&one).unwrap().set_modified(later).unwrap();
    let listed = home.larder(&["--json", "list", "--refresh"]).json();
    let backups = listed["backups"].as_array().unwrap();
    let changed = backups.iter().find(|backup| backup["backup_id"] == *first).unwrap();
    assert_eq!(changed["agents"]["webdav.nas"]["proof"], serde_json::Value::Null, "{changed}");
    home.larder(&["verify", &first, "--location", "nas"]).exits(1).says("it was replaced");
    home.larder(&["restore", &first, "--location", "nas", "--yes"]).exits(1).says("it was replaced");
    home.larder(&["status"]).exits(1);
}
