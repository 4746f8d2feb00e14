//! The service's door for other commands on the same machine: a socket in the state directory, one request a connection.
//!
//! Only the owner of the state directory may open it. A line of JSON in (`{"command": …, "data": …}`), a line of JSON out
//! (`{"ok": …}` or `{"error": …}`). Knows no command: whoever answers does.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::disk::directory::{Directory, PRIVATE};
use crate::error::{Doing, Result};
use crate::options::{CONTROL_TIME, MAX_CONTROL, MAX_EVENT};

const NAME: &str = "control";

/// Answers one request. Called on a thread of its own.
pub type Answer = Arc<dyn Fn(&str, Value) -> std::result::Result<Value, String> + Send + Sync>;

/// An open door. Dropping it closes it; what is under way is answered if it can be.
pub struct Control {
    directory: PathBuf,
    is_closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Control {
    /// Opens the door of the service that holds this state directory: what lies there is left by one that died.
    pub fn open(state: &Path, answer: Answer) -> Result<Self> {
        let directory = state.join("host");
        let what = || format!("cannot open the socket {}", directory.join(NAME).display());
        // Nobody else may come near it, not even before its own rights are set.
        let opened = Directory::make(&directory, 0o700).doing(what)?;
        let _ = opened.remove(NAME);
        let (handle, path) = short(&directory).doing(what)?;
        // Fails where anything has that name, a link too.
        let listener = UnixListener::bind(&path).doing(what)?;
        opened.set_mode(NAME, PRIVATE).doing(what)?;
        drop(handle);
        let is_closed = Arc::new(AtomicBool::new(false));
        let closed = is_closed.clone();
        let accept = move || listen(&listener, &closed, &answer);
        let thread = std::thread::Builder::new().name("control".into()).spawn(accept).doing(what)?;
        Ok(Self { directory, is_closed, thread: Some(thread) })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.is_closed.store(true, Ordering::Relaxed);
        // Wakes whoever accepts. When that cannot be, the end of the process ends it.
        let is_woken = connect(&self.directory).is_ok();
        let _ = fs::remove_file(self.directory.join(NAME));
        if is_woken && let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Asks the service of a state directory; none when there is none.
pub fn ask(state: &Path, command: &str, data: Value) -> Option<std::result::Result<Value, String>> {
    let stream = connect(&state.join("host")).ok()?;
    let request = json!({"command": command, "data": data});
    Some(exchange(stream, &request).unwrap_or_else(|error| {
        Err(format!("the running service gave no answer to {command}: {error}; see its log"))
    }))
}

fn exchange(mut stream: UnixStream, request: &Value) -> std::io::Result<std::result::Result<Value, String>> {
    writeln!(stream, "{request}")?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    let answer: Value = serde_json::from_str(&line).map_err(|_| ErrorKind::UnexpectedEof)?;
    let error = answer.get("error").and_then(Value::as_str).map(str::to_owned);
    Ok(error.map_or_else(|| Ok(answer.get("ok").cloned().unwrap_or_default()), Err))
}

fn connect(directory: &Path) -> std::io::Result<UnixStream> {
    let (_handle, path) = short(directory)?;
    UnixStream::connect(path)
}

/// A socket's path has 107 bytes at most, a state directory may have more: through its open handle it is short.
fn short(directory: &Path) -> std::io::Result<(File, PathBuf)> {
    let handle = File::open(directory)?;
    let through = PathBuf::from(format!("/proc/self/fd/{}", handle.as_raw_fd()));
    let path = if through.exists() { through.join(NAME) } else { directory.join(NAME) };
    Ok((handle, path))
}

fn listen(listener: &UnixListener, is_closed: &AtomicBool, answer: &Answer) {
    let busy = Arc::new(());
    while let Ok((stream, _)) = listener.accept() {
        if is_closed.load(Ordering::Relaxed) {
            return;
        }
        // More at once than anybody needs: it is closed, and the other side says so.
        if Arc::strong_count(&busy) > MAX_CONTROL {
            continue;
        }
        let (answer, busy) = (answer.clone(), busy.clone());
        let serve = move || {
            let _busy = busy;
            // Whoever asked may be gone.
            let _ = serve(stream, &answer);
        };
        // Without a thread the other side is told by the closed connection.
        let _ = std::thread::Builder::new().name("control".into()).spawn(serve);
    }
}

fn serve(mut stream: UnixStream, answer: &Answer) -> std::io::Result<()> {
    stream.set_read_timeout(Some(CONTROL_TIME))?;
    let mut line = String::new();
    BufReader::new(stream.try_clone()?.take(MAX_EVENT as u64)).read_line(&mut line)?;
    let request: Value = serde_json::from_str(&line).unwrap_or_default();
    let reply = match request.get("command").and_then(Value::as_str) {
        Some(command) => answer(command, request.get("data").cloned().unwrap_or_default()),
        None => Err("a request is one line of JSON with a command".into()),
    };
    let reply = match reply {
        Ok(value) => json!({"ok": value}),
        Err(error) => json!({"error": error}),
    };
    writeln!(stream, "{reply}")
}
