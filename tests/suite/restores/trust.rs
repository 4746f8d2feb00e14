//! Distrust: of archives from elsewhere, and of disks that report a successful write.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use larder_tests::tar::Tar;
use larder_tests::{TestHome, describe_inside, noise};
use serde_json::json;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// An archive that would give its author a root shell if root restores it.
fn shell() -> Tar {
    let of = |uid: &'static [u8], gid: &'static [u8]| [("uid", uid), ("gid", gid)];
    Tar::home()
        .pax(&of(b"0", b"0"))
        .file("data/www/sh", "#!/bin/sh\n")
        .mode(0o4755)
        .pax(&of(b"1234", b"42"))
        .file("data/www/shadow", "#!/bin/sh\n")
        .mode(0o2755)
        .pax(&of(b"1234", b"1234"))
        .file("data/www/own", "#!/bin/sh\n")
        .mode(0o4755)
        .pax(&of(b"0", b"42"))
        .directory("data/www/shared")
        .mode(0o2775)
}

#[test]
fn root_restores_no_set_id_bits_that_others_chose_unless_told_to() {
    if !is_root() {
        return println!("skipped: only root can give files away");
    }
    let home = TestHome::in_memory();
    let archive = home.root().join("foreign.tar");
    fs::write(&archive, shell().backup()).unwrap();
    let archive = archive.to_str().unwrap();
    let mode = |path: &str| fs::metadata(home.path(path)).unwrap().permissions().mode() & 0o7777;
    let modes = || ["www/sh", "www/shadow", "www/own", "www/shared"].map(mode);

    let run = home.larder(&["restore", archive, "--yes"]).exits(3);
    let says = "www/sh and 1 more: restored without the set-user-id and set-group-id bits";
    assert!(run.stdout.contains(says) && run.stdout.contains("--keep-setuid"), "{}", run.stdout);
    assert_eq!(modes(), [0o755, 0o755, 0o4755, 0o2775]);
    home.larder(&["restore", archive, "--yes", "--keep-setuid"]).exits(0);
    assert_eq!(modes(), [0o4755, 0o2755, 0o4755, 0o2775]);

    let to = home.root().join("out");
    let run = home.larder(&["extract", archive, "www/sh", "--to", to.to_str().unwrap()]).exits(3);
    assert!(run.stdout.contains("www/sh: restored without the set-user-id"), "{}", run.stdout);
}

#[test]
fn names_that_belong_to_larder_are_named_when_they_are_left_out() {
    let home = TestHome::in_memory();
    let archive = home.root().join("foreign.tar");
    let foreign = Tar::home().file("data/.larder-restore-me", "x").file("data/.larder-location", "x");
    fs::write(&archive, foreign.backup()).unwrap();
    let (archive, to) = (archive.to_str().unwrap(), home.root().join("new"));
    for words in [&["--yes"][..], &["--to", to.to_str().unwrap()]] {
        let run = home.larder(&[&["--json", "restore", archive], words].concat()).exits(3);
        let says = ".larder-location and 1 more: left out, because such names are reserved for Larder";
        assert_eq!(run.json()["notes"], json!([says]));
    }
    assert!(!home.path(".larder-location").exists() && !to.join(".larder-restore-me").exists());
}

#[test]
fn an_invalid_time_or_owner_is_ignored_and_named() {
    let values: [(&str, &[u8], &str); 4] = [
        ("mtime", b"nan", "time of modification"),
        ("mtime", b"1e30", "time of modification"),
        ("mtime", b"12345678901234567890", "time of modification"),
        ("uid", b"99999999999", "owner"),
    ];
    let home = TestHome::in_memory();
    let archive = home.root().join("odd.tar");
    for (key, value, what) in values {
        fs::write(&archive, Tar::home().pax(&[(key, value)]).file("data/odd", "whole").backup()).unwrap();
        let says = format!(
            "odd: the backup gives a{}{what} that no file can have",
            if what == "owner" { "n " } else { " " }
        );
        for words in [&["verify"][..], &["restore", "--yes"], &["restore", "--dry-run", "--yes"]] {
            let run = home.larder(&[&words[..1], &[archive.to_str().unwrap()], &words[1..]].concat());
            assert!(run.stdout.contains(&says), "{key}: {run:?}");
            run.exits(if words[0] == "verify" { 0 } else { 3 });
        }
        assert_eq!(fs::read_to_string(home.path("odd")).unwrap(), "whole");
    }
}

/// The smallest and the largest time of the kernel, on a file system that keeps them.
#[test]
fn a_file_of_the_first_or_the_last_second_is_stored_and_comes_back() {
    for (seconds, status) in [(i64::MIN, 0), (i64::MAX, 3)] {
        let home = TestHome::in_memory();
        home.write("odd", "whole");
        let times = rustix::fs::Timestamps {
            last_access: rustix::fs::Timespec { tv_sec: 0, tv_nsec: 0 },
            last_modification: rustix::fs::Timespec { tv_sec: seconds, tv_nsec: 0 },
        };
        rustix::fs::futimens(fs::File::open(home.path("odd")).unwrap(), &times).unwrap();
        let is_kept =
            std::os::unix::fs::MetadataExt::mtime(&fs::metadata(home.path("odd")).unwrap()) == seconds;
        if !is_kept {
            return println!("skipped: this file system does not keep such times");
        }
        let run = home.larder(&["create"]).exits(status);
        assert_eq!(run.stdout.contains("odd: stored; its time of modification is limited"), status == 3);
        let to = home.restore_latest();
        assert_eq!(fs::read_to_string(to.join("odd")).unwrap(), "whole");
    }
}

/// Three faults of a disk: a changed byte, a lost end, and zeros.
#[test]
fn a_disk_that_does_not_keep_what_was_written_is_noticed_before_anything_is_replaced() {
    let faults = [
        (
            "large.bin",
            "printf x | dd of=.larder-restore/new/large.bin bs=1 seek=1500000 conv=notrunc status=none",
        ),
        ("www/small.txt", "truncate -s 5 .larder-restore/new/www/small.txt"),
        ("www/small.txt", "head -c 12 /dev/zero > .larder-restore/new/www/small.txt"),
        ("www/secret.txt", "printf other-things > .larder-restore/new/www/secret.txt"),
    ];
    for (path, fault) in faults {
        let home = TestHome::new();
        home.write("large.bin", noise(3 << 20));
        home.write("www/small.txt", "twelve bytes");
        home.write("www/secret.txt", "twelve bytes");
        home.write("www/empty.txt", "");
        let id = home.create();
        home.write("www/small.txt", "changed");
        let before = describe_inside(&home.config(), &[]);
        let step = "restore: read the staged files back";
        let run = home.larder_meanwhile(step, fault, &["restore", &id, "--yes"]).exits(1);
        let run =
            run.says(&format!("{path} differs on the disk from what was written: nothing was put in place"));
        assert_eq!(describe_inside(&home.config(), &[]), before, "{fault}: {}", run.stderr);
        home.larder(&["restore", &id, "--yes"]).exits(0);
        assert_eq!(fs::read_to_string(home.path("www/small.txt")).unwrap(), "twelve bytes");
    }
}
