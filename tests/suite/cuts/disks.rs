//! Full and read-only disks, and paths that are not directories: a clear error, and nothing is left behind.

use std::fs;
use std::path::PathBuf;

use larder_tests::{Mount, Run, TestHome, describe_inside, names_in, noise};

const MIB: usize = 1 << 20;

struct Scene {
    home: TestHome,
    backups: PathBuf,
    mount: Mount,
}

impl Scene {
    /// A home with that many incompressible bytes, and a small disk for its backups.
    fn new(content: usize, disk: usize) -> Option<Self> {
        let home = TestHome::in_memory();
        home.write("www/large.bin", noise(content));
        let backups = home.root().join("small");
        let mount = Mount::tmpfs(&backups, disk as u64)?;
        Some(Self { home, backups, mount })
    }

    fn larder(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments))
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.home.command(&["--backups", self.backups.to_str().unwrap()]);
        command.args(arguments);
        command
    }

    fn names(&self) -> Vec<String> {
        names_in(&self.backups)
    }
}

#[test]
fn a_disk_that_is_too_small_is_detected_before_the_backup_begins() {
    let Some(scene) = Scene::new(16 * MIB, 4 * MIB) else { return };
    let before = describe_inside(&scene.home.config(), &[]);
    let mut command = scene.command(&["create"]);
    let trace = scene.home.root().join("steps");
    command.env("LARDER_TRACE_STEPS", &trace);
    let run = Run::of(command).exits(1).says("not enough space").says("--exclude");
    // Both in MiB.
    let figures: Vec<f64> = run.stderr.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [needed, free] = figures[..] else { panic!("two figures: {}", run.stderr) };
    assert!((15.0..18.0).contains(&needed) && free <= 4.0, "{}", run.stderr);
    let steps = fs::read_to_string(trace).unwrap();
    let is_harmless =
        |step: &str| ["home: read", "action: answered"].contains(&step) || step.starts_with("document: ");
    assert!(steps.lines().all(is_harmless), "nothing was begun: {steps}");
    assert_eq!(scene.names(), Vec::<String>::new());
    assert_eq!(describe_inside(&scene.home.config(), &[]), before);

    let preview = scene.larder(&["--json", "create", "--dry-run"]).exits(1).json();
    let mib = |key: &str| preview[key].as_f64().unwrap() / MIB as f64;
    assert!(
        (mib("available") - free).abs() < 0.01 && (mib("estimated_size") - needed).abs() < 0.01,
        "{preview}"
    );
    scene.larder(&["create", "--exclude", "www"]).exits(0);
}

#[test]
fn a_disk_that_fills_up_meanwhile_fails_the_backup_and_leaves_nothing() {
    let steps = ["draft: create", "draft: append#2", "draft: append#5", "draft: append#12"];
    for step in steps {
        let Some(scene) = Scene::new(3 * MIB, 8 * MIB) else { return };
        let before = describe_inside(&scene.home.config(), &[]);
        let ballast = scene.backups.join("ballast");
        let mut command = scene.command(&["create"]);
        let fill = format!("cat /dev/zero > '{}' 2>/dev/null || true", ballast.display());
        command.env("LARDER_RUN_AT", step).env("LARDER_RUN", fill);
        let run = Run::of(command).exits(1).says("No space left on device");
        assert!(run.stderr.contains(scene.backups.to_str().unwrap()), "{step}: {}", run.stderr);
        assert_eq!(scene.names(), ["ballast"], "{step}");
        assert_eq!(describe_inside(&scene.home.config(), &[]), before, "{step}");
        fs::remove_file(ballast).unwrap();
        scene.larder(&["create"]).exits(0);
        assert_eq!(scene.names().len(), 1);
    }
}

#[test]
fn a_read_only_disk_stores_no_backup_but_its_backups_can_be_restored() {
    let Some(scene) = Scene::new(1000, 8 * MIB) else { return };
    let created = scene.larder(&["--json", "create"]).exits(0).json();
    let id = created["backup_id"].as_str().unwrap();
    // What a killed process left can no longer be removed.
    fs::write(scene.backups.join(".larder-1-left.tar.partial"), "left").unwrap();
    scene.mount.make_read_only();
    let names = scene.names();
    scene.larder(&["create"]).exits(1).says("Read-only file system").says(scene.backups.to_str().unwrap());
    scene.larder(&["delete", id]).exits(1).says("Read-only file system");
    let listed = scene.larder(&["--json", "list"]).exits(0).says("cannot remove the leftover").json();
    assert_eq!(listed["backups"].as_array().unwrap().len(), 1);
    scene.larder(&["verify", id]).exits(0);
    scene.larder(&["restore", id, "--yes"]).exits(0);
    assert_eq!(scene.names(), names);
}

#[test]
fn a_backups_path_that_is_not_a_directory_is_named() {
    let home = TestHome::in_memory();
    home.write("backups", "a file");
    let before = describe_inside(&home.config(), &[]);
    home.larder(&["create"]).exits(1).says("backups").says("File exists");
    home.larder(&["list"]).exits(3).says("backups");
    home.larder(&["show", "12345678"]).exits(1).says("backups");
    assert_eq!(describe_inside(&home.config(), &[]), before);
}

/// A home whose state directory is a small disk.
fn with_state(bytes: u64) -> Option<(TestHome, String, Mount)> {
    let home = TestHome::in_memory();
    let id = home.create();
    fs::remove_dir_all(home.state()).unwrap();
    let mount = Mount::tmpfs(&home.state(), bytes)?;
    Some((home, id, mount))
}

#[test]
fn a_full_state_directory_prevents_neither_backups_nor_restores() {
    let Some((home, id, _mount)) = with_state(64 << 10) else { return };
    let _ = fs::write(home.state().join("ballast"), noise(MIB));
    home.larder(&["restore", &id, "--yes"]).exits(0);
    let run = home.larder(&["create"]).exits(3);
    assert!(
        run.stdout.contains("the backup is good, but after a restart Larder will not know"),
        "{}",
        run.stdout
    );
    assert_eq!(run.stderr.matches("could not be saved").count(), 1, "{}", run.stderr);
    home.larder(&["delete", &id]).exits(0);
}

#[test]
fn a_read_only_state_directory_is_named() {
    let Some((home, id, mount)) = with_state(64 << 10) else { return };
    mount.make_read_only();
    refuses_to_write(&home, &id, "Read-only file system");
}

#[test]
fn a_state_directory_that_is_a_file_is_named() {
    let home = TestHome::in_memory();
    let id = home.create();
    fs::remove_dir_all(home.state()).unwrap();
    fs::write(home.state(), "a file").unwrap();
    refuses_to_write(&home, &id, "File exists");
}

/// Commands that change something are refused before they begin; commands that only read work.
fn refuses_to_write(home: &TestHome, id: &str, says: &str) {
    let before = describe_inside(&home.config(), &[]);
    let to = home.root().join("new");
    let to = to.to_str().unwrap();
    let writers: [&[&str]; 3] = [&["create"], &["restore", id, "--yes"], &["delete", id]];
    for arguments in writers {
        home.larder(arguments).exits(1).says(says).says(home.state().to_str().unwrap());
        assert_eq!(describe_inside(&home.config(), &[]), before, "{arguments:?}");
    }
    home.larder(&["list"]).exits(0);
    home.larder(&["verify", id]).exits(0);
    home.larder(&["extract", id, "configuration.yaml", "--to", to]).exits(0);
    assert_eq!(describe_inside(&home.config(), &[]), before);
}
