//! Secrets: passwords and keys appear in no output, and not in memory once the work is done.

use std::fs;

use larder_tests::{Run, missing, noise, tests_directory};
use serde_json::Value;

use super::{PASSWORD, Scene};

/// The exit status of `memory.py` when it is not permitted to look.
const NOT_ALLOWED: i32 = 77;

#[test]
fn no_command_ever_says_the_password_or_a_key() {
    let scene = Scene::new();
    scene.with(&scene.right, &["key", "add", "--label", "mine"]).exits(0);
    let archive = scene.ours(3);
    let file = archive.to_str().unwrap().to_owned();
    let [kit, key, copy, to] = ["kit.txt", "key.txt", "copy.tar", "new"].map(|name| scene.root(name));
    let [kit, key, copy, to] = [&kit, &key, &copy, &to].map(|path| path.to_str().unwrap());
    let right = ["--password-file", &scene.right];
    let commands: Vec<(Vec<&str>, i32)> = vec![
        ([&["create"][..], &right].concat(), 0),
        ([&["create", "--securetar", "2"][..], &right].concat(), 0),
        (vec!["create", "--key", "mine"], 0),
        (vec!["create", "--key", "yours"], 1),
        ([&["show", &file][..]].concat(), 0),
        (vec!["list"], 0),
        ([&["verify", &file][..], &right].concat(), 0),
        (vec!["verify", &file], 0),
        (vec!["verify", &file, "--password-file", &scene.wrong], 1),
        ([&["check-password", &file][..], &right].concat(), 0),
        (vec!["check-password", &file, "--password-file", &scene.wrong], 1),
        ([&["restore", &file, "--yes"][..], &right].concat(), 0),
        ([&["extract", &file, "nothing.yaml", "--to", to][..], &right].concat(), 1),
        ([&["decrypt", &file, "--to", copy][..], &right].concat(), 0),
        ([&["encrypt", copy, "--to", "/nonexistent/x.tar"][..], &right].concat(), 1),
        (vec!["key", "list"], 0),
        (vec!["key", "kit", "--key", "mine", "--to", kit], 0),
        (vec!["key", "new", "--to", key], 0),
        ([&["key", "add", "--label", "mine"][..], &right].concat(), 2),
    ];
    let home = scene.home.copy();
    for json in [false, true] {
        for (words, status) in &commands {
            let globals: &[&str] = if json { &["-v", "--json"] } else { &["-v"] };
            let words = [globals, words].concat();
            let run = scene.home.larder(&words).exits(*status);
            let said = run.stdout + &run.stderr;
            // No line or part of it, and none of the wrong one, which may be nearly right.
            for secret in [PASSWORD, "unterm Blumentopf", "4711-"] {
                assert!(!said.contains(secret), "{words:?}: {said}");
            }
            if let Ok(new) = fs::read_to_string(key) {
                assert!(!said.contains(new.trim_end()), "{words:?}: {said}");
            }
        }
        for written in [kit, key, copy] {
            fs::remove_file(written).unwrap();
        }
    }
    // Nor is it where it should not be: in the state, the cache, the backups.
    for directory in [home.state(), scene.home.state(), scene.home.config()] {
        assert_nowhere_in(&directory);
    }
}

#[track_caller]
fn assert_nowhere_in(directory: &std::path::Path) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_nowhere_in(&path);
        } else {
            let bytes = fs::read(&path).unwrap();
            assert!(!bytes.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes()), "{path:?}");
        }
    }
}

#[test]
fn keys_are_never_written_as_json() {
    let scene = Scene::new();
    scene.with(&scene.right, &["key", "add", "--label", "mine"]).exits(0);
    for words in [&["--json", "key", "new"][..], &["--json", "key", "kit", "--key", "mine"]] {
        let run = scene.home.larder(words).exits(2);
        assert!(run.json()["error"]["message"].as_str().unwrap().contains("--to"));
    }
    for words in [&["--json", "key", "list"][..], &["--json", "key", "new", "--label", "next"]] {
        let said = scene.home.larder(words).exits(0).stdout;
        assert!(!said.contains("unterm Blumentopf"), "{said}");
        let ring = fs::read_to_string(scene.home.key_ring()).unwrap();
        let keys: Vec<Value> = serde_json::from_str(&ring).unwrap();
        assert!(keys.iter().all(|entry| !said.contains(entry["key"].as_str().unwrap())), "{said}");
    }
}

/// How often secrets are found in the process's memory when that step is reached; none when nobody may look.
///
/// The script is told which file holds the password, never the password itself.
fn found(scene: &Scene, step: &str, words: &[&str]) -> Option<Value> {
    let (script, answer) = (tests_directory().join("fixtures/memory.py"), scene.root("found.json"));
    let _ = fs::remove_file(&answer);
    let run = format!("python3 '{}' $PPID '{}' '{}'", script.display(), scene.right, answer.display());
    let mut command = scene.home.command(words);
    let allowed = format!("{run} || test $? = {NOT_ALLOWED}");
    command.env("LARDER_RUN_AT", step).env("LARDER_RUN", allowed);
    Run::of(command).exits(0);
    match fs::read(answer) {
        Ok(answer) => Some(serde_json::from_slice(&answer).unwrap()),
        Err(_) => {
            missing("python3 with the right to read the memory of its parent");
            None
        }
    }
}

#[test]
fn after_the_work_the_password_and_the_key_made_of_it_are_not_in_memory() {
    let scene = Scene::new();
    scene.home.write("www/large.bin", noise(600_000));
    let [old, new] = [2, 3].map(|version| scene.ours(version));
    let [old, new, to] = [&old, &new, &scene.root("copy.tar")].map(|path| path.to_str().unwrap().to_owned());
    let right = ["--password-file", &scene.right];
    let of_the_ring = ["--key", "mine"];
    scene.with(&scene.right, &["key", "add", "--label", "mine"]).exits(0);
    let cases: [(&[&str], &[&str]); 9] = [
        (&["create", "--securetar", "3"], &right),
        (&["create", "--securetar", "2"], &right),
        (&["create", "--securetar", "2"], &of_the_ring),
        (&["verify", &new], &right),
        (&["verify", &old], &right),
        (&["verify", &new], &[]),
        (&["check-password", &new], &right),
        (&["decrypt", &new, "--to", &to], &right),
        (&["key", "list"], &[]),
    ];
    for (words, password) in cases {
        let words = [words, password].concat();
        let Some(found) = found(&scene, "action: answered", &words) else { return };
        assert!(found["known"].as_u64() > Some(0), "the memory was looked at: {found}");
        assert_eq!(
            (&found["password"], &found["key"]),
            (&Value::from(0), &Value::from(0)),
            "{words:?}: {found}"
        );
    }
}

#[test]
fn while_it_works_the_password_is_found_in_memory_or_the_search_would_be_worth_nothing() {
    let scene = Scene::new();
    let words = ["create", "--securetar", "2", "--password-file", &scene.right];
    let Some(found) = found(&scene, "draft: append", &words) else { return };
    assert!(found["password"].as_u64() > Some(0) && found["key"].as_u64() > Some(0), "{found}");
}
