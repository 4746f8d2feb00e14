//! Restores: entries that are restored or kept, confirmation, and refusals.

mod asked;
mod database;
mod elsewhere;
mod names;
mod trust;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use larder_tests::tar::Tar;
use larder_tests::{Mount, Run, TestHome, command, describe, describe_inside};

/// A home with everything that Home Assistant's own restore loses.
fn rich() -> TestHome {
    let home = TestHome::in_memory();
    home.write("www/picture.svg", "<svg/>");
    home.write("secrets.yaml", "password: x\n");
    home.write("tools/run", "#!/bin/sh\n");
    home.write("www/backups/kept.tar", "no backup");
    home.write("custom_components/mine/backups/deep/kept.txt", "kept");
    home.write("www/backups.txt", "kept");
    fs::create_dir_all(home.path("media/empty")).unwrap();
    symlink("picture.svg", home.path("www/relative")).unwrap();
    symlink("/etc/hostname", home.path("www/absolute")).unwrap();
    symlink("/nowhere/at/all", home.path("www/dangling")).unwrap();
    symlink("media", home.path("to-directory")).unwrap();
    fs::hard_link(home.path("www/picture.svg"), home.path("same.svg")).unwrap();
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(home.path("tools/run"), Some(1234), Some(5678)).unwrap();
    }
    let modes = [("secrets.yaml", 0o600), ("tools/run", 0o4750), ("tools", 0o2775), ("media/empty", 0o1777)];
    for (path, mode) in modes {
        fs::set_permissions(home.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(home.path("www/picture.svg"), Some(1234), Some(5678)).unwrap();
        std::os::unix::fs::lchown(home.path("www/dangling"), Some(1234), Some(5678)).unwrap();
    }
    let old = std::time::UNIX_EPOCH + std::time::Duration::from_micros(1_500_000_000_123_456);
    for path in ["secrets.yaml", "media/empty", "media", "tools", "www"] {
        fs::File::open(home.path(path)).unwrap().set_modified(old).unwrap();
    }
    home
}

/// Changes of all kinds to a home.
fn ruin(home: &TestHome) {
    for path in ["www", "media", "tools", "custom_components"] {
        fs::remove_dir_all(home.path(path)).unwrap();
    }
    fs::remove_file(home.path("to-directory")).unwrap();
    home.write("to-directory/now/real", "x");
    home.write("configuration.yaml", "broken");
    home.write("added.yaml", "later");
    home.write(".storage/added", "later");
    fs::set_permissions(home.path("secrets.yaml"), fs::Permissions::from_mode(0o644)).unwrap();
}

#[test]
fn what_home_assistants_own_restore_loses_comes_back() {
    let home = rich();
    let before = describe(&home.config(), &["backups"]);
    let id = home.create();
    ruin(&home);
    home.larder(&["restore", &id, "--yes"]).exits(0);
    assert_eq!(describe(&home.config(), &["backups"]), before);
    let inode = |path: &str| std::os::unix::fs::MetadataExt::ino(&fs::metadata(home.path(path)).unwrap());
    assert_eq!(inode("same.svg"), inode("www/picture.svg"));
}

#[test]
fn a_home_that_is_a_mount_point_is_restored_like_any_other() {
    type Mounted = fn(&Path) -> Option<Mount>;
    let kinds: [(&str, Mounted); 2] = [("bind", Mount::bind), ("tmpfs", |at| Mount::tmpfs(at, 64 << 20))];
    for (kind, mount) in kinds {
        let plain = rich();
        let home = TestHome::in_memory();
        let Some(_mount) = mount(&home.config()) else { return };
        let status = Command::new("cp").arg("-a").arg(plain.config().join(".")).arg(home.config()).status();
        assert!(status.unwrap().success());
        let before = describe(&home.config(), &["backups"]);
        let id = home.create();
        ruin(&home);
        home.larder(&["restore", &id, "--yes"]).exits(0);
        assert_eq!(describe(&home.config(), &["backups"]), before, "{kind}");
    }
}

#[test]
fn something_mounted_inside_the_home_is_never_replaced() {
    let home = rich();
    let id = home.create();
    let Some(_mount) = Mount::tmpfs(&home.path("www/nas"), 1 << 20) else { return };
    home.write("www/nas/film.mkv", "precious");
    let before = describe_inside(&home.config(), &[]);
    home.larder(&["restore", &id, "--yes"]).exits(1).says("mounted").says("www").says("--to");
    assert_eq!(describe_inside(&home.config(), &[]), before);
}

/// A command line with other directories.
fn larder(home: &TestHome, places: &[(&str, &str)], arguments: &[&str]) -> Run {
    let mut command = command();
    command.arg("--config").arg(home.config());
    for (option, path) in places {
        command.arg(option).arg(home.path(path));
    }
    command.args(arguments);
    Run::of(command)
}

#[test]
fn backups_and_state_inside_the_home_survive() {
    let home = rich();
    let places = [("--state", "larder-state"), ("--backups", "my backups")];
    let created = larder(&home, &places, &["--json", "create"]).exits(0).json();
    let id = created["backup_id"].as_str().unwrap();
    home.write("larder-state/kept", "kept");
    home.write("my backups/notes.txt", "kept");
    home.write("backups/old.tar", "kept");
    home.write("backups/notes.txt", "kept");
    let survivors =
        || ["larder-state/kept", "my backups", "backups"].map(|path| describe(&home.path(path), &[]));
    let (before, rest) = (survivors(), ["backups", "my backups", "larder-state"]);
    let others = describe_inside(&home.config(), &rest);
    ruin(&home);
    larder(&home, &places, &["restore", id, "--yes"]).exits(0);
    assert_eq!(survivors(), before);
    assert_eq!(describe_inside(&home.config(), &rest), others);
}

#[test]
fn a_state_directory_too_deep_inside_the_home_is_refused_rather_than_lost() {
    let home = rich();
    let places = [("--state", "deep/down/state")];
    let created = larder(&home, &places, &["--json", "create"]).exits(0).json();
    let before = describe_inside(&home.config(), &[]);
    let run = larder(&home, &places, &["restore", created["backup_id"].as_str().unwrap(), "--yes"]);
    run.exits(1).says("deep/down/state").says("--to");
    let (mut before, mut after) = (before, describe_inside(&home.config(), &[]));
    for tree in [&mut before, &mut after] {
        tree.retain(|path, _| !path.starts_with("deep/down/state"));
    }
    assert_eq!(after, before);
}

#[test]
fn a_directory_that_comes_after_what_it_holds_gets_its_own_mode_and_time() {
    let home = TestHome::in_memory();
    let time: [(&str, &[u8]); 1] = [("mtime", b"1500000000.25")];
    let inner = Tar::default()
        .file("data/late/deep/file", "x")
        .file("data/configuration.yaml", "restored:\n")
        .pax(&time)
        .directory("data/late/deep")
        .mode(0o700)
        .pax(&time)
        .directory("data/late")
        .mode(0o1711)
        .pax(&time)
        .directory("data")
        .mode(0o750);
    let archive = home.root().join("late.tar");
    fs::write(&archive, inner.backup()).unwrap();
    home.larder(&["restore", archive.to_str().unwrap(), "--yes"]).exits(0);
    let found = describe(&home.config(), &[]);
    for (path, mode) in [("late/deep", "700"), ("late", "1711"), ("", "750")] {
        let expected = format!("directory {mode} 0:0 1500000000.250000");
        assert_eq!(found[Path::new(path)].replace(&owner(), "0:0"), expected, "{path:?}");
    }
}

/// The user and group of this process. Only root can give files away.
fn owner() -> String {
    format!("{}:{}", rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
}
