//! The control socket in the state directory. Other commands on the same machine send requests to the service, one per
//! connection.
//!
//! Only the owner of the state directory may open it. A line of JSON in
//! (`{"command": …, "data": …, "events": true}`); lines of JSON out: `{"begun": true}`, any number of `{"event": {"topic": …, "data": …}}`
//! if the request wants events, then `{"ok": …}` or `{"error": {"code": …, "message": …}}`. Knows no command: the handler does.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::disk::directory::{Directory, PRIVATE};
use crate::error::{Doing, Result};
use crate::home::bus::Event;
use crate::runtime::Failure;
use crate::tunables::{CONTROL_TIME, MAX_CONTROL, MAX_JSON, MAX_REQUEST};

const NAME: &str = "control";
/// The error code of a request that the service did not begin because it was stopping. The client can do it itself.
pub const NOT_BEGUN: &str = "not_begun";

/// A request of another command.
pub struct Request {
    pub command: String,
    pub data: Value,
    /// Whether the client wants events while the request is under way.
    pub wants_events: bool,
}

/// Receives events while a request is under way.
pub type Listener<'a> = &'a mut dyn FnMut(&Event);

/// The handler: answers one request. It is called on a separate thread.
pub type Answer = Arc<dyn Fn(Request, Listener<'_>) -> std::result::Result<Value, Failure> + Send + Sync>;

/// An open socket. Dropping it closes the socket, after a short wait for requests under way.
pub struct Control {
    directory: PathBuf,
    is_closed: Arc<AtomicBool>,
    /// The number of open connections.
    count: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Control {
    /// Opens the socket. The caller holds the lock of this state directory, so an existing socket is left over and is replaced.
    pub fn open(state: &Path, answer: Answer) -> Result<Self> {
        let directory = state.join("host");
        let what = || format!("cannot open the socket {}", directory.join(NAME).display());
        // The directory is private, so no one else can reach the socket before its mode is set.
        let opened = Directory::make(&directory, 0o700).doing(what)?;
        let _ = opened.remove(NAME);
        let (handle, path) = short_path(&directory).doing(what)?;
        // Fails if the name exists, even as a link.
        let listener = UnixListener::bind(&path).doing(what)?;
        opened.set_mode(NAME, PRIVATE).doing(what)?;
        drop(handle);
        let is_closed = Arc::new(AtomicBool::new(false));
        let (closed, count) = (is_closed.clone(), Arc::<AtomicUsize>::default());
        let counted = count.clone();
        let accept = move || listen(&listener, &closed, &counted, &answer);
        let thread = std::thread::Builder::new().name("control".into()).spawn(accept).doing(what)?;
        Ok(Self { directory, is_closed, count, thread: Some(thread) })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.is_closed.store(true, Ordering::Relaxed);
        // Wakes the accepting thread. If that fails, it ends with the process.
        let is_woken = connect(&self.directory).is_ok();
        let _ = fs::remove_file(self.directory.join(NAME));
        if is_woken && let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        // Clients that still wait get their refusal.
        let end = Instant::now() + CONTROL_TIME;
        while self.count.load(Ordering::Relaxed) > 0 && Instant::now() < end {
            std::thread::sleep(NAP);
        }
    }
}

/// How often to check whether all requests were answered.
const NAP: Duration = Duration::from_millis(5);

/// A connection to the service of a state directory.
pub struct Connection(UnixStream);

impl Connection {
    /// `None` if no service listens there.
    pub fn open(state: &Path) -> Option<Self> {
        connect(&state.join("host")).ok().map(Self)
    }

    /// Sends a request and waits for the answer. Events go to `listener`, if there is one.
    pub fn ask(
        self,
        command: &str,
        data: &Value,
        listener: Option<Listener<'_>>,
    ) -> std::result::Result<Value, Failure> {
        let request = json!({"command": command, "data": data, "events": listener.is_some()});
        if writeln!(&self.0, "{request}").is_err() {
            return Err(not_begun());
        }
        let mut has_begun = false;
        exchange(self.0, listener, &mut has_begun).unwrap_or_else(|error| {
            if !has_begun {
                return Err(not_begun());
            }
            let message = format!(
                "the running service stopped or did not answer {command} ({error}); its log says what happened"
            );
            Err(Failure { code: "failed".into(), message })
        })
    }
}

/// The refusal of a request that the service did not begin.
pub fn not_begun() -> Failure {
    let message = "the service stopped before it began this; try again".into();
    Failure { code: NOT_BEGUN.into(), message }
}

fn exchange(
    stream: UnixStream,
    mut listener: Option<Listener<'_>>,
    has_begun: &mut bool,
) -> io::Result<std::result::Result<Value, Failure>> {
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = String::new();
        // Twice the longest answer, because JSON escapes quotes.
        lines.by_ref().take(2 * MAX_JSON as u64).read_line(&mut line)?;
        let mut answer: Value = serde_json::from_str(&line).map_err(|_| ErrorKind::UnexpectedEof)?;
        let text =
            |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        if answer.get("begun").is_some() {
            *has_begun = true;
        } else if let Some(event) = answer.get("event") {
            let event = Event::new(text(event, "topic"), text(event, "data"));
            listener.iter_mut().for_each(|listener| listener(&event));
        } else if let Some(error) = answer.get("error") {
            return Ok(Err(Failure { code: text(error, "code"), message: text(error, "message") }));
        } else {
            return Ok(Ok(answer.get_mut("ok").map(Value::take).unwrap_or_default()));
        }
    }
}

fn connect(directory: &Path) -> io::Result<UnixStream> {
    let (_handle, path) = short_path(directory)?;
    UnixStream::connect(path)
}

/// A short path to the socket: socket paths are limited to 107 bytes, so a long directory is reached through its open handle.
fn short_path(directory: &Path) -> io::Result<(File, PathBuf)> {
    let handle = File::open(directory)?;
    let through = PathBuf::from(format!("/proc/self/fd/{}", handle.as_raw_fd()));
    let path = if through.exists() { through.join(NAME) } else { directory.join(NAME) };
    Ok((handle, path))
}

fn listen(listener: &UnixListener, is_closed: &AtomicBool, count: &Arc<AtomicUsize>, answer: &Answer) {
    while let Ok((stream, _)) = listener.accept() {
        if is_closed.load(Ordering::Relaxed) {
            return refuse_all(stream, listener);
        }
        let slot = Slot::new(count);
        let answer = answer.clone();
        let serve = move || {
            // The client may be gone.
            let _ = serve(stream, &answer, &slot);
        };
        // Without a thread, the client notices the closed connection.
        let _ = std::thread::Builder::new().name("control".into()).spawn(serve);
    }
}

/// Refuses connections that arrived while the socket was closing.
fn refuse_all(first: UnixStream, listener: &UnixListener) {
    let Failure { code, message } = not_begun();
    let reply = json!({"error": {"code": code, "message": message}});
    let _ = listener.set_nonblocking(true);
    let others = std::iter::from_fn(|| listener.accept().ok().map(|(stream, _)| stream));
    for mut stream in std::iter::once(first).chain(others) {
        // The client may be gone.
        let _ = writeln!(stream, "{reply}");
    }
}

/// Counts one open connection.
struct Slot {
    count: Arc<AtomicUsize>,
    number: usize,
}

impl Slot {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        Self { count: count.clone(), number: count.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

fn serve(stream: UnixStream, answer: &Answer, slot: &Slot) -> io::Result<()> {
    stream.set_write_timeout(Some(CONTROL_TIME))?;
    // Read the request even when busy: closing while the client sends would cut off the answer.
    let request = read(&stream)?;
    let reply = match slot.number < MAX_CONTROL {
        true => {
            writeln!(&stream, "{}", json!({"begun": true}))?;
            let mut is_gone = false;
            let mut forward = |event: &Event| {
                let line = json!({"event": {"topic": event.topic, "data": event.data}});
                // A client that does not read its events still gets the answer.
                is_gone = is_gone || writeln!(&stream, "{line}").is_err();
            };
            answer(request, &mut forward)
        }
        false => Err(Failure {
            code: "busy".into(),
            message: format!(
                "the service is already answering {MAX_CONTROL} commands; try again in a moment"
            ),
        }),
    };
    let reply = match reply {
        Ok(value) => json!({"ok": value}),
        Err(Failure { code, message }) => json!({"error": {"code": code, "message": message}}),
    };
    writeln!(&stream, "{reply}")
}

/// Reads a request. It must arrive completely within `CONTROL_TIME`, so that a client that trickles bytes cannot block others.
fn read(stream: &UnixStream) -> io::Result<Request> {
    let end = Instant::now() + CONTROL_TIME;
    let (mut line, mut chunk) = (Vec::new(), vec![0; 64 * 1024]);
    while line.last() != Some(&b'\n') && line.len() <= MAX_REQUEST {
        let left = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero());
        stream.set_read_timeout(Some(left.ok_or(ErrorKind::TimedOut)?))?;
        match (&mut &*stream).read(&mut chunk)? {
            0 => break,
            count => line.extend_from_slice(chunk.get(..count).unwrap_or_default()),
        }
    }
    let mut request: Value = serde_json::from_slice(&line).unwrap_or_default();
    Ok(Request {
        command: request.get("command").and_then(Value::as_str).unwrap_or_default().to_owned(),
        data: request.get_mut("data").map(Value::take).unwrap_or_default(),
        wants_events: request.get("events").and_then(Value::as_bool).unwrap_or(false),
    })
}
