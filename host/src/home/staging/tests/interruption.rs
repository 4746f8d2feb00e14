//! Interruptions: the process is killed before every step of a restore, and again before every step of the recovery.
//! Afterwards the directory has the complete old or new state, and `recover` says which. The killed process is this
//! test program, started again.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const WORK: &str = "LARDER_TEST_WORK";
const HOME: &str = "LARDER_TEST_HOME";
const CUT: &str = "LARDER_TEST_CUT";
const FOREIGN: &str = "z-foreign";

/// The full name of a test in this module.
pub(super) fn test_name(name: &str) -> String {
    let path = module_path!();
    let (_, path) = path.split_once("::").unwrap();
    format!("{}::{name}", path.strip_suffix("::interruption").unwrap())
}

/// Not a test: the process that is killed.
#[test]
fn worker() {
    let (Some(home), Ok(work)) = (std::env::var_os(HOME).map(PathBuf::from), std::env::var(WORK)) else {
        return;
    };
    let cut: usize = std::env::var(CUT).unwrap().parse().unwrap();
    let (count, disturbed) = (AtomicUsize::new(0), work == "disturbed");
    let foreign = home.join(FOREIGN);
    let steps = Steps(Arc::new(move |step| {
        if count.fetch_add(1, Ordering::Relaxed) + 1 == cut {
            let us = rustix::process::getpid();
            rustix::process::kill_process(us, rustix::process::Signal::KILL).unwrap();
        }
        if disturbed && step == "restore: place configuration.yaml" {
            fs::write(&foreign, "foreign").unwrap();
        }
    }));
    match work.as_str() {
        "recover" => recover(&home, &steps).map(drop).unwrap(),
        _ => assert_eq!(restore(&home, steps, disturbed).is_err(), disturbed),
    }
}

/// A restore that needs every kind of step.
fn restore(home: &Path, steps: Steps, disturbed: bool) -> Result<()> {
    let keep = vec![home.join("backups")];
    let options = Options { directory: home.to_path_buf(), keep, reserve: 0, keep_setuid: false, steps };
    let mut target = Target::open(options, all(), false)?;
    target.add(&Entry { mode: 0o751, ..directory("") })?;
    target.add(&Entry { mode: 0o500, ..directory("www") })?;
    for path in ["configuration.yaml", "www/a", "backups/evil.tar", "new.yaml"] {
        put(&mut target, path, "new")?;
    }
    put(&mut target, b"odd \xff\n", "new")?;
    target.add(&symlink("link", "/nowhere"))?;
    target.add(&hard_link("hard.yaml", "new.yaml"))?;
    if disturbed {
        put(&mut target, FOREIGN, "new")?;
    }
    target.commit().map(drop)
}

fn home() -> Home {
    let home = Home::in_memory();
    ["configuration.yaml", "www/old", "gone.yaml", "backups/b.tar"]
        .iter()
        .for_each(|name| home.write(name, "old"));
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_600_000_000);
    for path in ["configuration.yaml", "www/old", "www", "gone.yaml", "backups/b.tar", "backups"] {
        fs::File::open(home.path.join(path)).unwrap().set_modified(time).unwrap();
    }
    fs::set_permissions(&home.path, fs::Permissions::from_mode(0o755)).unwrap();
    home
}

/// Whether the process was killed. `cut` counts from 1.
fn cut_at(work: &str, home: &Home, cut: usize) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &test_name("interruption::worker")])
        .envs([(WORK, work), (CUT, &cut.to_string())])
        .env(HOME, &home.path)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success() || status.signal() == Some(9), "{work} cut at {cut}: {status}");
    !status.success()
}

struct States {
    old: Tree,
    new: Tree,
}

impl States {
    fn known() -> Self {
        let home = home();
        let old = tree(&home.path);
        restore(&home.path, Steps::default(), false).unwrap();
        let new = tree(&home.path);
        assert_ne!(old, new);
        Self { old, new }
    }

    /// Recovers, and compares the result with the directory.
    fn check(&self, home: &Home, at: &str) -> Recovered {
        let said = recover(&home.path, &Steps::default()).unwrap();
        let now = tree(&home.path);
        let whole = match &said {
            Recovered::Nothing => now == self.old || now == self.new,
            Recovered::RolledBack { .. } => now == self.old,
            Recovered::Completed { .. } => now == self.new,
        };
        assert!(whole, "{at}: {said}\n{now:#?}");
        assert_eq!(recover(&home.path, &Steps::default()), Ok(Recovered::Nothing), "{at}");
        said
    }
}

#[test]
fn a_restore_cut_before_any_step_is_rolled_back_or_completed() {
    let states = States::known();
    let (mut rolled_back, mut completed) = (0, 0);
    for cut in 1.. {
        let home = home();
        if !cut_at("restore", &home, cut) {
            assert_eq!(tree(&home.path), states.new);
            break;
        }
        match states.check(&home, &format!("cut at {cut}")) {
            Recovered::RolledBack { .. } => rolled_back += 1,
            Recovered::Completed { .. } => completed += 1,
            Recovered::Nothing => {}
        }
    }
    assert!(rolled_back >= 5 && completed >= 10, "{rolled_back} rolled back, {completed} completed");
}

#[test]
fn a_recovery_cut_before_any_step_is_resumed() {
    let states = States::known();
    for cut in 1.. {
        for again in 1.. {
            let home = home();
            if !cut_at("restore", &home, cut) {
                return;
            }
            let was_cut = cut_at("recover", &home, again);
            states.check(&home, &format!("cut at {cut}, then at {again}"));
            if !was_cut {
                break;
            }
        }
    }
}

#[test]
fn a_rollback_that_is_cut_before_any_step_ends_in_the_old_state() {
    let mut states = States::known();
    for cut in 1.. {
        let home = home();
        let was_cut = cut_at("disturbed", &home, cut);
        let foreign = fs::read(home.path.join(FOREIGN)).ok();
        assert_ne!(foreign.as_deref(), Some(b"new".as_slice()), "cut at {cut}");
        if foreign.is_some() {
            fs::remove_file(home.path.join(FOREIGN)).unwrap();
            fs::write(home.path.join(FOREIGN), "foreign").unwrap();
            states.old.insert(FOREIGN.into(), tree(&home.path)[FOREIGN.as_bytes()].clone());
            states.check(&home, &format!("cut at {cut}"));
        }
        states.old.remove(FOREIGN.as_bytes());
        if !was_cut {
            assert!(foreign.is_some());
            break;
        }
    }
}
