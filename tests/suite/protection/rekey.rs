//! A new password for a backup: in place and in one step, or as a copy, and never readable in between.

use std::fs;

use larder_tests::{Mount, TestHome, noise};

use super::{PASSWORD, Scene, versions};
use crate::cuts::{cut, steps};

/// A scene with a new password next to the old one, and a protected backup among the home's.
fn scene() -> (Scene, String, String) {
    let scene = Scene::new();
    scene.home.write("www/large.bin", noise(2 << 20));
    let new = scene.home.password_file("new.txt", "quite another password\n");
    let created = scene.opened(&["--json", "create"]).exits(0).json();
    let id = created["backup_id"].as_str().unwrap().to_owned();
    (scene, new, id)
}

#[test]
fn a_backup_gets_another_password_in_its_place_and_holds_what_it_held() {
    let (scene, new, id) = scene();
    let archive = scene.home.archives().remove(0);
    let shown = |scene: &Scene| scene.home.larder(&["--json", "show", &id]).exits(0).json()["backup"].clone();
    let before = shown(&scene);
    for (version, from, to) in [(3, &scene.right, &new), (2, &new, &scene.right), (3, &scene.right, &new)] {
        let number = version.to_string();
        let words = ["rekey", &id, "--new-password-file", to, "--securetar", &number];
        let said = scene.with(from, &words).exits(0).stdout;
        assert!(said.contains("now has the new password"), "{said}");
        assert_eq!(
            scene.home.archives(),
            std::slice::from_ref(&archive),
            "under the same name, and no other"
        );
        assert_eq!(versions(&archive), [Some(version)]);
        scene.with(to, &["verify", &id]).exits(0);
        scene.with(from, &["verify", &id]).exits(1).says("wrong password");
        let after = shown(&scene);
        for key in ["backup_id", "name", "date", "extra_metadata", "file"] {
            assert_eq!(after[key], before[key], "{key}");
        }
    }
    let restored = scene.root("restored");
    scene.with(&new, &["restore", &id, "--to", restored.to_str().unwrap()]).exits(0);
    assert!(fs::read(restored.join("www/large.bin")).unwrap() == noise(2 << 20));
    // Retention still treats it as verified, with its new size.
    scene.home.larder(&["settings", "set", "retention.copies=1"]).exits(0);
    let told = scene.home.larder(&["--json", "retention", "--dry-run"]).exits(0).stdout;
    assert!(!told.contains("its size has changed"), "{told}");
    // The next backup with either password is good, too.
    for password in [&scene.right, &new] {
        let created = scene.with(password, &["--json", "create"]).exits(0).json();
        scene.with(password, &["verify", created["backup_id"].as_str().unwrap()]).exits(0);
    }
}

#[test]
fn a_copy_under_another_password_leaves_the_backup_as_it_is() {
    let (scene, new, id) = scene();
    let before = fs::read(scene.home.archives().remove(0)).unwrap();
    let to = scene.root("copy.tar");
    let file = to.to_str().unwrap();
    let said = scene.opened(&["rekey", &id, "--new-password-file", &new, "--to", file]).exits(0).stdout;
    assert!(said.contains("was copied with the new password"), "{said}");
    assert!(fs::read(scene.home.archives().remove(0)).unwrap() == before);
    scene.with(&new, &["verify", file]).exits(0);
    scene.opened(&["verify", file]).exits(1).says("wrong password");
    // A file is never overwritten, not even the original.
    scene.opened(&["rekey", &id, "--new-password-file", &new, "--to", file]).exits(1).says("already exists");
    scene.with(&new, &["rekey", file, "--new-password-file", &scene.right]).exits(2).says("--to");
}

#[test]
fn a_key_of_the_ring_opens_it_from_now_on() {
    let (scene, _, id) = scene();
    scene.home.larder(&["key", "new", "--label", "this year"]).exits(0);
    scene.opened(&["rekey", &id, "--new-key", "this year"]).exits(0);
    let said = scene.home.larder(&["verify", &id]).exits(0).stdout;
    assert!(said.contains("opened with the key \"this year\""), "{said}");
    scene.home.larder(&["key", "new", "--label", "next year"]).exits(0);
    scene.home.larder(&["rekey", &id, "--key", "this year", "--new-key", "next year"]).exits(0);
    let said = scene.home.larder(&["verify", &id]).exits(0).stdout;
    assert!(said.contains("opened with the key \"next year\""), "{said}");
}

#[test]
fn what_cannot_be_given_another_password_is_refused_with_the_reason() {
    let (scene, new, id) = scene();
    let plain = scene.home.create();
    let before = scene.describe();
    let cases: [(&[&str], i32, &str); 5] = [
        (
            &["rekey", &plain, "--new-password-file", &new, "--password-file", &scene.right],
            1,
            "`larder encrypt` makes a copy",
        ),
        (&["rekey", &id, "--new-password-file", &new, "--password-file", &scene.wrong], 1, "wrong password"),
        (&["rekey", &id, "--new-password-file", &new], 1, "none was given"),
        (
            &["rekey", &id, "--password-file", &scene.right],
            2,
            "--new-password-file FILE or --new-password-prompt",
        ),
        (
            &["rekey", "nonesuch", "--new-password-file", &new, "--password-file", &scene.right],
            1,
            "there is no backup nonesuch",
        ),
    ];
    for (words, status, says) in cases {
        scene.home.larder(words).exits(status).says(says);
        assert_eq!(scene.describe(), before, "{words:?}");
    }
}

#[test]
fn a_process_that_is_killed_at_any_step_leaves_the_old_one_or_the_new_one() {
    let (scene, _, id) = scene();
    let template = &scene.home;
    let words = |home: &TestHome| -> Vec<String> {
        let [old, new] = ["right.txt", "new.txt"].map(|name| home.root().join(name).display().to_string());
        ["rekey", &id, "--password-file", &old, "--new-password-file", &new].map(str::to_owned).to_vec()
    };
    let run = |home: &TestHome, step: &str| {
        let words = words(home);
        cut(home, step, &words.iter().map(String::as_str).collect::<Vec<_>>());
    };
    let copy = template.copy();
    let all = steps(&copy, &words(&copy).iter().map(String::as_str).collect::<Vec<_>>());
    assert!(all.iter().any(|step| step.starts_with("draft: rename")), "{all:?}");
    let mut seen = [0, 0];
    for step in all.iter().filter(|step| step.starts_with("draft: ")) {
        let home = template.copy();
        run(&home, step);
        let opens = |file: &str| {
            let file = home.root().join(file);
            home.larder(&["verify", &id, "--password-file", file.to_str().unwrap()]).status == Some(0)
        };
        let (old, new) = (opens("right.txt"), opens("new.txt"));
        assert!(old != new, "{step}: {old} {new}");
        seen[usize::from(new)] += 1;
        assert_eq!(home.archives().len(), 1, "{step}");
        let names = larder_tests::names_in(&home.backups());
        assert_eq!(names.len(), 1, "{step}: the next command clears up: {names:?}");
    }
    assert!(seen[0] >= 5 && seen[1] >= 1, "{seen:?}");
}

#[test]
fn without_room_for_both_the_old_one_stays() {
    let scene = Scene::new();
    scene.home.write("www/large.bin", noise(6 << 20));
    let kept = scene.root("kept");
    let Some(_mount) = Mount::tmpfs(&kept, 8 << 20) else { return };
    let backups = ["--backups", kept.to_str().unwrap()];
    let created = scene.opened(&[&backups[..], &["--json", "create"]].concat()).exits(0).json();
    let id = created["backup_id"].as_str().unwrap();
    let new = scene.home.password_file("new.txt", "quite another password\n");
    let rekey = [&backups[..], &["rekey", id, "--new-password-file", &new]].concat();
    scene.opened(&rekey).exits(1).says("not enough space for the copy: it needs about 6.0");
    scene.opened(&[&backups[..], &["verify", id]].concat()).exits(0);
    assert_ne!(PASSWORD, "quite another password");
}
