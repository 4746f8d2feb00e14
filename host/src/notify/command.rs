//! One run of a program: arguments as they are, no shell, a small environment, a time limit; what it says is kept when it
//! fails.

use std::io::{PipeReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::render::Run;
use super::shutdown::{Phase, Stop};
use crate::error::reason;
use crate::http::excerpt;
use crate::options::notify::{COMMAND_OUTPUT, OUTPUT_TIME};

/// All that a program is given of our environment: what it needs to find others, and to write for this person and zone.
const ENVIRONMENT: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];

/// Runs it and waits; the error says what happened, then what to do. It and what it started are killed when its time is over, or
/// when `stop` ends.
pub fn run(run: &Run, stop: &Arc<Stop>) -> Result<(), String> {
    let told = |error: std::io::Error| {
        format!("cannot start `{}`: {}; check its path and permissions", run.program, reason(&error))
    };
    let (output, mut child) = start(run).map_err(told)?;
    if let (Some(stdin), Some(input)) = (child.stdin.take(), run.input.clone()) {
        feed(stdin, input);
    }
    let output = Output::collect(output, stop.clone());
    let is_over = watch(&child, stop.clone());
    stop.wait(run.time, |phase| phase == Phase::Ended || is_over.load(Ordering::SeqCst));
    let was_killed = !is_over.load(Ordering::SeqCst);
    if was_killed {
        kill(&child);
    }
    let status = child.wait().map_err(told)?;
    let said = output.said(stop);
    match (was_killed, status.success()) {
        (false, true) => Ok(()),
        (true, _) if stop.phase() == Phase::Ended => {
            Err(format!("`{}` was killed, since Larder ends{said}", run.program))
        }
        (true, _) => {
            let time = run.time.as_secs_f64();
            Err(format!(
                "`{}` was killed after {time} s{said}; make it faster, or raise `timeout`",
                run.program
            ))
        }
        (false, false) => Err(format!("`{}` {}{said}; correct it", run.program, ended(status))),
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

/// On a thread of its own: a program need not read what it is given.
fn feed(mut stdin: ChildStdin, input: String) {
    // One that closes its input has read enough; without a thread, it reads nothing and may say so.
    drop(thread("notify-input", move || drop(stdin.write_all(input.as_bytes()))));
}

/// Tells when the program has ended, and leaves it to be waited for: until then its number means nobody else.
fn watch(child: &Child, stop: Arc<Stop>) -> Arc<AtomicBool> {
    let is_over = Arc::new(AtomicBool::new(false));
    let told = is_over.clone();
    let id = pid(child);
    drop(thread("notify-watch", move || {
        if let Some(id) = id {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(id), options) {}
        }
        told.store(true, Ordering::SeqCst);
        stop.ring();
    }));
    is_over
}

fn kill(child: &Child) {
    if let Some(id) = pid(child) {
        // It may have ended just now.
        let _ = kill_process_group(id, Signal::KILL);
    }
}

fn pid(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()).ok()?)
}

fn ended(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended badly".to_owned(),
    }
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// The beginning of what a program writes.
struct Output {
    text: Arc<Mutex<Vec<u8>>>,
    is_whole: Arc<AtomicBool>,
}

impl Output {
    /// Reads to the end, so that the program is never held up.
    fn collect(mut pipe: PipeReader, stop: Arc<Stop>) -> Self {
        let output = Self { text: Arc::default(), is_whole: Arc::default() };
        let (text, is_whole) = (output.text.clone(), output.is_whole.clone());
        let read = move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
                let room = COMMAND_OUTPUT.saturating_sub(text.len());
                text.extend(buffer.iter().take(length.min(room)));
            }
            is_whole.store(true, Ordering::SeqCst);
            stop.ring();
        };
        drop(thread("notify-output", read));
        output
    }

    /// As the rest of a sentence.
    fn said(&self, stop: &Stop) -> String {
        stop.wait(OUTPUT_TIME, |_| self.is_whole.load(Ordering::SeqCst));
        let said = excerpt(&self.text.lock().unwrap_or_else(PoisonError::into_inner));
        if said.is_empty() { said } else { format!(" ({said})") }
    }
}
