//! Larder's use of the machine: its low priority, bytes per second, and share of the processor.
//!
//! Checked with the kernel, and with bounds that a busy machine only makes easier to meet.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use larder_tests::{Run, Serving, TestHome, missing, noise};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::home;

/// The number in that field of the kernel's statistics of a process or thread (`proc_pid_stat(5)`, counted from 1).
fn stat(path: &str, field: usize) -> i64 {
    let text = fs::read_to_string(path).unwrap();
    let (_, after_name) = text.rsplit_once(") ").unwrap();
    after_name.split(' ').nth(field - 3).unwrap().parse().unwrap()
}

/// The niceness of each of its threads.
fn nice(process: u32) -> Vec<i64> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    threads.map(|thread| stat(thread.unwrap().path().join("stat").to_str().unwrap(), 19)).collect()
}

/// The class of its disk requests; `None` where the program that shows it is missing.
fn disk_class(process: u32) -> Option<String> {
    let output = Command::new("ionice").args(["-p", &process.to_string()]).output();
    let Ok(output) = output else {
        missing("ionice");
        return None;
    };
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[test]
fn a_service_stands_behind_other_programs_unless_it_is_told_otherwise() {
    let own = stat("/proc/self/stat", 19);
    let cases: [(&[&str], i64, bool); 3] = [
        (&["serve"], 10, true),
        (&["serve", "--nice", "15"], 15, true),
        (&["serve", "--nice", "0", "--io", "normal"], 0, false),
    ];
    for (arguments, nicer, idle) in cases {
        let home = home();
        let mut serving = Serving::begin(home.command(arguments));
        serving.until("serving; ");
        let wanted = (own + nicer).min(19);
        assert!(nice(serving.id()).iter().all(|nice| *nice == wanted), "{arguments:?}");
        if let Some(class) = disk_class(serving.id()) {
            assert_eq!(class == "idle", idle, "{arguments:?}: {class}");
        }
        drop(serving);
    }
}

/// The niceness of a process's workers while a backup is read back, as reported by a shell that it starts then.
fn workers(told: &Path) -> Vec<i64> {
    let text = fs::read_to_string(told).unwrap();
    let workers = text.lines().filter_map(|line| line.split_once(" (worker) "));
    workers.map(|(_, rest)| rest.split(' ').nth(19 - 3).unwrap().parse().unwrap()).collect()
}

#[test]
fn workers_step_back_behind_their_job_in_the_service_and_nowhere_else() {
    let own = stat("/proc/self/stat", 19);
    let home = home();
    home.write("noise.bin", noise(300_000));
    let told = home.root().join("told");
    let telling = |arguments: &[&str]| {
        let mut command = home.command(&[&["--limit", "workers=2"], arguments].concat());
        let script = format!("cat /proc/$PPID/task/*/stat > '{}'", told.display());
        command.env("LARDER_RUN_AT", "draft: read back").env("LARDER_RUN", script);
        command
    };
    Run::of(telling(&["create"])).exits(0);
    assert_eq!(workers(&told), [own, own]);

    for (nice, behind) in [("10", 15), ("0", 0)] {
        let serving = Serving::start(telling(&["serve", "--io", "normal", "--nice", nice]));
        home.larder(&["call", "backup.create"]).exits(0);
        let expected = (own + behind).min(19);
        assert_eq!(workers(&told), [expected, expected], "--nice {nice}");
        drop(serving);
    }
}

#[test]
fn where_disks_cannot_be_left_to_others_the_service_says_so_and_serves() {
    let home = home();
    let mut command = home.command(&["serve"]);
    command.env("PATH", home.root());
    let mut serving = Serving::begin(command);
    serving.until("--io normal runs without it");
    serving.until("serving; ");
}

/// The kernel's clock ticks per second.
const TICKS: u64 = 100;

/// The duration of a command, and its processor time.
fn taken(mut command: Command) -> (Duration, Duration) {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let pid = Pid::from_child(&child);
    waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
    let took = started.elapsed();
    let path = format!("/proc/{}/stat", child.id());
    let ticks = u64::try_from(stat(&path, 14) + stat(&path, 15)).unwrap();
    assert!(child.wait().unwrap().success());
    (took, Duration::from_millis(ticks * 1000 / TICKS))
}

#[test]
fn a_backup_reads_and_writes_no_more_a_second_than_it_may() {
    let home = home();
    home.create();
    // Read, written and read back; all but the last piece waits for those before it.
    home.write("picture.jpg", noise(1_500_000));
    let (took, _) = taken(home.command(&["--limit", "bandwidth=1", "create"]));
    assert!(took >= Duration::from_secs(3), "{took:?}");
}

#[test]
fn a_backup_takes_no_more_of_the_processor_than_its_share() {
    let home = TestHome::in_memory();
    home.create();
    let sentence =
        |n: u32| format!("the state of sensor.kitchen_{} is {}\n", n % 977, n.wrapping_mul(2_654_435_761));
    home.write("states.csv", (0..300_000).map(sentence).collect::<String>());
    let command = home.command(&["--limit", "workers=1", "--limit", "cpu-share=20", "create"]);
    let (took, used) = taken(command);
    assert!(used < took / 2, "{used:?} of {took:?}");
    assert!(used > Duration::from_millis(50), "{used:?}: nothing was there to do");
}
