//! A session: requests to a server, and waiting for its answers.
//!
//! Callers wait with a time limit and a token that stops them. What was begun is sent to its end, so a caller that goes away disturbs no other.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::line::{Line, nonsense};
use super::wire::{Answer, Packet};
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
        session.line.lock().greet();
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
        stop.check()?;
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

#[cfg(all(test, unix))]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[test]
    fn a_server_that_does_not_answer_ends_the_session_for_all_who_wait() {
        let mut silent = Command::new("sleep");
        silent.arg("600").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let line = Arc::new(Line::new(silent.spawn().unwrap()));
        let session = Arc::new(Session { line: line.clone(), extensions: Vec::new() });
        let stop = Stop::default();
        let request =
            || session.request(super::super::wire::STAT, 1, |packet| packet.bytes(b"a"), &stop).unwrap();
        let (first, second) = (request(), request());
        assert!(!first.is_answered());
        let error = first.wait(Duration::from_millis(20), &stop).unwrap_err();
        assert_eq!(error.kind, Kind::Interrupted);
        assert_eq!(second.wait(Duration::from_secs(600), &stop).unwrap_err(), error);
        assert!(session.hold().is_none());
    }
}
