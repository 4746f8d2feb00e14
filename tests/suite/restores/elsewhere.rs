//! Restores into another directory, and extraction of single files.

use std::fs;
use std::path::{Path, PathBuf};

use larder_tests::{TestHome, describe, describe_inside};

use super::rich;

fn saved() -> (TestHome, String) {
    let home = rich();
    let id = home.create();
    (home, id)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_new_or_empty_directory_gets_the_whole_home() {
    let (home, id) = saved();
    let original = describe_inside(&home.config(), &["backups"]);
    let places = ["new", "new/and/deep", "empty"].map(|name| home.root().join(name));
    fs::create_dir(&places[2]).unwrap();
    for (at, to) in places.iter().enumerate().rev() {
        home.larder(&["restore", &id, "--to", text(to)]).exits(0);
        let mut found = describe_inside(to, &[]);
        let mut original = original.clone();
        // An existing directory keeps its metadata.
        for tree in [&mut found, &mut original] {
            let _ = (at == 2).then(|| tree.remove(Path::new("")));
        }
        assert_eq!(found, original, "{to:?}");
        let _ = (at == 1).then(|| fs::remove_dir_all(home.root().join("new")).unwrap());
    }
    assert_eq!(describe_inside(&home.config(), &["backups"]), original);
}

#[test]
fn a_directory_with_something_in_it_is_wrong_use() {
    let (home, id) = saved();
    let to = home.root().join("used");
    fs::create_dir(&to).unwrap();
    fs::write(to.join("mine"), "precious").unwrap();
    let before = describe(&to, &[]);
    home.larder(&["restore", &id, "--to", text(&to)]).exits(2).says("not empty");
    home.larder(&["restore", &id, "--to", text(&to), "--force", "--yes"]).exits(2).says("not empty");
    home.larder(&["restore", &id, "--to", text(&home.config())]).exits(2).says("not empty");
    assert_eq!(describe(&to, &[]), before);
    let file = to.join("mine");
    home.larder(&["restore", &id, "--to", text(&file)]).exits(1).says("mine");
    assert_eq!(describe(&to, &[]), before);
}

#[test]
fn files_and_directories_are_taken_out_as_they_were() {
    let (home, id) = saved();
    let cases: &[&[&str]] = &[
        &["secrets.yaml"],
        &["www", "same.svg"],
        &["/www/", "same.svg"],
        &["data/www/backups"],
        &["secrets.yaml", "custom_components/mine", "media/empty"],
        &["to-directory", "www/absolute", "www/dangling"],
    ];
    for (number, paths) in cases.iter().enumerate() {
        let to = home.root().join(format!("out-{number}"));
        home.larder(&[&["extract", &id], *paths, &["--to", text(&to)]].concat()).exits(0);
        let found = describe(&to, &[]);
        for path in *paths {
            let path = path.trim_matches('/').trim_start_matches("data/");
            let expected = describe(&home.path(path), &[]);
            let below = |tree: &std::collections::BTreeMap<PathBuf, String>| {
                tree.keys().filter(|key| key.starts_with(path)).count()
            };
            assert_eq!(describe(&to.join(path), &[]), expected, "{path}");
            assert_eq!(below(&found), expected.len());
        }
        let asked = |key: &Path| {
            paths.iter().any(|path| {
                let path = Path::new(path.trim_matches('/').trim_start_matches("data/"));
                key.starts_with(path) || path.starts_with(key)
            })
        };
        assert!(found.keys().all(|key| asked(key)), "{found:#?}");
    }
}

#[test]
fn a_path_that_is_not_in_the_backup_fails_and_leaves_nothing() {
    let (home, id) = saved();
    let to = home.root().join("out");
    let cases: &[&[&str]] =
        &[&["missing.yaml"], &["secrets.yaml", "missing"], &["ww"], &["../config"], &["www/x"]];
    for paths in cases {
        let run = home.larder(&[&["extract", &id], *paths, &["--to", text(&to)]].concat());
        run.exits(1).says("there is no");
        assert!(!to.exists(), "{paths:?}");
    }
}

#[test]
fn what_is_there_already_is_never_overwritten() {
    let (home, id) = saved();
    let to = home.root().join("out");
    fs::create_dir_all(to.join("www")).unwrap();
    fs::write(to.join("secrets.yaml"), "mine").unwrap();
    fs::write(to.join("neighbour"), "mine").unwrap();
    let before = describe_inside(&to, &[]);
    for path in ["secrets.yaml", "www", "www/relative"] {
        home.larder(&["extract", &id, path, "--to", text(&to)]).exits(1).says("is already in");
        assert_eq!(describe_inside(&to, &[]), before, "{path}");
    }
    home.larder(&["extract", &id, "tools", "--to", text(&to)]).exits(0);
    assert_eq!(fs::read_to_string(to.join("neighbour")).unwrap(), "mine");
    assert!(to.join("tools/run").exists());
}
