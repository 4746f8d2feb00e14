//! Encrypted and decrypted copies: equal in content, complete or absent, and never in place of another file.

use std::fs;
use std::path::{Path, PathBuf};

use larder_tests::tar::{Tar, gzip, outer};
use larder_tests::{Mount, Run, TestHome, describe_inside, noise};

use super::{Scene, backup, part, says_protected, versions};
use crate::cuts::{cut, steps};

const MIB: usize = 1 << 20;

/// An unprotected and a protected backup outside the home, to make copies of.
struct Originals {
    scene: Scene,
    plain: PathBuf,
    protected: PathBuf,
}

impl Originals {
    fn new(content: usize) -> Self {
        let scene = Scene::new();
        scene.home.write("www/large.bin", noise(content));
        let protected = scene.ours(3);
        let plain = scene.root("plain.tar");
        scene.home.create();
        fs::rename(scene.home.archives().remove(0), &plain).unwrap();
        Self { scene, plain, protected }
    }

    /// Both ways to make a copy: the command without its target, and the original.
    fn ways(&self) -> [(&'static str, &Path); 2] {
        [("encrypt", &self.plain), ("decrypt", &self.protected)]
    }
}

fn arguments<'a>(word: &'a str, from: &'a Path, to: &'a Path, password: &'a str) -> Vec<&'a str> {
    vec![word, from.to_str().unwrap(), "--to", to.to_str().unwrap(), "--password-file", password]
}

#[test]
fn a_copy_and_a_copy_of_the_copy_hold_what_the_original_holds() {
    let Originals { scene, plain, .. } = Originals::new(MIB + 500);
    let original = fs::read(&plain).unwrap();
    for version in [2, 3] {
        let [sealed, opened] = ["sealed", "opened"].map(|name| scene.root(&format!("{name} {version}.tar")));
        let mut encrypt = arguments("encrypt", &plain, &sealed, &scene.right);
        let number = version.to_string();
        encrypt.extend(["--securetar", &number]);
        let said = scene.home.larder(&encrypt).exits(0).stdout;
        assert!(said.contains(&format!("by a password, SecureTar {version}")), "{said}");
        assert_eq!((versions(&sealed), says_protected(&sealed)), (vec![Some(version)], true.into()));
        let said = scene.home.larder(&arguments("decrypt", &sealed, &opened, &scene.right)).exits(0).stdout;
        assert!(said.contains("no: anyone can read it"), "{said}");
        assert_eq!((versions(&opened), says_protected(&opened)), (vec![None], false.into()));
        assert!(part(&opened) == part(&plain), "version {version}");
        let id = |file: &Path| {
            let shown = scene.home.larder(&["--json", "show", file.to_str().unwrap()]).exits(0).json();
            let keys = ["backup_id", "name", "date", "extra_metadata"];
            keys.map(|key| shown["backup"][key].clone())
        };
        assert_eq!((id(&sealed), id(&opened)), (id(&plain), id(&plain)));
        for (file, password) in [(&sealed, Some(&scene.right)), (&opened, None)] {
            let to = scene.root("restored");
            let mut words = vec!["restore", file.to_str().unwrap(), "--to", to.to_str().unwrap()];
            words.extend(password.iter().flat_map(|password| ["--password-file", password.as_str()]));
            scene.home.larder(&words).exits(0);
            let empty_log = "home-assistant_v2.db-wal";
            let is = describe_inside(&to, &[empty_log]);
            assert_eq!(is, describe_inside(&scene.home.config(), &["backups", empty_log]));
            fs::remove_dir_all(to).unwrap();
        }
    }
    assert!(fs::read(&plain).unwrap() == original, "the original is left alone");
}

#[test]
fn a_copy_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let originals = Originals::new(100);
    for (word, from) in originals.ways() {
        let to = originals.scene.root(word);
        originals.scene.home.larder(&arguments(word, from, &to, &originals.scene.right)).exits(0);
        assert_eq!(fs::metadata(to).unwrap().permissions().mode() & 0o777, 0o600, "{word}");
    }
}

#[test]
fn a_file_that_exists_is_never_overwritten_by_a_copy() {
    let originals = Originals::new(100);
    let scene = &originals.scene;
    let to = scene.root("precious.tar");
    fs::write(&to, "precious").unwrap();
    let before = scene.describe();
    for (word, from) in originals.ways() {
        let trace = scene.home.state().join(word);
        let mut command = scene.home.command(&arguments(word, from, &to, &scene.right));
        command.env("LARDER_TRACE_STEPS", &trace);
        Run::of(command).exits(1).says(&format!("{} already exists", to.display()));
        assert!(!fs::read_to_string(trace).unwrap().contains("draft: append"), "it is known from the start");
        assert_eq!(scene.describe(), before);
    }
    // Not even one that appears in the meantime.
    let late = scene.root("late.tar");
    for (word, from) in originals.ways() {
        let mut command = scene.home.command(&arguments(word, from, &late, &scene.right));
        let script = format!("printf precious > '{}'", late.display());
        command.env("LARDER_RUN_AT", "draft: read back").env("LARDER_RUN", script);
        Run::of(command).exits(1).says("File exists");
        assert_eq!(fs::read(&late).unwrap(), b"precious");
        fs::remove_file(&late).unwrap();
        assert_eq!(scene.describe().len(), before.len(), "nothing else is left");
    }
}

#[test]
fn copies_that_make_no_sense_are_refused_with_the_reason() {
    let originals = Originals::new(100);
    let scene = &originals.scene;
    scene.home.write("backups/kept.txt", "kept");
    let (new, beside) = (scene.root("new.tar"), scene.home.backups().join("new.tar"));
    let unknown = scene
        .save(&outer().file("homeassistant.tar.gz", gzip(&Tar::home().end())).file("notes.txt", "x").end());
    let (plain, protected) = (&originals.plain, &originals.protected);
    let cases: [(&str, &Path, &Path, i32, &str); 6] = [
        ("encrypt", protected, &new, 1, "is protected already; `larder rekey` gives it another password"),
        ("decrypt", plain, &new, 1, "is not protected: anyone can already read it"),
        (
            "encrypt",
            &unknown,
            &new,
            1,
            "holds notes.txt, which is not an inner tar and would remain readable by anyone",
        ),
        ("encrypt", plain, &beside, 2, "the copy would be a second backup with the same id"),
        ("decrypt", protected, &beside, 2, "the copy would be a second backup with the same id"),
        ("decrypt", protected, Path::new("/nonexistent/new.tar"), 1, "No such file or directory"),
    ];
    let before = scene.describe();
    for (word, from, to, status, says) in cases {
        scene.home.larder(&arguments(word, from, to, &scene.right)).exits(status).says(says);
        assert_eq!(scene.describe(), before, "{word}: {says}");
    }
    let words = ["encrypt", plain.to_str().unwrap(), "--to", new.to_str().unwrap()];
    scene.home.larder(&words).exits(2).says("a password is needed to encrypt with").says("--password-file");
    assert_eq!(scene.describe(), before);
}

#[test]
fn a_copy_of_a_damaged_backup_is_refused_and_the_original_named() {
    let Originals { scene, plain, protected } = Originals::new(5000);
    let to = scene.root("copy.tar");
    for (word, from) in [("encrypt", &plain), ("decrypt", &protected)] {
        let mut home = part(from);
        let at = home.len() / 2;
        home[at] ^= 1;
        let damaged = scene.save(&backup(&home, word == "decrypt"));
        let before = names(scene.home.root());
        let run = scene.home.larder(&arguments(word, &damaged, &to, &scene.right)).exits(1);
        let said = run.stderr.lines().find(|line| line.starts_with("error: ")).unwrap();
        assert!(said.contains(&format!("{}: homeassistant.tar.gz: damaged", damaged.display())), "{said}");
        assert!(said.contains("use another copy"), "{said}");
        assert_eq!(names(scene.home.root()), before, "{word}");
    }
}

#[test]
fn unknown_members_stay_in_a_decrypted_copy() {
    let Originals { scene, protected, .. } = Originals::new(100);
    let mut manifest = larder_tests::tar::manifest();
    manifest["protected"] = true.into();
    let outer = Tar::default().file("./backup.json", manifest.to_string());
    let archive =
        scene.save(&outer.file("homeassistant.tar.gz", part(&protected)).file("notes.txt", "later").end());
    let to = scene.root("copy.tar");
    scene.home.larder(&arguments("decrypt", &archive, &to, &scene.right)).exits(0);
    let bytes = fs::read(&to).unwrap();
    let (_, place) =
        larder_tests::tar::members_in(&bytes).into_iter().find(|(name, _)| name == "notes.txt").unwrap();
    assert_eq!(&bytes[place], b"later");
}

/// The names in a directory.
fn names(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).collect()
}

#[test]
fn a_copy_that_is_cut_at_any_step_leaves_no_half_file_and_the_next_one_clears_up() {
    let originals = Originals::new(MIB + 500);
    let (mut cuts, mut leftovers) = (0, 0);
    for (word, from) in originals.ways() {
        let template = &originals.scene.home;
        // Paths relative to the copied home's own root.
        let words = |home: &TestHome, original: &Path| -> Vec<String> {
            let from = home.root().join(original.strip_prefix(template.root()).unwrap());
            let (target, password) = (home.root().join("target"), home.root().join("right.txt"));
            fs::create_dir_all(&target).unwrap();
            let to = target.join("copy.tar");
            arguments(word, &from, &to, password.to_str().unwrap()).iter().map(ToString::to_string).collect()
        };
        let steps = {
            let home = template.copy();
            let words = words(&home, from);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            steps(&home, &words)
        };
        assert!(steps.len() >= 8, "{steps:?}");
        for step in &steps {
            let home = template.copy();
            let words = words(&home, from);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let target = home.root().join("target");
            cut(&home, step, &words);
            cuts += 1;
            let left = names(&target);
            let is_there = left.contains(&"copy.tar".to_owned());
            let renamed = ["draft: sync directory#1", "draft: published#1"].contains(&step.as_str());
            assert_eq!(is_there, renamed, "{word}, {step}: {left:?}");
            leftovers += usize::from(left.iter().any(|name| name.starts_with(".larder-")));

            let again = home.larder(&words);
            assert_eq!(again.status, Some(i32::from(renamed)), "{word}, {step}: {}", again.stderr);
            assert_eq!(names(&target), ["copy.tar"], "{word}, {step}");
            let copy = target.join("copy.tar");
            let mut verify = vec!["verify", copy.to_str().unwrap()];
            verify.extend(["--password-file", words[5]].iter().filter(|_| word == "encrypt"));
            home.larder(&verify).exits(0);
        }
    }
    assert!(cuts >= 16 && leftovers >= 8, "{cuts} cuts left {leftovers} drafts");
}

#[test]
fn a_copy_for_which_the_disk_has_no_room_leaves_nothing() {
    let originals = Originals::new(3 * MIB);
    let scene = &originals.scene;
    let target = scene.root("small");
    let Some(_mount) = Mount::tmpfs(&target, 2 * MIB as u64) else { return };
    for (word, from) in originals.ways() {
        let to = target.join("copy.tar");
        let run = scene.home.larder(&arguments(word, from, &to, &scene.right)).exits(1);
        run.says("not enough space for the copy: it needs about 3.0")
            .says(" MiB, but only 2.00 MiB is available");
        assert_eq!(names(&target), Vec::<String>::new(), "{word}");
    }
}
