//! Foreign backup files that become the home's.

use std::fs;
use std::path::{Path, PathBuf};

use larder_tests::tar::{Tar, gzip, manifest};
use larder_tests::{Mount, TestHome, describe_inside, names_in, noise};

/// A home, and the file of a backup of another one.
fn foreign(content: usize) -> (TestHome, PathBuf) {
    let other = TestHome::in_memory();
    other.write("www/large.bin", noise(content));
    other.larder(&["create", "--name", "Of the other house"]).exits(0);
    let home = TestHome::in_memory();
    let file = home.root().join("download (1).tar");
    fs::copy(other.archives().remove(0), &file).unwrap();
    (home, file)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_foreign_backup_is_listed_under_the_name_that_home_assistant_gives_it_and_is_the_same_file() {
    let (home, file) = foreign(3 << 20);
    let imported = home.larder(&["--json", "import", text(&file)]).exits(0).json();
    let id = imported["backup_id"].as_str().unwrap();
    let stored = home.archives().remove(0);
    let name = stored.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("Of_the_other_house_20") && imported["file"] == name, "{name}");
    assert!(fs::read(&stored).unwrap() == fs::read(&file).unwrap());
    assert_eq!(imported["restorable"], true);
    home.larder(&["verify", id]).exits(0);
    home.larder(&["restore", id, "--yes"]).exits(0);
    // It is verified already, and retention ignores backups of another home.
    home.larder(&["settings", "set", "retention.copies=1"]).exits(0);
    let told = home.larder(&["retention", "--dry-run"]).exits(0).stdout;
    assert!(told.contains("kept: made by another Home Assistant"), "{told}");
}

#[test]
fn what_is_there_already_or_is_no_good_backup_is_not_imported() {
    let (home, file) = foreign(5000);
    home.larder(&["import", text(&file)]).exits(0);
    let before = describe_inside(&home.backups(), &[]);
    let run = home.larder(&["import", text(&file)]).exits(1);
    run.says("already exists, as Of_the_other_house_").says("nothing was copied");
    let damaged = home.root().join("damaged.tar");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    // Another backup, in another file.
    let name = bytes.windows(5).position(|window| window == b"house").unwrap();
    bytes[name..name + 5].copy_from_slice(b"HOUSE");
    let slug = bytes.windows(8).position(|window| window == b"\"slug\":\"").unwrap() + 8;
    bytes[slug..slug + 8].copy_from_slice(b"00000000");
    fs::write(&damaged, bytes).unwrap();
    home.larder(&["import", text(&damaged)]).exits(1).says(text(&damaged)).says("damaged");
    let notes = home.root().join("notes.txt");
    fs::write(&notes, "no backup").unwrap();
    home.larder(&["import", text(&notes)]).exits(1).says(text(&notes));
    home.larder(&["import", text(&home.root().join("missing.tar"))]).exits(1).says("No such file");
    let fifo = home.root().join("fifo.tar");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    home.larder(&["import", text(&fifo)]).exits(1).says("not a regular file");
    assert_eq!(describe_inside(&home.backups(), &[]), before);
}

#[test]
fn a_protected_backup_is_imported_by_who_can_open_it() {
    let (home, _) = foreign(100);
    let right = home.password_file("right.txt", "a right password\n");
    let wrong = home.password_file("wrong.txt", "a wrong password\n");
    let other = TestHome::in_memory();
    other.larder(&["create", "--password-file", &right]).exits(0);
    let file = other.archives().remove(0);
    home.larder(&["import", text(&file), "--password-file", &wrong]).exits(1).says("wrong password");
    home.larder(&["import", text(&file)]).exits(1).says("none was given");
    assert!(home.archives().is_empty());
    let imported = home.larder(&["--json", "import", text(&file), "--password-file", &right]).exits(0).json();
    assert_eq!(imported["securetar"], 3);
}

#[test]
fn a_backup_of_a_supervisor_is_imported_with_what_cannot_be_restored_here() {
    let home = TestHome::in_memory();
    let mut says = manifest();
    says["folders"] = serde_json::json!(["ssl"]);
    let ssl = gzip(&Tar::default().file("./key.pem", "x").end());
    let outer = Tar::default().file("./backup.json", says.to_string());
    let bytes =
        outer.file("./homeassistant.tar.gz", gzip(&Tar::home().end())).file("./ssl.tar.gz", ssl).end();
    let file = home.root().join("supervisor.tar");
    fs::write(&file, bytes).unwrap();
    let said = home.larder(&["import", text(&file)]).exits(0).stdout;
    assert!(said.contains("folder ssl: only Home Assistant with a Supervisor restores it"), "{said}");
}

#[test]
fn without_room_nothing_is_begun() {
    let (home, file) = foreign(6 << 20);
    let kept = home.root().join("kept");
    let Some(_mount) = Mount::tmpfs(&kept, 4 << 20) else { return };
    let run = home.larder(&["--backups", text(&kept), "import", text(&file)]).exits(1);
    run.says("not enough space for the backup: it needs about 6.0").says("4.00 MiB is available");
    assert_eq!(names_in(&kept), [""; 0]);
}
