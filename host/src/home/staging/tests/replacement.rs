//! Entries that a restore replaces, keeps, or refuses to replace.

use std::process::Command;
use std::sync::Arc;

use super::*;

fn keeping(home: &Home, keep: &[&str]) -> Options {
    Options { keep: keep.iter().map(|name| home.path.join(name)).collect(), ..home.options() }
}

#[test]
fn kept_paths_reserved_names_and_excepted_names_are_kept_as_they_are() {
    let home = Home::with(&["a", "gone/x", "backups/b.tar", ".larder-state/s", "home-assistant_v2.db"]);
    let options = keeping(&home, &["backups", "not-there", "../elsewhere"]);
    let mut target =
        Target::open(options, Scope::AllBut(names(&["home-assistant_v2.db", "absent"])), false).unwrap();
    for path in [
        "a",
        "backups/evil.tar",
        "www/backups/x",
        ".larder-state/s",
        ".larder-restore/plan",
        "absent",
        "not-there",
    ] {
        put(&mut target, path, "new").unwrap();
    }
    put(&mut target, "home-assistant_v2.db", "new").unwrap();
    target.commit().unwrap();
    assert_eq!(
        home.names(),
        [".larder-state", "a", "absent", "backups", "home-assistant_v2.db", "not-there", "www"]
    );
    for (path, text) in
        [("a", "new"), ("backups/b.tar", "old"), (".larder-state/s", "old"), ("home-assistant_v2.db", "old")]
    {
        assert_eq!(home.read(path).as_deref(), Some(text), "{path}");
    }
    assert_eq!(home.read("backups/evil.tar"), None);
    assert_eq!(home.read("www/backups/x").as_deref(), Some("new"));
    assert_eq!(home.read("absent").as_deref(), Some("new"), "an absent name cannot be kept");
}

#[test]
fn only_the_given_names_are_replaced_and_those_not_staged_are_removed() {
    let home = Home::with(&["db", "db-wal", "other"]);
    fs::set_permissions(&home.path, fs::Permissions::from_mode(0o700)).unwrap();
    let mut target = home.open(Scope::Only(names(&["db", "db-wal"]))).unwrap();
    put(&mut target, "db", "new").unwrap();
    target.add(&directory("")).unwrap();
    assert!(matches!(refusal(put(&mut target, "other", "new")), Error::Invalid(_)));
    target.commit().unwrap();
    assert_eq!(home.names(), ["db", "other"]);
    assert_eq!((home.read("db").as_deref(), home.read("other").as_deref()), (Some("new"), Some("old")));
    assert_eq!(home.path.metadata().unwrap().mode() & 0o7777, 0o700, "the directory is not among the named");
    for name in ["a/b", "", "..", "."] {
        assert!(matches!(refusal(home.open(Scope::Only(names(&[name])))), Error::Invalid(_)), "{name}");
    }
}

#[test]
fn adding_refuses_names_that_are_there_early_and_at_the_end() {
    let home = Home::with(&["a"]);
    let mut target = home.open(Scope::Add).unwrap();
    assert!(matches!(refusal(put(&mut target, "a/b", "new")), Error::Exists(_)));
    put(&mut target, "b", "new").unwrap();
    put(&mut target, "c", "new").unwrap();
    home.write("c", "old");
    assert!(matches!(refusal(target.commit()), Error::Exists(_)));
    assert_eq!(home.names(), ["a", "c"]);
}

#[test]
fn a_directory_made_for_a_target_goes_with_it_and_stays_when_committed() {
    let home = Home::empty();
    let options = || Options { directory: home.path.join("x/y"), ..home.options() };
    assert!(matches!(refusal(Target::open(options(), all(), false)), Error::NotFound(_)));
    drop(Target::open(options(), Scope::Add, false).unwrap());
    assert_eq!(home.names(), Vec::<String>::new());
    let mut target = Target::open(options(), Scope::Add, false).unwrap();
    target.add(&Entry { mode: 0o710, ..directory("") }).unwrap();
    put(&mut target, "a", "new").unwrap();
    target.commit().unwrap();
    assert_eq!(home.read("x/y/a").as_deref(), Some("new"));
    assert_eq!(home.path.join("x/y").metadata().unwrap().mode() & 0o7777, 0o710);
}

#[test]
fn a_path_to_keep_that_is_too_deep_is_refused_unless_its_top_is_kept() {
    let home = Home::with(&["a/b/backups/x", "c"]);
    let keep = || keeping(&home, &["a/b/backups"]);
    assert!(matches!(refusal(Target::open(keep(), all(), false)), Error::Denied(_)));
    assert!(matches!(refusal(Target::open(keeping(&home, &["."]), all(), false)), Error::Denied(_)));
    assert!(Target::open(keep(), Scope::AllBut(names(&["a"])), false).is_ok());
    assert!(Target::open(keep(), Scope::Only(names(&["c"])), false).is_ok());
    assert!(
        Target::open(keeping(&home, &["a/b/none"]), all(), false).is_ok(),
        "nothing is lost that is not there"
    );
    std::os::unix::fs::symlink(home.path.join("a/b/backups"), home.path.join("link")).unwrap();
    assert!(matches!(refusal(Target::open(keeping(&home, &["link"]), all(), false)), Error::Denied(_)));
}

#[test]
fn a_live_staging_area_is_left_alone_and_a_second_one_is_refused() {
    let home = Home::with(&["a"]);
    let mut target = home.open(all()).unwrap();
    put(&mut target, "a", "new").unwrap();
    assert!(matches!(refusal(recover(&home.path, &Steps::default())), Error::InUse(_)));
    assert!(matches!(refusal(home.open(all())), Error::InUse(_)));
    target.commit().unwrap();
    assert_eq!(home.read("a").as_deref(), Some("new"));
    assert_eq!(recover(&home.path, &Steps::default()), Ok(Recovered::Nothing));
    assert_eq!(recover(&home.path.join("none"), &Steps::default()), Ok(Recovered::Nothing));
}

#[test]
fn a_name_that_appears_meanwhile_rolls_the_restore_back() {
    let home = Home::with(&["a", "b/c"]);
    let mut before = tree(&home.path);
    let foreign = home.path.join("z-added");
    let writes = foreign.clone();
    let steps = Steps(Arc::new(move |step| {
        if step == "restore: place b" {
            fs::write(&writes, "foreign").unwrap();
        }
    }));
    let mut target = Target::open(Options { steps, ..home.options() }, all(), false).unwrap();
    for path in ["a", "b/c", "z-added"] {
        put(&mut target, path, "new").unwrap();
    }
    let error = refusal(target.commit());
    assert!(matches!(&error, Error::Exists(text) if text.contains("z-added")), "{error}");
    let mut after = tree(&home.path);
    assert!(after.remove(b"z-added".as_slice()).is_some());
    before.retain(|path, _| !path.is_empty());
    after.retain(|path, _| !path.is_empty());
    assert_eq!(after, before);
}

#[test]
fn an_entry_that_appears_under_a_replaced_name_is_replaced() {
    let home = Home::with(&["a", "b/c"]);
    let appears = home.path.join("b");
    let steps = Steps(Arc::new(move |step| {
        if step == "restore: place b" {
            fs::create_dir(&appears).unwrap();
            fs::write(appears.join("foreign"), "foreign").unwrap();
        }
    }));
    let mut target = Target::open(Options { steps, ..home.options() }, all(), false).unwrap();
    put(&mut target, "b/c", "new").unwrap();
    target.commit().unwrap();
    assert_eq!((home.names(), home.read("b/foreign")), (vec!["b".to_owned()], None));
    assert_eq!(home.read("b/c").as_deref(), Some("new"));
}

/// A bind mount, removed when the test ends.
struct Bind(PathBuf);

impl Bind {
    fn mount(from: &Path, to: &Path) -> Option<Self> {
        let status = Command::new("mount").arg("--bind").args([from, to]).status();
        status.is_ok_and(|status| status.success()).then(|| Self(to.to_path_buf()))
    }
}

impl Drop for Bind {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn mount_points_are_refused_at_any_depth_unless_they_are_kept() {
    let home = Home::with(&["a", "file", "www/my nas/x", "mounted/x"]);
    let outside = Home::with(&["precious", "precious-file"]);
    if !is_root() {
        return println!("skipped: only root can mount");
    }
    let places = [
        ("www/my nas", outside.path.clone()),
        ("file", outside.path.join("precious-file")),
        ("mounted", outside.path.clone()),
    ];
    for (place, from) in places {
        let Some(_bind) = Bind::mount(&from, &home.path.join(place)) else {
            return println!("skipped: nothing can be mounted here");
        };
        let error = refusal(home.open(all()));
        let top = place.split('/').next().unwrap();
        assert!(
            matches!(&error, Error::Denied(text) if text.contains(top) && text.contains("--to")),
            "{error}"
        );
        assert!(home.open(Scope::Only(names(&["a"]))).is_ok());
        let mut target = home.open(Scope::AllBut(names(&[top]))).unwrap();
        put(&mut target, "a", "new").unwrap();
        drop(target);
    }
    assert_eq!(outside.names(), ["precious", "precious-file"]);
}

#[test]
fn a_name_that_becomes_a_mount_point_in_the_middle_rolls_the_restore_back() {
    let home = Home::with(&["a", "b/c", "www/x"]);
    let outside = Home::with(&["precious"]);
    if !is_root() {
        return println!("skipped: only root can mount");
    }
    let bind = Arc::new(std::sync::Mutex::new(None));
    let (from, to, kept) = (outside.path.clone(), home.path.join("www"), bind.clone());
    let steps = Steps(Arc::new(move |step| {
        if step == "restore: take b away" {
            *kept.lock().unwrap() = Bind::mount(&from, &to);
        }
    }));
    let mut target = Target::open(Options { steps, ..home.options() }, all(), false).unwrap();
    for path in ["a", "b/c", "www/x", "z"] {
        put(&mut target, path, "new").unwrap();
    }
    let outcome = target.commit();
    if bind.lock().unwrap().take().is_none() {
        return println!("skipped: nothing can be mounted here");
    }
    assert!(matches!(refusal(outcome), Error::Io(text) if text.contains("www")));
    assert_eq!(home.names(), ["a", "b", "www"]);
    assert_eq!((home.read("a").as_deref(), home.read("www/x").as_deref()), (Some("old"), Some("old")));
    assert_eq!(outside.read("precious").as_deref(), Some("old"));
}
