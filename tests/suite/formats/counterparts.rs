//! Home Assistant's libraries and Larder read each other's archives, member by member.

use std::fs;
use std::path::{Path, PathBuf};

use larder_tests::{Members, TestHome, archives_in, assert_same_members, counterpart, describe, members};
use serde_json::Value;

use super::odd::{self, Grain};

/// `counterpart.py read` of an archive.
fn read(archive: &Path) -> Option<Members> {
    Some(members(&counterpart(&[Path::new("read"), archive])?))
}

/// The tree as an archive would contain it.
fn tree(directory: &Path) -> Option<Members> {
    Some(members(&counterpart(&[Path::new("describe"), Path::new("--prefix=data"), directory])?))
}

/// Makes a backup outside the home, whose directories then keep their times.
fn create(home: &TestHome) -> PathBuf {
    let backups = home.root().join("backups");
    home.larder(&["create", "--backups", backups.to_str().unwrap()]).exits(0);
    archives_in(&backups).remove(0)
}

fn restore(home: &TestHome, archive: &Path) -> PathBuf {
    let target = home.root().join("restored");
    let [from, to] = [archive, &target].map(|path| path.to_str().unwrap());
    home.larder(&["restore", from, "--to", to, "--keep-setuid"]).exits(0);
    target
}

/// The added empty log after the database, which is in the archive and not in the home.
const MADE_UP: &str = "data/home-assistant_v2.db-wal";

#[test]
fn everything_an_odd_home_holds_is_read_equal_by_home_assistants_libraries() {
    let home = odd::home(Grain::Nanoseconds);
    let archive = create(&home);
    let (Some(mut read), Some(wanted)) = (read(&archive), tree(&home.config())) else { return };
    assert_eq!(read.remove(MADE_UP).unwrap()["size"], 0);
    assert!(wanted.len() > 100, "the odd home is there");
    assert_same_members(&read, &wanted);
}

#[test]
fn everything_an_odd_home_holds_is_unpacked_equal_by_home_assistants_libraries() {
    let home = odd::home(Grain::Nanoseconds);
    let archive = create(&home);
    let unpacked = home.root().join("unpacked");
    if counterpart(&[Path::new("extract"), &archive, &unpacked]).is_none() {
        return;
    }
    let (Some(mut is), Some(mut wanted)) = (tree(&unpacked.join("data")), tree(&home.config())) else {
        return;
    };
    is.remove(MADE_UP);
    is.values_mut().chain(wanted.values_mut()).for_each(as_python_unpacks);
    assert_same_members(&is, &wanted);
}

/// Python's filter for tars drops set-id, sticky and others' write bits, and it leaves the time of a link.
fn as_python_unpacks(member: &mut Value) {
    let mode = u32::from_str_radix(member["mode"].as_str().unwrap(), 8).unwrap() & !0o7022;
    member["mode"] = format!("{mode:o}").into();
    if member["type"] == "symlink" {
        member["microseconds"] = 0.into();
    }
}

#[test]
fn everything_an_odd_home_holds_comes_back_equal_from_larders_own_archive() {
    let home = odd::home(Grain::Nanoseconds);
    let restored = restore(&home, &create(&home));
    assert_eq!(fs::read(restored.join("home-assistant_v2.db-wal")).unwrap(), b"");
    let is = describe(&restored, &["home-assistant_v2.db-wal"]);
    assert_eq!(is, describe(&home.config(), &[]));
    assert_names_of_one_file(&restored);
}

#[test]
fn everything_an_odd_home_holds_comes_back_equal_from_home_assistants_archive() {
    let home = odd::home(Grain::Microseconds);
    let archive = home.root().join("theirs.tar");
    if counterpart(&[Path::new("create"), &home.config(), &archive]).is_none() {
        return;
    }
    let restored = restore(&home, &archive);
    assert_eq!(describe(&restored, &[]), describe(&home.config(), &[]));
    assert_names_of_one_file(&restored);
}

/// Three names of one file stay one file.
#[track_caller]
fn assert_names_of_one_file(restored: &Path) {
    use std::os::unix::fs::MetadataExt;
    let inode = |name: &str| fs::metadata(restored.join(name)).unwrap().ino();
    let first = inode("links/a-first");
    assert_eq!([inode("links/b-second"), inode("zzz/third")], [first, first]);
}

#[test]
fn a_home_has_the_same_members_in_both_programs_archives() {
    let home = odd::home(Grain::Microseconds);
    let theirs = home.root().join("theirs.tar");
    if counterpart(&[Path::new("create"), &home.config(), &theirs]).is_none() {
        return;
    }
    let (Some(mut ours), Some(mut theirs)) = (read(&create(&home)), read(&theirs)) else { return };
    ours.remove(MADE_UP);
    ours.values_mut().chain(theirs.values_mut()).for_each(any_name_first);
    assert_same_members(&ours, &theirs);
}

/// Which of a file's names is the first depends on the order of the walk, which Home Assistant leaves to the system.
fn any_name_first(member: &mut Value) {
    if member["type"] == "hardlink" {
        member["type"] = "file".into();
        member["link"] = "".into();
    }
}
