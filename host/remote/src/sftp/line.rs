//! The line to a server: the `ssh` process, the bytes on their way to it, and the answers that came.
//!
//! Three threads move bytes: requests to ssh, answers from it, and its words. They end with the process.

use std::collections::{HashMap, VecDeque};
use std::io::{Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::diagnosis::diagnose;
use super::wire::{self, Answer, Packet};
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::stop::Stop;

/// What the threads and the callers share.
pub struct Line {
    state: Mutex<State>,
    /// An answer is here, there is space in the queue, or the session has ended.
    changed: Condvar,
    /// There is something to send, or the session has ended.
    pub to_send: Condvar,
}

pub struct State {
    queue: VecDeque<Vec<u8>>,
    /// Bytes in the queue.
    pub queued: usize,
    /// Requests, and the answers that are here.
    pub answers: HashMap<u32, Option<Answer>>,
    last_id: u32,
    pub last_answer: Instant,
    /// READs ahead of readers, of all readers.
    pub reads_ahead: usize,
    pub users: usize,
    pub last_use: Instant,
    /// ssh. Absent once it is killed.
    process: Option<Child>,
    /// ssh's words. `None` until it has said all.
    words: Option<String>,
    /// Why the session has ended.
    pub ended: Option<Error>,
}

impl State {
    /// Puts the first request into the queue. The id of its answer is 0.
    pub fn greet(&mut self) {
        self.answers.insert(0, None);
        self.queue.push_back(Packet::new(wire::INIT, 3, 0).finish());
    }

    /// Puts a request into the queue. Returns its id.
    pub fn push(&mut self, kind: u8, payload: usize, fields: impl FnOnce(Packet) -> Packet) -> u32 {
        // 0 is the id of the first answer.
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        let packet = fields(Packet::new(kind, self.last_id, payload)).finish();
        self.queued += packet.len();
        self.queue.push_back(packet);
        self.last_id
    }
}

impl Line {
    pub fn new(process: Child) -> Self {
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

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn start(self: &Arc<Self>, name: &str, work: impl FnOnce(&Self) + Send + 'static) -> Result<()> {
        let line = self.clone();
        let thread =
            thread::Builder::new().name(name.to_owned()).stack_size(128 * 1024).spawn(move || work(&line));
        thread
            .map(drop)
            .map_err(|error| Error::new(Kind::Interrupted, format!("cannot start a thread: {error}")))
    }

    /// Waits for a change. `begun` is when the caller began to wait for the server.
    pub fn wait<'a>(
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
    pub fn end(&self, error: Error) {
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
    pub fn send(&self, mut stdin: ChildStdin) {
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
    pub fn receive(&self, mut stdout: ChildStdout) {
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
                    let diagnosis = diagnose(&words);
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
    pub fn listen(&self, mut stderr: ChildStderr) {
        let mut words = Vec::new();
        stderr.by_ref().take(16 * 1024).read_to_end(&mut words).ok();
        // More of it would hold ssh up.
        std::io::copy(&mut stderr, &mut std::io::sink()).ok();
        self.lock().words = Some(String::from_utf8_lossy(&words).into_owned());
        self.changed.notify_all();
    }

    /// ssh's words once it has ended. `None` if it lives on, or has said nothing.
    pub fn last_words(&self) -> Option<String> {
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
