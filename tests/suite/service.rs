//! The service without supervision: documents, crashes, locks, disks and signals, through the real component.

mod deaths;
mod documents;
mod gentle;
mod locks;
mod logging;
mod markers;
mod opening;
mod rights;
mod serving;
mod traps;
mod upgrades;

use std::fs::{self, DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use larder::steps::Steps;
use larder_tests::{TestHome, TestService};
use serde_json::{Value, json};

const EVENT: &str = "event.backup_automatic_backup";
const MANAGER: &str = "sensor.backup_backup_manager_state";
const NEXT: &str = "sensor.backup_next_scheduled_automatic_backup";
/// When tests in virtual time begin.
const START: &str = "2026-05-04T12:00:00+00:00";

/// A home whose clocks show UTC.
fn home() -> TestHome {
    let home = TestHome::in_memory();
    home.write(".storage/core.config", r#"{"data": {"time_zone": "UTC"}}"#);
    home
}

fn document(home: &TestHome) -> PathBuf {
    home.state().join("documents/backup.json")
}

/// Stores a document as the service would.
fn store(home: &TestHome, text: impl AsRef<[u8]>) {
    let path = document(home);
    DirBuilder::new().recursive(true).mode(0o700).create(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Daily backups at 03:00 without a password.
fn daily() -> Value {
    json!({
        "create_backup": {"agent_ids": ["backup.local"]},
        "schedule": {"recurrence": "daily", "time": "03:00"},
    })
}

/// The type, reason and trigger that the event entity shows, and the manager's state.
fn shown(service: &mut TestService) -> [Value; 4] {
    let event = service.state(EVENT).attributes;
    let state = service.state(MANAGER).state;
    [event["event_type"].clone(), event["failed_reason"].clone(), event["trigger"].clone(), state.into()]
}

/// The messages for users since the last call.
fn told(service: &mut TestService) -> Vec<String> {
    let heard = service.events().into_iter().filter(|heard| heard.topic == "larder/log");
    heard.map(|heard| heard.data["message"].as_str().unwrap().to_owned()).collect()
}

/// The repairs at the start.
fn notices(service: &mut TestService) -> String {
    service.service().host().notices.join("\n")
}

/// Holds the first thread that reaches a step until it is released.
struct Gate {
    steps: Steps,
    reached: Receiver<()>,
    release: Sender<()>,
}

impl Gate {
    fn at(held: &'static str) -> Self {
        let (reached_in, reached) = channel();
        let (release, released) = channel::<()>();
        let (released, is_over) = (Mutex::new(released), AtomicBool::new(false));
        let steps = Steps(Arc::new(move |step| {
            if step == held && !is_over.swap(true, Ordering::Relaxed) {
                reached_in.send(()).unwrap();
                // Until the other end is gone.
                let _ = released.lock().unwrap().recv();
            }
        }));
        Self { steps, reached, release }
    }

    /// Waits until a thread is held.
    fn wait(&self) {
        self.reached.recv().unwrap();
    }

    fn open(self) {
        drop(self.release);
    }
}

/// A shell command that prints `paused` and waits until it is released, without a clock.
struct Pause(PathBuf);

impl Pause {
    fn new(home: &TestHome) -> Self {
        let go = home.root().join("go");
        assert!(Command::new("mkfifo").arg(&go).status().unwrap().success());
        Self(go)
    }

    /// The command, which pauses at that step.
    fn at(&self, step: &str, mut command: Command) -> Command {
        let script = format!("echo paused >&2; cat '{}'", self.0.display());
        command.env("LARDER_RUN_AT", step).env("LARDER_RUN", script);
        command
    }

    /// Releases the waiting thread.
    fn release(&self) {
        fs::write(&self.0, "").unwrap();
    }
}

/// No thread keeps waiting after a failed test.
impl Drop for Pause {
    fn drop(&mut self) {
        let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap();
        let _ = OpenOptions::new().write(true).custom_flags(flags).open(&self.0);
    }
}
