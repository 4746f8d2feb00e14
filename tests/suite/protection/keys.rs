//! Keys: new ones, the key ring that only its owner may read, and the emergency kit.

use std::collections::HashSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use larder_tests::{Run, assert_snapshot};

use super::{PASSWORD, Scene, refused, ways};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Seven groups of four capital letters and digits, as Home Assistant's frontend makes them.
#[track_caller]
fn assert_key(key: &str) {
    let groups: Vec<&str> = key.split('-').collect();
    let is_group = |group: &&str| {
        group.len() == 4 && group.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
    };
    assert!(groups.len() == 7 && groups.iter().all(is_group), "{key}");
}

/// Puts a key into the ring under a label.
fn add(scene: &Scene, label: &str, key: &str) {
    let file = scene.home.password_file("added.txt", key);
    scene.with(&file, &["key", "add", "--label", label]).exits(0);
    fs::remove_file(file).unwrap();
}

#[test]
fn new_keys_have_the_form_of_home_assistants_and_are_all_different() {
    let scene = Scene::new();
    let new = || {
        let run = scene.home.larder(&["key", "new"]).exits(0);
        assert_eq!(run.stderr, "");
        run.stdout.strip_suffix('\n').unwrap().to_owned()
    };
    let keys: HashSet<String> = std::iter::repeat_with(new).take(5).collect();
    assert_eq!(keys.len(), 5);
    keys.iter().for_each(|key| assert_key(key));
}

#[test]
fn a_key_file_is_for_its_owner_alone_opens_what_it_protected_and_is_never_overwritten() {
    let scene = Scene::new();
    let file = scene.root("key.txt");
    let new = ["key", "new", "--to", file.to_str().unwrap()];
    let run = scene.home.larder(&new).exits(0);
    let key = fs::read_to_string(&file).unwrap();
    let key = key.strip_suffix('\n').unwrap();
    assert_key(key);
    assert!(!run.stdout.contains(key), "{}", run.stdout);
    assert_eq!(mode(&file), 0o600);
    let run = scene.home.larder(&new).exits(1).says("already exists").says(file.to_str().unwrap());
    run.says("no key was created");
    assert!(fs::read_to_string(&file).unwrap().starts_with(key), "the old key is still there");
    let created = scene.with(file.to_str().unwrap(), &["--json", "create"]).exits(0).json();
    let id = created["backup_id"].as_str().unwrap();
    scene.with(file.to_str().unwrap(), &["verify", id]).exits(0);
    let kit = scene.root("kit.txt");
    let write = ["key", "kit", "--to", kit.to_str().unwrap()];
    scene.with(file.to_str().unwrap(), &write).exits(0);
    assert_eq!(mode(&kit), 0o600);
    assert!(fs::read_to_string(&kit).unwrap().contains(key));
    scene.with(file.to_str().unwrap(), &write).exits(1).says("already exists");
}

#[test]
fn a_key_of_the_ring_protects_and_opens_without_anything_typed() {
    let scene = Scene::new();
    let run = scene.home.larder(&["key", "new", "--label", "the first"]).exits(0);
    assert!(run.stdout.contains("key kit"), "{}", run.stdout);
    assert_eq!(mode(&scene.home.key_ring()), 0o600);
    let created = scene.home.larder(&["--json", "create", "--key", "the first"]).exits(0).json();
    assert_eq!(created["securetar"], 3);
    let id = created["backup_id"].as_str().unwrap();
    let said = scene.home.larder(&["verify", id]).exits(0).stdout;
    assert!(said.contains("SecureTar 3, opened with the key \"the first\""), "{said}");
    scene.home.larder(&["verify", id, "--key", "another"]).exits(1).says("there is no key \"another\"");
    scene.home.larder(&["create", "--key", "another"]).exits(1).says("there is no key \"another\"");
    // The command line or the environment can select another ring.
    let other = scene.home.password_file("other.json", fs::read(scene.home.key_ring()).unwrap());
    fs::set_permissions(&other, Permissions::from_mode(0o600)).unwrap();
    fs::rename(scene.home.key_ring(), scene.root("away.json")).unwrap();
    scene.home.larder(&["verify", id]).exits(1).says("none was given");
    scene.home.larder(&["verify", id, "--key-ring", &other]).exits(0);
    let mut command = scene.home.command(&["verify", id]);
    command.env("LARDER_KEY_RING", &other);
    Run::of(command).exits(0);
    // A key is used when it is named, or to read; otherwise a new backup stays unprotected.
    assert_eq!(
        scene.home.larder(&["--json", "create"]).exits(0).json()["securetar"],
        serde_json::Value::Null
    );
}

#[test]
fn old_keys_in_the_ring_open_old_backups_and_it_is_said_which_one_fitted() {
    let scene = Scene::new();
    let archives = scene.every_version();
    add(&scene, "before the move", PASSWORD);
    add(&scene, "later", "AAAA-BBBB");
    add(&scene, "now", "CCCC-DDDD");
    let listed = scene.home.larder(&["key", "list"]).exits(0).stdout;
    for label in ["before the move", "later", "now", scene.home.key_ring().to_str().unwrap()] {
        assert!(listed.contains(label), "{label} in {listed}");
    }
    assert!(![PASSWORD, "AAAA", "CCCC"].iter().any(|key| listed.contains(key)), "{listed}");
    for (version, archive) in &archives {
        let file = archive.to_str().unwrap();
        for word in ["verify", "check-password"] {
            let said = scene.home.larder(&["--json", word, file]).exits(0).json();
            assert_eq!(said["key"], "before the move", "{word} of version {version}");
        }
        let to = scene.root(&format!("restored {version}"));
        let said = scene.home.larder(&["restore", file, "--to", to.to_str().unwrap()]).exits(0).stdout;
        assert!(said.contains("opened with the key \"before the move\""), "{said}");
        // Only the given one counts.
        scene.with(&scene.wrong, &["verify", file]).exits(1).says("wrong password");
        scene.home.larder(&["verify", file, "--key", "now"]).exits(1).says("wrong password");
    }
}

#[test]
fn when_no_key_of_the_ring_fits_it_says_how_many_were_tried() {
    let scene = Scene::new();
    let archives = scene.every_version();
    let says =
        ["the only key in the key ring does not open it", "none of the 2 keys in the key ring opens it"];
    for (number, says) in says.into_iter().enumerate() {
        add(&scene, &format!("label {number}"), &format!("KEY{number}"));
        for (_, archive) in &archives {
            for way in ways(&scene, archive) {
                let said = refused(&scene, &way, None, "password_incorrect");
                assert!(said.contains(says), "{way:?}: {said}");
                assert!(!said.contains("KEY"), "{said}");
            }
        }
    }
}

#[test]
fn a_ring_that_others_can_read_is_refused_with_what_to_run() {
    let scene = Scene::new();
    let id = scene.opened(&["--json", "create"]).exits(0).json();
    let id = id["backup_id"].as_str().unwrap();
    add(&scene, "mine", PASSWORD);
    let ring = scene.home.key_ring();
    let commands: [&[&str]; 5] = [
        &["verify", id],
        &["create", "--key", "mine"],
        &["key", "list"],
        &["key", "new", "--label", "next"],
        &["key", "kit", "--key", "mine"],
    ];
    for open in [0o640, 0o604, 0o660] {
        fs::set_permissions(&ring, Permissions::from_mode(open)).unwrap();
        let before = fs::read(&ring).unwrap();
        for words in commands {
            let run = scene.home.larder(words).exits(1).says(&format!("chmod 600 {}", ring.display()));
            assert!(!run.stderr.contains(PASSWORD), "{}", run.stderr);
        }
        assert_eq!((fs::read(&ring).unwrap(), mode(&ring)), (before, open));
    }
    fs::set_permissions(&ring, Permissions::from_mode(0o600)).unwrap();
    scene.home.larder(&["verify", id]).exits(0);
}

#[test]
fn a_ring_that_is_damaged_or_missing_is_named_and_never_quoted() {
    let scene = Scene::new();
    let archive = scene.ours(2);
    let file = archive.to_str().unwrap();
    let ring = scene.home.password_file("ring.json", "[{\"label\": \"a\", \"key\": \"GEHEIM");
    fs::set_permissions(&ring, Permissions::from_mode(0o600)).unwrap();
    let run = scene.home.larder(&["--json", "verify", file, "--key-ring", &ring]).exits(2);
    assert!(run.says("the key ring is not usable: line 1").stderr.contains("correct the file"));
    let run = scene.home.larder(&["-v", "--json", "key", "list", "--key-ring", &ring]).exits(2);
    assert!(!(run.stdout + &run.stderr).contains("GEHEIM"));
    let missing = scene.root("missing.json");
    let run = scene.home.larder(&["verify", file, "--key-ring", missing.to_str().unwrap()]);
    let run = run.exits(1).says("cannot open the key ring").says(missing.to_str().unwrap());
    run.says("create one with `larder key new --label LABEL`");
}

#[test]
fn a_label_that_is_taken_and_a_key_that_is_none_leave_the_ring_as_it_was() {
    let scene = Scene::new();
    add(&scene, "taken", PASSWORD);
    let before = fs::read(scene.home.key_ring()).unwrap();
    let run = scene.home.larder(&["key", "new", "--label", "taken"]).exits(2);
    run.says("the key ring already has a key \"taken\"; choose another label");
    scene.home.larder(&["key", "add", "--label", "next"]).exits(2).says("which key?");
    scene.home.larder(&["key", "new", "--label", " "]).exits(2).says("a key needs a label");
    assert_eq!(fs::read(scene.home.key_ring()).unwrap(), before);
}

#[test]
fn an_emergency_kit_reads_as_it_should_and_its_commands_work() {
    let scene = Scene::new();
    add(&scene, "now", PASSWORD);
    let kit = scene.home.larder(&["key", "kit", "--key", "now"]).exits(0).stdout;
    let date = kit.lines().find_map(|line| line.strip_prefix("Made on:   ")).unwrap().to_owned();
    assert_snapshot("key-kit", &kit, &[(&date, "[day]"), (PASSWORD, "[key]")]);
    // With the text of the sheet alone, a user can restore.
    let archive = scene.ours(3);
    let (file, key) = (archive.to_str().unwrap(), scene.home.password_file("key.txt", PASSWORD));
    let commands = kit.lines().filter_map(|line| Some(line.split_once("  larder ")?.1.to_owned()));
    let mut count = 0;
    for command in commands {
        let to = scene.root("NEW-DIR");
        let places = [("BACKUP.tar", file), ("key.txt", &key), ("NEW-DIR", to.to_str().unwrap())];
        let words: Vec<&str> = command
            .split_whitespace()
            .map(|word| places.iter().find(|(name, _)| *name == word).map_or(word, |(_, path)| path))
            .collect();
        let mut larder = larder_tests::command();
        larder.args(&words).arg("--state").arg(scene.home.state());
        Run::of(larder).exits(0);
        count += 1;
    }
    assert_eq!(count, 3, "try it, check it, restore");
    assert!(scene.root("NEW-DIR").join("configuration.yaml").exists());
}

#[test]
fn what_a_killed_process_left_of_a_ring_in_the_making_is_removed_by_the_next() {
    let scene = Scene::new();
    add(&scene, "first", "AAAA-1111");
    let ring = scene.home.key_ring();
    let left = ring.with_file_name(".larder-keys-left");
    fs::write(&left, "half a ring").unwrap();
    add(&scene, "second", "BBBB-2222");
    assert!(!left.exists());
    assert!(fs::read_to_string(ring).unwrap().contains("BBBB-2222"));
}

fn labels(scene: &Scene) -> Vec<String> {
    let listed = scene.home.larder(&["--json", "key", "list"]).exits(0).json();
    listed["keys"].as_array().unwrap().iter().map(|key| key["label"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_key_gets_another_label_and_opens_what_it_opened() {
    let scene = Scene::new();
    add(&scene, "odl", PASSWORD);
    add(&scene, "other", "AAAA-BBBB");
    let archive = scene.ours(2);
    scene.home.larder(&["key", "rename", "odl", "old"]).exits(0);
    assert_eq!(labels(&scene), ["old", "other"]);
    let said = scene.home.larder(&["verify", archive.to_str().unwrap()]).exits(0).stdout;
    assert!(said.contains("opened with the key \"old\""), "{said}");
    let before = fs::read(scene.home.key_ring()).unwrap();
    scene
        .home
        .larder(&["key", "rename", "old", "other"])
        .exits(2)
        .says("the key ring already has a key \"other\"");
    scene.home.larder(&["key", "rename", "odl", "new"]).exits(1).says("there is no key \"odl\"");
    scene.home.larder(&["key", "rename", "old", " "]).exits(2).says("a key needs a label");
    assert_eq!(fs::read(scene.home.key_ring()).unwrap(), before);
    assert_eq!(mode(&scene.home.key_ring()), 0o600);
}

#[test]
fn a_key_is_removed_when_that_is_meant() {
    let scene = Scene::new();
    add(&scene, "old", "AAAA-BBBB");
    add(&scene, "now", PASSWORD);
    scene.home.larder(&["key", "remove", "old"]).exits(2).says("add --yes");
    assert_eq!(labels(&scene), ["old", "now"]);
    let remove = scene.home.command(&["key", "remove", "old"]);
    let Some(run) = larder_tests::on_terminal(&remove, "n\n") else { return };
    assert!(run.stdout.contains("Remove the key \"old\" from the key ring? [y/N]"), "{run:?}");
    assert_eq!((run.status, labels(&scene)), (Some(1), vec!["old".to_owned(), "now".to_owned()]));
    scene.home.larder(&["key", "remove", "old", "--yes"]).exits(0);
    assert_eq!(labels(&scene), ["now"]);
    scene.home.larder(&["key", "remove", "old", "--yes"]).exits(1).says("there is no key \"old\"");
}

#[test]
fn a_key_is_shown_on_a_terminal_or_in_a_file_and_nowhere_else() {
    let scene = Scene::new();
    add(&scene, "now", "KEY1-KEY2-KEY3");
    let file = scene.root("shown.txt");
    let to = ["key", "show", "now", "--to", file.to_str().unwrap()];
    let said = scene.home.larder(&to).exits(0).stdout;
    assert!(!said.contains("KEY1"), "{said}");
    assert_eq!((fs::read_to_string(&file).unwrap().as_str(), mode(&file)), ("KEY1-KEY2-KEY3\n", 0o600));
    for words in [&["key", "show", "now"][..], &["--json", "key", "show", "now"]] {
        let run = scene.home.larder(words).exits(2).says("keys are shown only on a terminal");
        assert!(!(run.stdout + &run.stderr).contains("KEY1"));
    }
    let Some(run) = larder_tests::on_terminal(&scene.home.command(&["key", "show", "now"]), "") else {
        return;
    };
    assert!(run.stdout.contains("KEY1-KEY2-KEY3"), "{run:?}");
}
