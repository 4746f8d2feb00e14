//! Exclusions from a backup: Home Assistant's patterns, the user's, and the database.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use larder_tests::{TestHome, counterpart, describe, members};

/// Paths of a home, and whether a backup keeps them.
type Cases = &'static [(&'static str, bool)];

const STANDARD: Cases = &[
    ("configuration.yaml", true),
    (".storage/auth", true),
    // `**` matches any depth, including none; the contents are excluded, the directory stays.
    ("__pycache__/top.pyc", false),
    ("custom_components/rain/__pycache__/const.pyc", false),
    ("custom_components/rain/__pycache__/deep/er.pyc", false),
    ("custom_components/rain/pycache/const.pyc", true),
    ("__pycache__x/kept.pyc", true),
    (".DS_Store", false),
    ("www/.DS_Store", false),
    ("www/x.DS_Store", true),
    // Without `**`, only the top level.
    (".HA_RESTORE", false),
    ("www/.HA_RESTORE", true),
    (".HA_RESTORE_RESULT", true),
    ("zigbee.db-shm", false),
    ("home-assistant_v2.db-shm", false),
    ("www/zigbee.db-shm", true),
    ("home-assistant.log", false),
    ("home-assistant.log.1", false),
    ("home-assistant.log.fault", false),
    (".log", false),
    ("home-assistant.logs", true),
    ("log", true),
    ("www/kept.log", true),
    ("www/kept.log.1", true),
    ("OZW_Log.txt", false),
    ("www/OZW_Log.txt", true),
    ("ozw_log.txt", true),
    ("backups/one.tar", false),
    ("backups/.tar", false),
    ("backups/one.tar.gz", true),
    ("backups/notes.txt", true),
    ("backups/sub/kept.tar", true),
    ("www/backups/kept.tar", true),
    ("tmp_backups/one.tar", false),
    ("tmp_backups/sub/kept.tar", true),
    ("tts/word.mp3", false),
    ("tts/.hidden", false),
    ("tts/deep/er.mp3", false),
    ("www/tts/kept.mp3", true),
    (".cache/brands/icon.png", false),
    (".cache/plain", false),
    ("www/.cache/kept", true),
    ("home-assistant_v2.db", true),
    ("home-assistant_v2.db-wal", true),
    ("home-assistant_v2.db.old", true),
];

const EMPTIED: [&str; 6] =
    ["__pycache__", "custom_components/rain/__pycache__", "backups", "tmp_backups", "tts", ".cache"];

fn home_of<'a>(paths: impl IntoIterator<Item = &'a str>) -> TestHome {
    let home = TestHome::new();
    paths.into_iter().for_each(|path| home.write(path, path));
    home
}

fn standard_home() -> TestHome {
    home_of(STANDARD.iter().map(|(path, _)| *path))
}

/// The paths in the backup that `create` with these arguments makes.
#[track_caller]
fn kept(home: &TestHome, arguments: &[&str]) -> BTreeSet<String> {
    let backups = home.root().join("backups");
    let words = [&["--json", "create", "--backups", backups.to_str().unwrap()], arguments].concat();
    let file = home.larder(&words).exits(0).json()["file"].as_str().unwrap().to_owned();
    let restored = home.root().join("restored");
    let archive = backups.join(file);
    let _ = fs::remove_dir_all(&restored);
    home.larder(&["restore", archive.to_str().unwrap(), "--to", restored.to_str().unwrap()]).exits(0);
    fs::remove_file(archive).unwrap();
    describe(&restored, &[]).into_keys().map(|path| path.to_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn assert_kept(kept: &BTreeSet<String>, cases: &[(&str, bool)]) {
    let wrong: Vec<_> = cases.iter().filter(|(path, is_kept)| kept.contains(*path) != *is_kept).collect();
    assert!(wrong.is_empty(), "(path, is to be kept): {wrong:?}");
}

#[test]
fn a_backup_leaves_out_what_home_assistant_leaves_out() {
    let kept = kept(&standard_home(), &[]);
    assert_kept(&kept, STANDARD);
    assert_kept(&kept, &EMPTIED.map(|path| (path, true)));
}

#[test]
fn home_assistant_itself_leaves_out_the_same() {
    for (arguments, theirs) in [(&[][..], &[][..]), (&["--no-database"], &["--no-database"])] {
        let home = standard_home();
        let (config, archive) = (home.config(), home.root().join("theirs.tar"));
        let paths = [Path::new("create"), &config, &archive];
        let words: Vec<_> = paths.into_iter().chain(theirs.iter().map(Path::new)).collect();
        if counterpart(&words).is_none() {
            return;
        }
        let Some(read) = counterpart(&[Path::new("read"), &archive]) else { return };
        let names = members(&read).into_keys();
        let theirs: BTreeSet<_> =
            names.map(|name| name.strip_prefix("data").unwrap().trim_start_matches('/').to_owned()).collect();
        assert_eq!(kept(&home, arguments), theirs);
    }
}

#[test]
fn without_the_database_only_the_database_is_missing() {
    let home = standard_home();
    let (with, without) = (kept(&home, &[]), kept(&home, &["--no-database"]));
    let missing: Vec<_> = with.difference(&without).map(String::as_str).collect();
    assert_eq!(missing, ["home-assistant_v2.db", "home-assistant_v2.db-wal"]);
    assert!(without.is_subset(&with));
}

#[test]
fn a_write_ahead_log_stands_behind_the_recorders_database_even_when_there_is_none() {
    // Only for that one: others are stored with a log if they have one.
    let cases: [(&[&str], Cases); 4] = [
        (&["home-assistant_v2.db"], &[("home-assistant_v2.db-wal", true)]),
        (&["home-assistant_v2.db", "home-assistant_v2.db-wal"], &[("home-assistant_v2.db-wal", true)]),
        (&["other.db"], &[("other.db-wal", false), ("home-assistant_v2.db-wal", false)]),
        (&["www/home-assistant_v2.db"], &[("www/home-assistant_v2.db-wal", false)]),
    ];
    for (paths, wanted) in cases {
        assert_kept(&kept(&home_of(paths.iter().copied()), &[]), wanted);
    }
}

#[test]
fn the_write_ahead_log_is_the_member_behind_its_database() {
    let home = home_of(["home-assistant_v2.db", "home-assistant_v2.db-aaa", "home-assistant.yaml"]);
    home.create();
    let archive = home.archives().remove(0);
    let Some(read) = counterpart(&[Path::new("read"), &archive]) else { return };
    let rows = read["members"].as_array().unwrap();
    let hex = |name: &str| name.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let at = |name: &str| rows.iter().position(|row| row["name"] == hex(name)).unwrap();
    let (database, log) = (at("data/home-assistant_v2.db"), at("data/home-assistant_v2.db-wal"));
    assert_eq!(log, database + 1);
    assert_eq!((&rows[log]["size"], &rows[log]["type"]), (&0.into(), &"file".into()));
    for same in ["mode", "uid", "gid", "uname", "gname"] {
        assert_eq!(rows[log][same], rows[database][same], "{same}");
    }
}

/// A user's pattern, and paths of a home with whether they are then kept.
const OWN: &[(&str, Cases)] = &[
    (
        "media",
        &[("media", false), ("media/a/b.jpg", false), ("www/media/c.jpg", true), ("mediator.yaml", true)],
    ),
    ("media/", &[("media", false), ("media/a/b.jpg", false)]),
    ("media/*", &[("media", true), ("media/a", false), ("media/a/b.jpg", false)]),
    ("**/*.jpg", &[("media/a/b.jpg", false), ("top.jpg", false), ("media/a/b.png", true)]),
    ("*.jpg", &[("top.jpg", false), ("media/a/b.jpg", true)]),
    ("www/?.jpg", &[("www/1.jpg", false), ("www/12.jpg", true)]),
    ("**/cache", &[("cache/x", false), ("www/cache/x", false), ("www/caches/x", true)]),
    ("Grüße/*", &[("Grüße/Küche.txt", false)]),
    ("with space.txt", &[("with space.txt", false)]),
];

#[test]
fn a_persons_patterns_leave_out_what_they_match() {
    for (pattern, cases) in OWN {
        let home = TestHome::new();
        let files =
            cases.iter().map(|(path, _)| *path).filter(|path| path.contains('.') || path.ends_with('x'));
        files.for_each(|path| home.write(path, path));
        let kept = kept(&home, &["--exclude", pattern]);
        let wrong: Vec<_> = cases.iter().filter(|(path, is)| kept.contains(*path) != *is).collect();
        assert!(wrong.is_empty(), "{pattern}: (path, is to be kept) {wrong:?}, kept {kept:?}");
    }
}

#[test]
fn several_patterns_add_up_and_the_standard_ones_stay() {
    let home = home_of(["a.txt", "b.txt", "c.txt", "home-assistant.log"]);
    let kept = kept(&home, &["--exclude", "a.txt", "--exclude", "b.*"]);
    assert_kept(&kept, &[("a.txt", false), ("b.txt", false), ("c.txt", true), ("home-assistant.log", false)]);
}

#[test]
fn a_pattern_that_can_match_nothing_is_wrong_use_and_nothing_is_made() {
    let home = TestHome::new();
    for pattern in ["a[b", "/etc/passwd", "../outside", "www//x", "a***b", "", "./www"] {
        for dry_run in [&["--dry-run"][..], &[]] {
            let words = [&["create", "--exclude", pattern], dry_run].concat();
            home.larder(&words).exits(2).says(&format!("`{pattern}`"));
        }
    }
    assert!(home.archives().is_empty());
}

#[test]
fn a_dry_run_counts_what_each_pattern_leaves_out() {
    let home = home_of(["tts/one.mp3", "tts/deep/two.mp3", "home-assistant.log", "media/film.mkv"]);
    let answer = home.larder(&["--json", "create", "--dry-run", "--exclude", "media"]).exits(0).json();
    let left_out = answer["excluded"].as_array().unwrap();
    let count = |pattern: &str| {
        let found = left_out.iter().find(|item| item["pattern"] == pattern).unwrap();
        (found["entries"].as_u64().unwrap(), found["bytes"].as_u64().unwrap())
    };
    assert_eq!(count("tts/*"), (3, ("tts/one.mp3".len() + "tts/deep/two.mp3".len()) as u64));
    assert_eq!(count("*.log"), (1, "home-assistant.log".len() as u64));
    assert_eq!(count("media"), (2, "media/film.mkv".len() as u64));
    assert!(home.archives().is_empty());
}
