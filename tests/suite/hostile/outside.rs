//! The outer tar: its members and `backup.json`.

use std::fs;

use larder_tests::tar::{Tar, gzip, manifest, outer};
use larder_tests::{TestHome, describe_inside};
use serde_json::{Value, json};

use super::{all_are_refused, case, elsewhere, save, victim};

fn inner() -> Vec<u8> {
    gzip(&Tar::home().end())
}

fn with(extra: impl FnOnce(Tar) -> Tar) -> Vec<u8> {
    extra(outer()).file("homeassistant.tar.gz", inner()).end()
}

/// A backup with that `backup.json`.
fn saying(manifest: impl AsRef<[u8]>) -> Vec<u8> {
    Tar::default().file("./backup.json", manifest).file("homeassistant.tar.gz", inner()).end()
}

fn changed(key: &str, value: Value) -> Vec<u8> {
    let mut manifest = manifest();
    manifest[key] = value;
    saying(manifest.to_string())
}

#[test]
fn outer_members_that_no_honest_writer_makes_are_refused() {
    all_are_refused(vec![
        case("up", with(|tar| tar.file("../evil", "x")), "`..`"),
        case("absolute", with(|tar| tar.file("/etc/evil", "x")), "absolute"),
        case("a size beyond the file", with(|tar| tar.member(b'0', "big", "", 1 << 40, "x")), "cut off"),
        case(
            "a size beyond all numbers",
            with(|tar| tar.member(b'0', "big", "", u64::MAX >> 1, "")),
            "cut off",
        ),
        case("a size that is too small", with(|tar| tar.member(b'0', "small", "", 1, [7; 600])), "checksum"),
        case("no backup.json", Tar::default().file("homeassistant.tar.gz", inner()).end(), "backup.json"),
        case("no home", outer().end(), "Home Assistant configuration, but the archive contains none"),
        case("a home that is no tar", outer().file("homeassistant.tar", "no tar").end(), "cut off"),
        case(
            "a home that is no gzip",
            outer().file("homeassistant.tar.gz", "no gzip".repeat(99)).end(),
            "checksum",
        ),
        case(
            "two gzip streams",
            outer().file("homeassistant.tar.gz", [inner(), inner()].concat()).end(),
            "other members may be hidden after it",
        ),
        case("an empty file", Vec::new(), "cut off"),
        case("no tar", b"not a tar at all. ".repeat(99), "checksum"),
    ]);
}

#[test]
fn members_that_nobody_knows_disturb_nothing_and_are_noted() {
    let cases = [
        ("symbolic link", with(|tar| tar.symlink("link", "/etc"))),
        ("hard link", with(|tar| tar.hard_link("link", "backup.json"))),
        ("device node", with(|tar| tar.member(b'4', "sda", "", 0, ""))),
        ("FIFO", with(|tar| tar.member(b'6', "pipe", "", 0, ""))),
        ("not UTF-8", with(|tar| tar.file(b"caf\xe9", "x"))),
    ];
    for (says, archive) in cases {
        let home = victim();
        let (archive, to) = (save(&home, &archive), elsewhere(&home));
        let verified = home.larder(&["verify", archive.to_str().unwrap()]).exits(0);
        assert!(verified.stdout.contains(says), "{says}: {}", verified.stdout);
        home.larder(&["restore", archive.to_str().unwrap(), "--to", to.to_str().unwrap()]).exits(0);
        assert_eq!(names(&to), ["configuration.yaml"], "{says}");
        let (copy, key) = (home.root().join("copy.tar"), home.password_file("key", "correct horse\n"));
        let words =
            ["encrypt", archive.to_str().unwrap(), "--to", copy.to_str().unwrap(), "--password-file", &key];
        home.larder(&words).exits(1).says("would be missing in a copy");
    }
}

#[test]
fn a_backup_json_that_is_none_is_refused() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let deep_inside = format!("{{\"slug\":\"a\",\"name\":\"b\",\"date\":\"c\",\"extra\":{{\"x\":{deep}}}}}");
    all_are_refused(vec![
        case("empty", saying(""), "not JSON"),
        case("not JSON", saying("{slug: 1}"), "not JSON"),
        case("not UTF-8", saying(b"{\"slug\":\"\xff\"}"), "not JSON"),
        case("cut short", saying(&manifest().to_string()[..40]), "not JSON"),
        case("deeply nested", saying(deep), "not JSON"),
        case("deeply nested inside", saying(deep_inside), "not JSON"),
        case("huge", saying(" ".repeat(2 << 20)), "more than 1048576 bytes"),
        case("a list", saying("[]"), "does not describe a backup"),
        case("a number", saying("1"), "does not describe a backup"),
        case("nothing in it", saying("{}"), "does not describe a backup"),
        case("slug of the wrong type", changed("slug", json!(1)), "does not describe a backup"),
        case("slug empty", changed("slug", json!("")), "`slug`"),
        case("slug huge", changed("slug", json!("s".repeat(9000))), "`slug`"),
        case("name of the wrong type", changed("name", json!({"a": 1})), "does not describe a backup"),
        case("name huge", changed("name", json!("n".repeat(9000))), "`name`"),
        case("date of the wrong type", changed("date", json!(null)), "does not describe a backup"),
        case("protected of the wrong type", changed("protected", json!("no")), "does not describe a backup"),
        case("folders of the wrong type", changed("folders", json!({})), "does not describe a backup"),
        case("add-ons of the wrong type", changed("addons", json!([1])), "does not describe a backup"),
        case(
            "home of the wrong type",
            changed("homeassistant", json!("2026.11.0")),
            "does not describe a backup",
        ),
    ]);
}

#[test]
fn texts_that_look_like_paths_lead_nowhere() {
    let home = victim();
    let evil = ["../../evil", "/etc/evil", "..", ".", "a/../../b", "evil\0x"];
    for (key, text) in ["slug", "name", "date"].into_iter().flat_map(|key| evil.map(|text| (key, text))) {
        let archive = save(&home, &changed(key, json!(text)));
        let to = elsewhere(&home);
        let run = home.larder(&["restore", archive.to_str().unwrap(), "--to", to.to_str().unwrap()]).exits(0);
        assert!(!run.stdout.contains('\0'));
        assert_eq!(names(&to), ["configuration.yaml"], "{key} {text:?}");
        fs::remove_dir_all(&to).unwrap();
        fs::write(home.backups().join("odd.tar"), fs::read(&archive).unwrap()).unwrap();
        let listed = home.larder(&["--json", "list"]).exits(0).json();
        let backup = &listed["backups"][0];
        let listed_key = if key == "slug" { "backup_id" } else { key };
        assert_eq!(backup[listed_key], text);
        assert_eq!(names(home.root()), ["config", "hostile.tar"], "{key} {text:?}");
    }
}

fn names(directory: &std::path::Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn texts_of_an_archive_cannot_steer_the_terminal() {
    let home = victim();
    let evil = "safe\u{1b}[2J\u{7}\r\n00000000  forged row\u{9b}31m";
    let mut manifest = manifest();
    for key in ["slug", "name", "date"] {
        manifest[key] = evil.into();
    }
    manifest["homeassistant"]["version"] = evil.into();
    manifest["folders"] = json!([evil]);
    manifest["addons"] = json!([{"name": evil, "slug": evil, "version": evil}]);
    let tar = Tar::default().file("./backup.json", manifest.to_string()).file(evil, "x");
    let archive = save(&home, &tar.file("homeassistant.tar.gz", inner()).end());
    fs::copy(&archive, home.backups().join("odd.tar")).unwrap();
    let (archive, to) = (archive.to_str().unwrap(), elsewhere(&home));
    let runs: &[&[&str]] = &[
        &["list"],
        &["show", archive],
        &["verify", archive],
        &["restore", archive, "--yes"],
        &["restore", archive, "--to", to.to_str().unwrap()],
    ];
    for arguments in runs {
        let run = home.larder(arguments);
        for (stream, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
            let odd = text.chars().find(|c| c.is_control() && *c != '\n');
            assert_eq!(odd, None, "{arguments:?} on {stream}: {text:?}");
            assert!(!text.contains("\n00000000  forged"), "{arguments:?} on {stream}: {text}");
        }
        assert!(run.status.is_some_and(|status| status != 2), "{arguments:?}: {run:?}");
    }
}

#[test]
fn the_staging_place_and_the_backups_cannot_come_from_an_archive() {
    let home = victim();
    let inner = Tar::home()
        .file("data/.larder-restore/plan", r#"{"version":1,"items":[],"root":null}"#)
        .file("data/.larder-restore/lock", "")
        .file("data/.larder-evil.partial", "x")
        .file("data/backups/precious.txt", "replaced")
        .file("data/backups/evil.tar", "x");
    let archive = save(&home, &inner.backup());
    let backups = describe_inside(&home.backups(), &[]);
    home.larder(&["restore", archive.to_str().unwrap(), "--yes"]);
    assert_eq!(names(&home.config()), ["backups", "configuration.yaml"]);
    assert_eq!(describe_inside(&home.backups(), &[]), backups);
    assert_eq!(fs::read_to_string(home.path("configuration.yaml")).unwrap(), "restored:\n");
    said_nothing_more(&home);
}

#[track_caller]
fn said_nothing_more(home: &TestHome) {
    let run = home.larder(&["list"]).exits(0);
    assert_eq!(run.stderr, "");
}
