//! Malicious and invalid entries and journals.

use super::*;

#[test]
fn paths_that_leave_the_directory_or_fit_no_file_system_are_refused() {
    let home = Home::empty();
    let mut target = home.open(all()).unwrap();
    let long = "n".repeat(256);
    let deep = "d/".repeat(300) + "f";
    for path in ["../x", "a/../../x", "/etc/passwd", "a//b", "./a", "a/", "a\0b"] {
        assert!(matches!(refusal(put(&mut target, path, "x")), Error::Denied(_)), "{path}");
        assert!(matches!(refusal(target.add(&hard_link("l", path))), Error::Denied(_)), "{path}");
    }
    for path in ["", &long, &deep] {
        assert!(matches!(refusal(put(&mut target, path, "x")), Error::Invalid(_)), "{path}");
    }
    let timeless = Timestamp { seconds: 0, nanoseconds: 1_000_000_000 };
    assert!(matches!(
        refusal(target.add(&Entry { modified: timeless, ..directory("d") })),
        Error::Invalid(_)
    ));
    assert!(matches!(refusal(target.add(&entry("s", Kind::Unusable("a socket".into())))), Error::Invalid(_)));
    assert!(matches!(refusal(target.add(&symlink("s", ""))), Error::Invalid(_)));
    assert!(matches!(refusal(target.add(&symlink("s", "a\0b"))), Error::Invalid(_)));
}

#[test]
fn a_path_is_added_once_whatever_its_kind() {
    let home = Home::empty();
    let mut target = home.open(all()).unwrap();
    put(&mut target, "file", "x").unwrap();
    target.add(&directory("directory")).unwrap();
    target.add(&symlink("symlink", "file")).unwrap();
    target.add(&hard_link("hard", "file")).unwrap();
    target.add(&directory("")).unwrap();
    for path in ["file", "directory", "symlink", "hard"] {
        assert!(matches!(refusal(put(&mut target, path, "x")), Error::Exists(_)), "{path}");
        assert!(matches!(refusal(target.add(&directory(path))), Error::Exists(_)), "{path}");
        assert!(matches!(refusal(target.add(&symlink(path, "x"))), Error::Exists(_)), "{path}");
        assert!(matches!(refusal(target.add(&hard_link(path, "file"))), Error::Exists(_)), "{path}");
    }
    assert!(matches!(refusal(target.add(&directory(""))), Error::Exists(_)));
}

#[test]
fn nothing_is_written_through_a_link_or_a_file() {
    let home = Home::empty();
    let outside = tempfile::tempdir().unwrap();
    let mut target = home.open(all()).unwrap();
    target.add(&symlink("out", outside.path().as_os_str().as_bytes())).unwrap();
    put(&mut target, "file", "x").unwrap();
    target.add(&hard_link("hard", "file")).unwrap();
    for path in ["out/x", "out/y/x", "file/x", "hard/x"] {
        assert!(matches!(refusal(put(&mut target, path, "x")), Error::Invalid(_)), "{path}");
        assert!(matches!(refusal(target.add(&directory(path))), Error::Invalid(_)), "{path}");
    }
    for file in ["out", "out/x", "missing", "hard"] {
        assert!(matches!(refusal(target.add(&hard_link("another", file))), Error::Invalid(_)), "{file}");
    }
    target.commit().unwrap();
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    assert!(home.path.join("out").is_symlink());
}

#[test]
fn an_empty_new_state_does_not_empty_a_home() {
    let home = Home::with(&["configuration.yaml"]);
    let mut target = home.open(all()).unwrap();
    target.add(&directory("")).unwrap();
    assert!(matches!(refusal(target.commit()), Error::Invalid(_)));
    assert_eq!(home.names(), ["configuration.yaml"]);
}

#[test]
fn a_staging_area_that_is_a_symbolic_link_is_not_followed() {
    let home = Home::with(&["a"]);
    let outside = tempfile::tempdir().unwrap();
    fs::create_dir(outside.path().join("new")).unwrap();
    std::os::unix::fs::symlink(outside.path(), home.path.join(".larder-restore")).unwrap();
    assert!(matches!(refusal(recover(&home.path, &Steps::default())), Error::Denied(_)));
    assert!(matches!(refusal(home.open(all())), Error::Denied(_)));
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[test]
fn a_journal_that_is_damaged_or_leads_elsewhere_is_not_followed() {
    let item =
        |name: &str| format!(r#"{{"name":{:?},"old":true,"new":true,"late_mode":null}}"#, name.as_bytes());
    let plan = |version, name| format!(r#"{{"version":{version},"items":[{}],"root":null}}"#, item(name));
    let journals = [
        plan(1, "../victim"),
        plan(1, ".."),
        plan(1, ""),
        plan(1, ".larder-restore"),
        plan(2, "a"),
        "{".into(),
    ];
    for text in journals {
        let home = Home::with(&["a", "../victim", ".larder-restore/old/b", ".larder-restore/new/b"]);
        home.write(".larder-restore/plan", &text);
        let before = home.names();
        assert!(matches!(refusal(recover(&home.path, &Steps::default())), Error::Invalid(_)), "{text}");
        assert_eq!(home.names(), before);
        assert_eq!(home.read("../victim").as_deref(), Some("old"));
        assert_eq!(
            home.read(".larder-restore/old/b").as_deref(),
            Some("old"),
            "nothing that could be needed is removed"
        );
    }
}

#[test]
fn an_archive_with_very_many_links_reaches_a_limit_before_memory_runs_out() {
    let home = Home::empty();
    let mut target = home.open(all()).unwrap();
    let says = vec![b'x'; 4000];
    let error = (0..100_000).find_map(|n| target.add(&symlink(&format!("link{n}"), &says)).err());
    assert!(matches!(error, Some(Error::Limit(_))), "{error:?}");
}
