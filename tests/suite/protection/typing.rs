//! Passwords typed on a terminal: requested when one is missing, and never shown.

use larder_tests::{Run, Typed, on_terminal_with_prompts};

use super::{PASSWORD, Scene};

/// The prompt for a backup's password.
const QUESTION: &str = "Password for Custom backup 2026.11.0: ";
/// The prompts for a new password.
const NEW: &str = "Password: ";
const AGAIN: &str = "Repeat password: ";

/// Runs it on a terminal; the passwords, with the questions before them, must not be on it.
#[track_caller]
fn typed(scene: &Scene, words: &[&str], passwords: &[(&str, &str)]) -> Option<Run> {
    let typed: Vec<_> = passwords.iter().map(|(after, line)| Typed::Hidden { after, line }).collect();
    let run = on_terminal_with_prompts(&scene.home.command(words), &typed)?;
    assert_hidden(&run, passwords);
    Some(run)
}

#[track_caller]
fn assert_hidden(run: &Run, passwords: &[(&str, &str)]) {
    for (_, password) in passwords.iter().filter(|(_, password)| !password.is_empty()) {
        assert!(!run.stdout.contains(password), "{password} is shown: {}", run.stdout);
    }
}

fn count(run: &Run, text: &str) -> usize {
    run.stdout.matches(text).count()
}

#[test]
fn a_missing_password_is_asked_for_without_echo() {
    let scene = Scene::new();
    for version in [2, 3] {
        let archive = scene.ours(version);
        let file = archive.to_str().unwrap();
        let Some(run) = typed(&scene, &["verify", file], &[(QUESTION, PASSWORD)]) else { return };
        let run = run.exits(0);
        assert_eq!(count(&run, QUESTION), 1, "{}", run.stdout);
        assert!(run.stdout.contains("can be restored"), "{}", run.stdout);
        let to = scene.root(&format!("restored {version}"));
        let words = ["restore", file, "--to", to.to_str().unwrap()];
        typed(&scene, &words, &[(QUESTION, PASSWORD)]).unwrap().exits(0);
        assert!(to.join("www/picture.svg").exists());
    }
}

#[test]
fn who_mistypes_may_try_again_three_times_in_all() {
    let scene = Scene::new();
    let archive = scene.ours(2);
    let file = archive.to_str().unwrap();
    let Some(run) = typed(&scene, &["verify", file], &[(QUESTION, "mistyped"), (QUESTION, PASSWORD)]) else {
        return;
    };
    let run = run.exits(0);
    assert_eq!((count(&run, QUESTION), count(&run, "Wrong password.")), (2, 1), "{}", run.stdout);
    let wrong = ["mistyped", "mistyped again", "never mind", PASSWORD].map(|password| (QUESTION, password));
    let run = typed(&scene, &["verify", file], &wrong).unwrap().exits(1);
    assert_eq!((count(&run, QUESTION), count(&run, "Wrong password.")), (3, 3), "{}", run.stdout);
    assert!(run.stdout.contains("wrong password; ") || run.stdout.contains("wrong password, "));
}

#[test]
fn before_a_home_is_replaced_both_questions_are_asked() {
    let scene = Scene::new();
    let archive = scene.ours(3);
    scene.home.write("configuration.yaml", "changed:\n");
    let words = ["restore", archive.to_str().unwrap()];
    let typed =
        [Typed::Shown { after: "[y/N] ", line: "y" }, Typed::Hidden { after: QUESTION, line: PASSWORD }];
    let Some(run) = on_terminal_with_prompts(&scene.home.command(&words), &typed) else { return };
    assert_hidden(&run, &[(QUESTION, PASSWORD)]);
    assert!(run.stdout.contains("Replace the home in"), "{}", run.stdout);
    let run = run.exits(0);
    assert_eq!(count(&run, QUESTION), 1, "{}", run.stdout);
    let configuration = std::fs::read_to_string(scene.home.path("configuration.yaml")).unwrap();
    assert_eq!(configuration, "default_config:\n");
}

#[test]
fn a_backup_that_needs_no_password_asks_for_none() {
    let scene = Scene::new();
    let id = scene.home.create();
    let Some(run) = typed(&scene, &["verify", &id], &[]) else { return };
    assert_eq!(count(&run.exits(0), "Password"), 0);
}

#[test]
fn a_new_password_is_typed_twice_and_must_be_the_same() {
    let scene = Scene::new();
    let create = ["create", "--password-prompt"];
    let Some(run) = typed(&scene, &create, &[(NEW, PASSWORD), (AGAIN, "something else")]) else { return };
    let run = run.exits(2);
    assert!(run.stdout.contains("the two passwords differ; nothing was done"), "{}", run.stdout);
    let run = typed(&scene, &create, &[(NEW, "")]).unwrap().exits(2);
    assert!(run.stdout.contains("the password is empty; nothing was done"), "{}", run.stdout);
    assert_eq!(scene.home.archives().len(), 0);
    let run = typed(&scene, &create, &[(NEW, PASSWORD), (AGAIN, PASSWORD)]).unwrap().exits(0);
    assert_eq!((count(&run, NEW), count(&run, AGAIN)), (1, 1), "{}", run.stdout);
    let archive = scene.home.archives().remove(0);
    scene.opened(&["verify", archive.to_str().unwrap()]).exits(0);
}

#[test]
fn encrypting_without_a_password_asks_for_a_new_one() {
    let scene = Scene::new();
    let id = scene.home.create();
    let to = scene.root("copy.tar");
    let words = ["encrypt", &id, "--to", to.to_str().unwrap()];
    let Some(run) = typed(&scene, &words, &[(NEW, PASSWORD), (AGAIN, PASSWORD)]) else { return };
    run.exits(0);
    scene.opened(&["verify", to.to_str().unwrap()]).exits(0);
}

#[test]
fn the_new_password_of_a_backup_is_typed_twice_and_must_be_the_same() {
    let scene = Scene::new();
    let created = scene.opened(&["--json", "create"]).exits(0).json();
    let id = created["backup_id"].as_str().unwrap();
    let rekey = ["rekey", id, "--password-file", &scene.right];
    const NEW_ONE: &str = "New password: ";
    let Some(run) = typed(&scene, &rekey, &[(NEW_ONE, "quite another"), (AGAIN, "quite an other")]) else {
        return;
    };
    assert!(run.exits(2).stdout.contains("the two passwords differ; nothing was done"));
    scene.opened(&["verify", id]).exits(0);
    typed(&scene, &rekey, &[(NEW_ONE, "quite another"), (AGAIN, "quite another")]).unwrap().exits(0);
    let new = scene.home.password_file("new.txt", "quite another\n");
    scene.with(&new, &["verify", id]).exits(0);
}
