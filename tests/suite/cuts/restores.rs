//! A restore in place that is killed leaves the complete old or new home, and the next start says which.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use larder_tests::{Mount, Run, TestHome, command, describe_inside};

use super::{cut, steps};

type Tree = BTreeMap<PathBuf, String>;

/// The last steps: afterwards there is nothing to report.
const SILENT: [&str; 2] = ["restore: remove lock of the staging area", "restore: remove the staging area"];

/// A home before a restore, the backup's ID, and the states before and after.
struct Scene {
    home: TestHome,
    arguments: Vec<String>,
    old: Tree,
    new: Tree,
}

impl Scene {
    fn new(only: &[&str]) -> Self {
        let home = TestHome::in_memory();
        home.write("www/picture.svg", "<svg/>");
        home.write("home-assistant_v2.db", "no database");
        symlink("www", home.path("link")).unwrap();
        fs::hard_link(home.path("www/picture.svg"), home.path("same.svg")).unwrap();
        fs::set_permissions(home.path("www"), fs::Permissions::from_mode(0o500)).unwrap();
        let id = home.create();
        home.write("www/added", "later");
        home.write("added/later.yaml", "later");
        home.write("configuration.yaml", "changed:\n");
        home.write("home-assistant_v2.db", "changed");
        home.write("home-assistant_v2.db-shm", "stale");
        home.write("home-assistant_v2.db-journal", "of the database that is replaced");
        fs::remove_file(home.path("link")).unwrap();
        home.write("link/now/directory", "x");
        let arguments = [&["restore", &id, "--yes"], only].concat().iter().map(ToString::to_string).collect();
        let mut scene = Self { home, arguments, old: Tree::new(), new: Tree::new() };
        scene.old = tree(&scene.home);
        let copy = scene.home.copy();
        copy.larder(&scene.arguments()).exits(0);
        scene.new = tree(&copy);
        assert_ne!(scene.old, scene.new);
        scene
    }

    fn arguments(&self) -> Vec<&str> {
        self.arguments.iter().map(String::as_str).collect()
    }

    fn steps(&self) -> Vec<String> {
        let steps = steps(&self.home, &self.arguments());
        assert!(steps.len() > 15, "{steps:?}");
        steps
    }

    /// Starts again, and checks that the report matches the home. `last` is the step at which the process was killed
    /// last.
    #[track_caller]
    fn recovers(&self, home: &TestHome, last: &str, what: &str) {
        let run = home.larder(&["list"]).exits(0);
        let now = tree(home);
        let what = format!("{what}: {}", run.stderr);
        match report(&run) {
            Report::RolledBack => assert_eq!(now, self.old, "{what}"),
            Report::Completed => assert_eq!(now, self.new, "{what}"),
            Report::Nothing => {
                assert!(now == self.old || now == self.new, "{what}: {now:#?}");
                let silent = SILENT.iter().any(|step| last.starts_with(step));
                assert!(silent || last == FIRST || !last.starts_with("restore:"), "{what}");
            }
        }
        assert_eq!(home.larder(&["list"]).exits(0).stderr, "", "{what}");
        assert_eq!(tree(home), now, "{what}");
    }
}

/// Before this step there is nothing to recover.
const FIRST: &str = "restore: make the staging area#1";

const LAST: &str = "restore: remove the staging area#1";

enum Report {
    RolledBack,
    Completed,
    Nothing,
}

fn report(run: &Run) -> Report {
    let about = |words: &str| run.stderr.contains("A restore into") && run.stderr.contains(words);
    match (about("everything is as it was before"), about("the restored state is in place")) {
        (true, false) => Report::RolledBack,
        (false, true) => Report::Completed,
        (false, false) if run.stderr.is_empty() => Report::Nothing,
        _ => panic!("unexpected report: {}", run.stderr),
    }
}

/// Without the directory's own time, which changes while something is staged in it.
fn tree(home: &TestHome) -> Tree {
    describe_inside(&home.config(), &[])
}

#[test]
fn a_restore_cut_at_each_step_leaves_the_old_home_or_the_new_one_and_says_which() {
    let (mut old, mut new) = (0, 0);
    let scene = Scene::new(&[]);
    for step in scene.steps() {
        let home = scene.home.copy();
        cut(&home, &step, &scene.arguments());
        scene.recovers(&home, &step, &step);
        let count = if tree(&home) == scene.old { &mut old } else { &mut new };
        *count += 1;
        // The next restore works.
        home.larder(&scene.arguments()).exits(0);
        assert_eq!(tree(&home), scene.new, "{step}");
    }
    assert!(old >= 5 && new >= 10, "{old} times the old home, {new} times the new one");
}

#[test]
fn a_restore_of_the_database_alone_is_as_safe() {
    let scene = Scene::new(&["--only", "database"]);
    for step in scene.steps() {
        let home = scene.home.copy();
        cut(&home, &step, &scene.arguments());
        scene.recovers(&home, &step, &step);
    }
}

#[test]
fn a_home_that_is_a_mount_point_is_as_safe() {
    let scene = Scene::new(&[]);
    for step in scene.steps() {
        let home = scene.home.copy();
        let Some(_mount) = Mount::bind(&home.config()) else { return };
        cut(&home, &step, &scene.arguments());
        scene.recovers(&home, &step, &format!("mounted, {step}"));
    }
}

#[test]
fn a_recovery_cut_at_each_step_is_resumed_by_the_next_start() {
    let scene = Scene::new(&[]);
    let cuts = [
        "restore: stage a file#2",
        "restore: put the plan in force",
        "restore: place configuration.yaml",
        "restore: make the mark durable",
    ];
    for first in cuts {
        let once = scene.home.copy();
        cut(&once, first, &scene.arguments());
        let again = steps(&once, &["list"]);
        assert!(again.len() >= 4, "{first}: {again:?}");
        for second in again {
            let twice = once.copy();
            cut(&twice, &second, &["list"]);
            scene.recovers(&twice, &second, &format!("{first}, then {second}"));
        }
    }
}

#[test]
fn every_command_finds_a_whole_home_after_a_cut() {
    let scene = Scene::new(&[]);
    let backup = scene.arguments[1].clone();
    let archive = scene.home.archives()[0].file_name().unwrap().to_owned();
    for step in ["restore: make the plan durable", "restore: place link"] {
        let commands: [&[&str]; 6] = [
            &["list"],
            &["show", &backup],
            &["verify", &backup],
            &["create", "--dry-run"],
            &["create"],
            &["restore", &backup, "--dry-run"],
        ];
        for command in commands {
            let home = scene.home.copy();
            cut(&home, step, &scene.arguments());
            let run = home.larder(command).exits(0).says("It was completed");
            let mut now = tree(&home);
            now.retain(|path, _| !path.starts_with("backups") || path.ends_with(&archive));
            let mut new = scene.new.clone();
            new.retain(|path, _| !path.starts_with("backups") || path.ends_with(&archive));
            assert_eq!(now, new, "{step}, {command:?}: {}", run.stderr);
        }
    }
}

#[test]
fn an_interrupted_restore_is_completed_by_a_command_with_another_state_directory() {
    let scene = Scene::new(&[]);
    let home = scene.home.copy();
    cut(&home, "restore: place link", &scene.arguments());
    let mut command = command();
    command.arg("--config").arg(home.config()).arg("--state").arg(home.root().join("other")).arg("list");
    Run::of(command).exits(0).says("It was completed");
    assert_eq!(tree(&home), scene.new);
}

#[test]
fn a_restore_elsewhere_that_was_cut_can_be_done_again() {
    let scene = Scene::new(&[]);
    let to = |home: &TestHome| home.root().join("new").to_str().unwrap().to_owned();
    let backup = scene.arguments[1].as_str();
    let whole = {
        let home = scene.home.copy();
        home.larder(&["restore", backup, "--to", &to(&home)]).exits(0);
        describe_inside(to(&home).as_ref(), &[])
    };
    // The path differs in every copy, so the steps are recorded in one of them.
    let trace = scene.home.copy();
    let mut command = trace.command(&["restore", backup, "--to", &to(&trace)]);
    command.env("LARDER_TRACE_STEPS", trace.root().join("steps"));
    Run::of(command).exits(0);
    for step in super::chosen(&fs::read_to_string(trace.root().join("steps")).unwrap()) {
        let home = scene.home.copy();
        let to = to(&home);
        cut(&home, &step, &["restore", backup, "--to", &to]);
        let run = home.larder(&["restore", backup, "--to", &to]);
        // An interrupted swap is completed by the recovery, so the directory is no longer empty and the restore is
        // refused.
        let completed = run.stderr.contains("It was completed");
        assert_eq!(run.status, Some(if completed || step == LAST { 2 } else { 0 }), "{step}: {run:?}");
        assert_eq!(describe_inside(to.as_ref(), &[]), whole, "{step}: {run:?}");
        assert_eq!(tree(&home), scene.old, "{step}");
    }
}
