//! A session: one `ssh` process, and the requests that wait for its answers.
//!
//! Three threads of it move bytes: requests to ssh, answers from it, and its words. Callers wait for answers with a time limit and a token that
//! stops them; what was begun is sent to its end, so a caller that goes away disturbs no other.

use std::collections::{HashMap, VecDeque};
use std::io::{Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::wire::{self, Answer, Packet};
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::stop::Stop;

/// An open session. Ends with its last user.
pub struct Session {
    line: Arc<Line>,
    /// The names of the extensions that the server offers. Offered is not working.
    extensions: Vec<String>,
}

/// A request that was sent. Its answer is dropped with it.
pub struct Ticket {
    line: Arc<Line>,
    id: u32,
    sent: Instant,
}

/// A session that is used. Unused ones end after a while.
pub struct Held(Arc<Session>);

impl std::ops::Deref for Held {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.0.line.lock();
        state.users = state.users.saturating_sub(1);
        state.last_use = Instant::now();
    }
}

/// What the threads and the callers share.
struct Line {
    state: Mutex<State>,
    /// An answer is here, there is space in the queue, or the session has ended.
    changed: Condvar,
    /// There is something to send, or the session has ended.
    to_send: Condvar,
}

struct State {
    queue: VecDeque<Vec<u8>>,
    /// Bytes in the queue.
    queued: usize,
    /// Requests, and the answers that are here.
    answers: HashMap<u32, Option<Answer>>,
    last_id: u32,
    last_answer: Instant,
    /// READs ahead of readers, of all readers.
    reads_ahead: usize,
    users: usize,
    last_use: Instant,
    /// ssh. Absent once it is killed.
    process: Option<Child>,
    /// ssh's words. `None` until it has said all.
    words: Option<String>,
    /// Why the session has ended.
    ended: Option<Error>,
}

impl Session {
    /// Starts ssh and waits for the server's first answer. The error of the server's end is whatever ssh says: `words` translates it.
    pub fn open(command: &mut Command, stop: &Stop, words: impl FnOnce(&str) -> Error) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut process = command
            .spawn()
            .map_err(|error| Error::new(Kind::Invalid, format!("cannot start {program}: {error}")))?;
        let pipes = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        let line = Arc::new(Line::new(process));
        let mut session = Self { line, extensions: Vec::new() };
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(Error::new(Kind::Invalid, format!("{program} has no pipes")));
        };
        let hello = Packet::new(wire::INIT, 3, 0).finish();
        {
            let mut state = session.line.lock();
            state.answers.insert(0, None);
            state.queue.push_back(hello);
        }
        session.line.start("larder-sftp-words", move |line| line.listen(stderr))?;
        session.line.start("larder-sftp-out", move |line| line.send(stdin))?;
        session.line.start("larder-sftp-in", move |line| line.receive(stdout))?;
        let ticket = Ticket { line: session.line.clone(), id: 0, sent: Instant::now() };
        match ticket.wait(limits::SFTP_OPEN, stop) {
            Ok(Answer::Version(_, extensions)) => {
                session.extensions = extensions;
                Ok(session)
            }
            Ok(_) => Err(nonsense()),
            Err(error) if error.kind == Kind::Stopped => Err(error),
            Err(error) => Err(session.line.last_words().map_or(error, |text| words(&text))),
        }
    }

    pub fn offers(&self, extension: &str) -> bool {
        self.extensions.iter().any(|name| name == extension)
    }

    /// Keeps it from ending because nobody uses it. `None` if it has ended.
    pub fn hold(self: &Arc<Self>) -> Option<Held> {
        let mut state = self.line.lock();
        state.ended.is_none().then(|| {
            state.users += 1;
            Held(self.clone())
        })
    }

    /// Sends a request. Waits while too many bytes are on their way to ssh.
    pub fn request(
        &self,
        kind: u8,
        payload: usize,
        fields: impl FnOnce(Packet) -> Packet,
        stop: &Stop,
    ) -> Result<Ticket> {
        let begun = Instant::now();
        let mut state = self.line.lock();
        while state.queued >= limits::SFTP_QUEUE && state.ended.is_none() {
            state = self.line.wait(state, begun, limits::SFTP_ANSWER, stop)?;
        }
        if let Some(error) = &state.ended {
            return Err(error.clone());
        }
        let id = state.push(kind, payload, fields);
        state.answers.insert(id, None);
        drop(state);
        self.line.to_send.notify_one();
        Ok(Ticket { line: self.line.clone(), id, sent: Instant::now() })
    }

    /// Sends a small request without ever waiting. Its answer is not kept.
    pub fn tell(&self, kind: u8, payload: usize, fields: impl FnOnce(Packet) -> Packet) {
        let mut state = self.line.lock();
        if state.ended.is_none() {
            state.push(kind, payload, fields);
            self.line.to_send.notify_one();
        }
    }

    /// Takes a place for a READ ahead. The caller gives it back.
    pub fn take_read(&self) -> bool {
        let mut state = self.line.lock();
        let is_free = state.reads_ahead < limits::SFTP_READS;
        state.reads_ahead += usize::from(is_free);
        is_free
    }

    pub fn give_reads(&self, count: usize) {
        let mut state = self.line.lock();
        state.reads_ahead = state.reads_ahead.saturating_sub(count);
    }
}

impl State {
    /// Puts a request into the queue. Returns its id.
    fn push(&mut self, kind: u8, payload: usize, fields: impl FnOnce(Packet) -> Packet) -> u32 {
        // 0 is the id of the first answer.
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        let packet = fields(Packet::new(kind, self.last_id, payload)).finish();
        self.queued += packet.len();
        self.queue.push_back(packet);
        self.last_id
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.line.end(Error::new(Kind::Interrupted, "the session was closed"));
    }
}

impl Ticket {
    /// Waits for the answer. Without any answer of the server within `limit` the session ends.
    pub fn wait(self, limit: Duration, stop: &Stop) -> Result<Answer> {
        let mut state = self.line.lock();
        loop {
            if let Some(answer) = state.answers.get_mut(&self.id).and_then(Option::take) {
                return Ok(answer);
            }
            if let Some(error) = &state.ended {
                return Err(error.clone());
            }
            state = self.line.wait(state, self.sent, limit, stop)?;
        }
    }

    pub fn is_answered(&self) -> bool {
        let state = self.line.lock();
        state.ended.is_some() || state.answers.get(&self.id).is_some_and(Option::is_some)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.line.lock().answers.remove(&self.id);
    }
}

impl Line {
    fn new(process: Child) -> Self {
        let state = State {
            queue: VecDeque::new(),
            queued: 0,
            answers: HashMap::new(),
            last_id: 0,
            last_answer: Instant::now(),
            reads_ahead: 0,
            users: 0,
            last_use: Instant::now(),
            process: Some(process),
            words: None,
            ended: None,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), to_send: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(self: &Arc<Self>, name: &str, work: impl FnOnce(&Self) + Send + 'static) -> Result<()> {
        let line = self.clone();
        let thread =
            thread::Builder::new().name(name.to_owned()).stack_size(128 * 1024).spawn(move || work(&line));
        thread
            .map(drop)
            .map_err(|error| Error::new(Kind::Interrupted, format!("cannot start a thread: {error}")))
    }

    /// Waits for a change. `begun` is when the caller began to wait for the server.
    fn wait<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        begun: Instant,
        limit: Duration,
        stop: &Stop,
    ) -> Result<MutexGuard<'a, State>> {
        stop.check()?;
        // Requests queue behind each other on a slow line: while answers come, the server is alive.
        if begun.max(state.last_answer).elapsed() >= limit {
            drop(state);
            let error = Error::new(
                Kind::Interrupted,
                format!("the server has not answered for {} s", limit.as_secs()),
            );
            self.end(error.clone());
            return Err(error);
        }
        let waited = self.changed.wait_timeout(state, limits::STOP_POLL);
        Ok(waited.unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Ends the session, for the first reason that is given.
    fn end(&self, error: Error) {
        let mut state = self.lock();
        state.ended.get_or_insert(error);
        state.queue.clear();
        state.queued = 0;
        let process = state.process.take();
        self.changed.notify_all();
        self.to_send.notify_all();
        drop(state);
        // Everything that matters is closed by requests; some servers never let ssh end by itself.
        if let Some(mut process) = process {
            process.kill().ok();
            process.wait().ok();
        }
    }

    /// The thread that sends.
    fn send(&self, mut stdin: ChildStdin) {
        loop {
            let mut state = self.lock();
            let packet = loop {
                if state.ended.is_some() {
                    return;
                }
                match state.queue.pop_front() {
                    Some(packet) => break packet,
                    None if state.users == 0 && state.last_use.elapsed() >= limits::SFTP_IDLE => {
                        drop(state);
                        return self.end(Error::new(Kind::Interrupted, "the session was not used"));
                    }
                    None => {
                        let waited = self.to_send.wait_timeout(state, limits::SFTP_IDLE);
                        state = waited.unwrap_or_else(PoisonError::into_inner).0;
                    }
                }
            };
            state.queued = state.queued.saturating_sub(packet.len());
            self.changed.notify_all();
            drop(state);
            // When ssh has gone, the thread that receives says so.
            if stdin.write_all(&packet).is_err() {
                return;
            }
        }
    }

    /// The thread that receives.
    fn receive(&self, mut stdout: ChildStdout) {
        let error = loop {
            match receive_one(&mut stdout) {
                Ok((id, answer)) => {
                    let mut state = self.lock();
                    state.last_answer = Instant::now();
                    if let Some(place) = state.answers.get_mut(&id) {
                        *place = Some(answer);
                        self.changed.notify_all();
                    }
                }
                Err(Some(error)) => break error,
                Err(None) => {
                    let words = self.last_words().unwrap_or_default();
                    let diagnosis = super::diagnosis::diagnose(&words);
                    break Error::new(
                        Kind::Interrupted,
                        format!("the connection broke: {}", diagnosis.words()),
                    );
                }
            }
        };
        self.end(error);
    }

    /// The thread that listens to ssh's words. Keeps the first 16 KiB.
    fn listen(&self, mut stderr: ChildStderr) {
        let mut words = Vec::new();
        stderr.by_ref().take(16 * 1024).read_to_end(&mut words).ok();
        // More of it would hold ssh up.
        std::io::copy(&mut stderr, &mut std::io::sink()).ok();
        self.lock().words = Some(String::from_utf8_lossy(&words).into_owned());
        self.changed.notify_all();
    }

    /// ssh's words once it has ended. `None` if it lives on, or has said nothing.
    fn last_words(&self) -> Option<String> {
        let state = self.lock();
        let silent = |state: &mut State| state.words.is_none();
        let waited = self.changed.wait_timeout_while(state, limits::SFTP_LAST_WORDS, silent);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.words.clone().filter(|words| !words.trim().is_empty())
    }
}

/// Reads one answer. The error is absent when the stream has ended.
fn receive_one(stream: &mut impl Read) -> std::result::Result<(u32, Answer), Option<Error>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).map_err(|_| None)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > limits::SFTP_PACKET {
        return Err(Some(nonsense()));
    }
    let mut packet = vec![0; length];
    stream.read_exact(&mut packet).map_err(|_| None)?;
    wire::answer(&packet).ok_or_else(|| Some(nonsense()))
}

/// The server answers with something that fits no request.
pub fn nonsense() -> Error {
    Error::new(Kind::Interrupted, "the server's answer is not SFTP")
}
