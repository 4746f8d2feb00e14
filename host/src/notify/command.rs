//! Runs a program for a notification: without a shell, with unchanged arguments, a small environment and a time limit. Its output becomes
//! part of the error when it fails.

use std::io::{PipeReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::render::Run;
use super::shutdown::{Phase, Shutdown};
use crate::error::reason;
use crate::http_client::excerpt;
use crate::tunables::notify::{COMMAND_OUTPUT, OUTPUT_TIME};

/// The environment variables that a program inherits: to find other programs, and for the user's language and time zone.
const ENVIRONMENT: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];

/// Runs the program and waits for it. The error says what happened, then what to do. The program and all processes that it started are
/// killed when the time is over, or when the shutdown reaches `Phase::Ended`.
pub fn run(run: &Run, shutdown: &Arc<Shutdown>) -> Result<(), String> {
    let cannot_start = |error: std::io::Error| {
        format!("cannot start `{}`: {}; check its path and permissions", run.program, reason(&error))
    };
    let (output, mut child) = start(run).map_err(cannot_start)?;
    if let (Some(stdin), Some(input)) = (child.stdin.take(), run.input.clone()) {
        feed(stdin, input);
    }
    let output = Output::collect(output, shutdown.clone());
    let has_exited = watch(&child, shutdown.clone());
    shutdown.wait(run.time, |phase| phase == Phase::Ended || has_exited.load(Ordering::SeqCst));
    let was_killed = !has_exited.load(Ordering::SeqCst);
    if was_killed {
        kill(&child);
    }
    let status = child.wait().map_err(cannot_start)?;
    let detail = output.message(shutdown);
    match (was_killed, status.success()) {
        (false, true) => Ok(()),
        (true, _) if shutdown.phase() == Phase::Ended => {
            Err(format!("`{}` was killed because Larder is shutting down{detail}", run.program))
        }
        (true, _) => {
            let time = run.time.as_secs_f64();
            Err(format!(
                "`{}` was killed after {time} s{detail}; make it faster, or raise `timeout`",
                run.program
            ))
        }
        (false, false) => {
            Err(format!("`{}` {}{detail}; check the program", run.program, exit_message(status)))
        }
    }
}

fn start(run: &Run) -> std::io::Result<(PipeReader, Child)> {
    let (reader, writer) = std::io::pipe()?;
    let mut command = Command::new(&run.program);
    command.args(&run.arguments).env_clear().process_group(0);
    command.envs(ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.stdin(if run.input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(writer.try_clone()?).stderr(writer);
    Ok((reader, command.spawn()?))
}

/// Writes the program's input on a separate thread, because the program need not read it.
fn feed(mut stdin: ChildStdin, input: String) {
    // An error here means that the program closed its input, which it may. Without a thread it gets no input and may complain.
    drop(thread("notify-input", move || drop(stdin.write_all(input.as_bytes()))));
}

/// Sets a flag when the program exits, without reaping it: until it is reaped, its process id cannot be reused.
fn watch(child: &Child, shutdown: Arc<Shutdown>) -> Arc<AtomicBool> {
    let has_exited = Arc::new(AtomicBool::new(false));
    let flag = has_exited.clone();
    let id = pid(child);
    drop(thread("notify-watch", move || {
        if let Some(id) = id {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(id), options) {}
        }
        flag.store(true, Ordering::SeqCst);
        shutdown.notify();
    }));
    has_exited
}

fn kill(child: &Child) {
    if let Some(id) = pid(child) {
        // An error means that it has just exited.
        let _ = kill_process_group(id, Signal::KILL);
    }
}

fn pid(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()).ok()?)
}

fn exit_message(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with status {code}"),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => "ended for an unknown reason".to_owned(),
    }
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// The beginning of a program's output.
struct Output {
    text: Arc<Mutex<Vec<u8>>>,
    is_complete: Arc<AtomicBool>,
}

impl Output {
    /// Reads the output to its end, so that the program never blocks on a full pipe.
    fn collect(mut pipe: PipeReader, shutdown: Arc<Shutdown>) -> Self {
        let output = Self { text: Arc::default(), is_complete: Arc::default() };
        let (text, is_complete) = (output.text.clone(), output.is_complete.clone());
        let read = move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
                let room = COMMAND_OUTPUT.saturating_sub(text.len());
                text.extend(buffer.iter().take(length.min(room)));
            }
            is_complete.store(true, Ordering::SeqCst);
            shutdown.notify();
        };
        drop(thread("notify-output", read));
        output
    }

    /// The output in parentheses, for the end of a message.
    fn message(&self, shutdown: &Shutdown) -> String {
        shutdown.wait(OUTPUT_TIME, |_| self.is_complete.load(Ordering::SeqCst));
        let text = excerpt(&self.text.lock().unwrap_or_else(PoisonError::into_inner));
        if text.is_empty() { text } else { format!(" ({text})") }
    }
}
