//! Unusual files among the backups: the good ones are listed, the bad ones named.

use std::fs;
use std::os::unix::net::UnixListener;
use std::process::Command;

use larder_tests::tar::{Tar, manifest, outer};
use larder_tests::{TestHome, describe_inside, names_in};

use super::victim;

/// Files that are not backups, each with a fragment of the reason.
fn bad(good: &[u8]) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let flipped = {
        let mut bytes = good.to_vec();
        bytes[10] ^= 1;
        bytes
    };
    vec![
        ("empty.tar", Vec::new(), "cut off"),
        ("text.tar", b"no backup".repeat(300), "checksum"),
        ("cut.tar", good[..1536].to_vec(), "cut off"),
        ("flipped.tar", flipped, "checksum"),
        ("stranger.tar", Tar::default().file("holiday.jpg", "x").end(), "backup.json"),
        ("up.tar", outer().file("../evil", "x").end(), "`..`"),
        ("huge.tar", Tar::default().file("backup.json", vec![b' '; 2 << 20]).end(), "1048576"),
        ("deep.tar", Tar::default().file("backup.json", "[".repeat(100_000)).end(), "not JSON"),
        ("twice.tar", outer().file("backup.json", manifest().to_string()).end(), "twice"),
    ]
}

fn library() -> (TestHome, [String; 2]) {
    let home = victim();
    let ids = [home.create(), home.create()];
    let good = fs::read(&home.archives()[0]).unwrap();
    for (name, bytes, _) in bad(&good) {
        home.write(format!("backups/{name}"), bytes);
    }
    (home, ids)
}

#[test]
fn list_shows_the_good_ones_and_names_the_bad_ones_with_reasons() {
    let (home, ids) = library();
    let listed = home.larder(&["--json", "list"]).exits(3).json();
    let mut found: Vec<_> = listed["backups"].as_array().unwrap().iter().map(|b| &b["backup_id"]).collect();
    found.reverse();
    assert_eq!(found, [ids[0].as_str(), ids[1].as_str()]);

    let unreadable = listed["unreadable"].as_array().unwrap();
    let cases = bad(&[0; 4096]);
    for (name, _, says) in &cases {
        let named = unreadable.iter().find(|item| item["path"] == *name);
        let reason = named.unwrap_or_else(|| panic!("{name} is not named"))["reason"].as_str().unwrap();
        assert!(reason.contains(says), "{name}: {reason}");
    }
    assert_eq!(unreadable.len(), cases.len());

    let text = home.larder(&["list"]).exits(3).stdout;
    assert!(ids.iter().all(|id| text.contains(id)) && text.contains("empty.tar: "), "{text}");
}

#[test]
fn bad_neighbours_disturb_neither_verify_restore_create_nor_delete() {
    let (home, [first, second]) = library();
    let before = describe_inside(&home.config(), &["backups"]);
    home.larder(&["verify", &first]).exits(0);
    home.write("configuration.yaml", "changed:\n");
    home.larder(&["restore", &second, "--yes"]).exits(0);
    assert_eq!(describe_inside(&home.config(), &["backups"]), before);
    home.create();
    let count = names_in(&home.backups()).len();
    home.larder(&["delete", &first]).exits(0);
    assert_eq!(names_in(&home.backups()).len(), count - 1);
    home.larder(&["show", &first]).exits(1).says("there is no backup");
}

#[test]
fn a_file_that_is_not_readable_as_a_backup_is_deleted_by_its_name_and_no_other_is() {
    let (home, _) = library();
    let good = home.archives().into_iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
    let bad: Vec<_> = bad(&[0; 4096]).into_iter().map(|(name, ..)| name).collect();
    for name in good.filter(|name| !bad.contains(&name.as_str())) {
        home.larder(&["delete", &name]).exits(1).says("there is no backup");
    }
    for name in bad {
        let run = home.larder(&["delete", name]).exits(0);
        assert!(run.stdout.contains(name), "{}", run.stdout);
    }
    home.larder(&["list"]).exits(0);
    assert_eq!(names_in(&home.backups()).iter().filter(|name| name.ends_with(".tar")).count(), 2);
}

#[test]
fn things_that_are_no_files_are_no_backups_and_nobody_waits_for_them() {
    let home = victim();
    let id = home.create();
    let at = |name: &str| home.backups().join(name);
    fs::create_dir(at("directory.tar")).unwrap();
    std::os::unix::fs::symlink("/nowhere", at("dangling.tar")).unwrap();
    std::os::unix::fs::symlink("loop.tar", at("loop.tar")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", at("endless.tar")).unwrap();
    assert!(Command::new("mkfifo").arg(at("pipe.tar")).status().unwrap().success());
    let _socket = UnixListener::bind(at("socket.tar")).unwrap();
    let listed = home.larder(&["--json", "list"]).exits(0).json();
    assert_eq!(listed["backups"].as_array().unwrap().len(), 1);
    assert_eq!(listed["backups"][0]["backup_id"], id.as_str());
    for name in ["directory.tar", "pipe.tar", "endless.tar", "socket.tar", "dangling.tar"] {
        let path = at(name);
        home.larder(&["verify", path.to_str().unwrap()]).exits(1).says(name);
    }
    home.larder(&["verify", &id]).exits(0);
}

#[test]
fn what_a_foreign_file_says_is_cut_and_turns_no_text_round() {
    let home = victim();
    let mut wordy = manifest();
    wordy["protected"] = "\u{202e}A".repeat(50_000).into();
    let wordy = Tar::default().file("./backup.json", wordy.to_string()).end();
    home.write("backups/wordy.tar", wordy);
    let mut turned = manifest();
    turned["name"] = "exe.\u{202e}rat\u{200b}".into();
    home.write("backups/turned.tar", Tar::default().file("./backup.json", turned.to_string()).end());
    let text = home.larder(&["list"]).exits(3).stdout;
    assert!(text.len() < 4096, "{} bytes", text.len());
    assert!(text.contains("wordy.tar") && text.contains("exe.\\u{202e}rat\\u{200b}"), "{text}");
    assert!(!text.contains(['\u{202e}', '\u{200b}']), "{text:?}");
}

/// Reversed text, a false line end, a hidden word, a joiner that joins nothing.
const TURNED: &str = "a\u{202e}b\u{2028}c\u{e0041}d\u{200d}e\u{9b}f\u{200f}g";
const SHOWN: &str = "a\\u{202e}b\\u{2028}c\\u{e0041}d\\u{200d}e\\u{9b}f\\u{200f}g";

#[test]
fn names_and_reasons_from_an_archive_are_shown_plain_and_not_at_any_length() {
    let home = victim();
    let mut long = manifest();
    long["name"] = format!("{TURNED}{}", "x".repeat(900)).into();
    let mut wrong = manifest();
    wrong["slug"] = serde_json::json!({ "x": TURNED });
    wrong["date"] = "y".repeat(100_000).into();
    wrong["compressed"] = format!("{TURNED}{}", "z".repeat(100_000)).into();
    let archive = |manifest: &serde_json::Value| {
        Tar::default().file("backup.json", manifest.to_string()).file(format!("{TURNED}.tar"), "x").end()
    };
    home.write("backups/long.tar", archive(&long));
    home.write("backups/wrong.tar", archive(&wrong));
    home.write(format!("backups/{TURNED}.tar"), "no backup");
    let long = home.path("backups/long.tar");
    let long = long.to_str().unwrap();
    for (command, status) in
        [(&["list"][..], 3), (&["show", long], 0), (&["verify", long], 1), (&["--json", "list"], 3)]
    {
        let run = home.larder(command).exits(status);
        for (text, most) in [(&run.stdout, 220_000), (&run.stderr, 10_000)] {
            let most = if command[0] == "--json" { most } else { 10_000 };
            assert!(text.len() < most, "{command:?}: {} bytes", text.len());
            let odd = text.chars().filter(|c| !c.is_ascii() && *c != '…' && *c != '–').collect::<String>();
            assert_eq!(odd, "", "{command:?}: {text}");
        }
    }
    assert!(home.larder(&["list"]).exits(3).stdout.contains(&format!("{SHOWN}.tar: ")));
    assert!(home.larder(&["show", long]).exits(0).stdout.contains(&format!("{SHOWN}xxx")));
    // JSON is escaped, and nothing of it is lost.
    let listed = home.larder(&["--json", "list"]).exits(3).json();
    let paths: Vec<_> =
        listed["unreadable"].as_array().unwrap().iter().map(|item| item["path"].clone()).collect();
    assert!(paths.contains(&format!("{TURNED}.tar").into()), "{paths:?}");
}
