//! Keeps the session of a location: opened at the first use, by one caller for all that wait, and again when it has ended.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::command;
use super::diagnosis::{Diagnosis, diagnose};
use super::scan;
use super::session::{Held, Session};
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::settings;
use crate::stop::Stop;

pub struct Keeper {
    settings: settings::Sftp,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    session: Option<Arc<Session>>,
    is_opening: bool,
    /// How often opening has failed, and the last error: those who waited share it instead of trying the same password again.
    failures: u64,
    error: Option<Error>,
}

impl Keeper {
    pub fn new(settings: settings::Sftp) -> Self {
        Self { settings, state: Mutex::default(), changed: Condvar::new() }
    }

    /// The session, for use now.
    pub fn session(&self, stop: &Stop) -> Result<Held> {
        let mut state = self.lock();
        let failures = state.failures;
        loop {
            stop.check()?;
            if let Some(held) = state.session.as_ref().and_then(Session::hold) {
                return Ok(held);
            }
            if let (true, Some(error)) = (state.failures != failures, &state.error) {
                return Err(error.clone());
            }
            if !state.is_opening {
                state.is_opening = true;
                drop(state);
                return self.open(stop);
            }
            let waited = self.changed.wait_timeout(state, limits::STOP_POLL);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Ends the session when its last user is done.
    pub fn end(&self) {
        let session = self.lock().session.take();
        drop(session);
    }

    fn open(&self, stop: &Stop) -> Result<Held> {
        let mut command = command::open(&self.settings);
        let opened = match &mut command {
            Ok(command) => Session::open(command, stop, |words| self.explain(words, stop)).map(Arc::new),
            Err(error) => Err(error.clone()),
        };
        let mut state = self.lock();
        state.is_opening = false;
        let result = match opened {
            Ok(session) => {
                let held =
                    session.hold().ok_or_else(|| Error::new(Kind::Interrupted, "the connection broke"));
                state.session = Some(session);
                held
            }
            Err(error) => {
                // Somebody else's wish to stop is no failure for those who wait.
                if error.kind != Kind::Stopped {
                    state.failures += 1;
                    state.error = Some(error.clone());
                }
                Err(error)
            }
        };
        self.changed.notify_all();
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What ssh's words mean, and what to do.
    fn explain(&self, words: &str, stop: &Stop) -> Error {
        let settings = &self.settings;
        let (host, port) = (&settings.host, settings.port);
        let file = match &settings.known_hosts {
            // Quotes are not in it: `command::check` refuses them.
            Some(path)
                if path.to_string_lossy().contains(|c: char| !c.is_alphanumeric() && !"/._-".contains(c)) =>
            {
                format!("'{}'", path.display())
            }
            Some(path) => path.display().to_string(),
            None => "~/.ssh/known_hosts".to_owned(),
        };
        match diagnose(words) {
            Diagnosis::UnknownHost(key_type) => {
                let fingerprint = scan::fingerprint(settings, key_type.as_deref(), stop);
                let shown = fingerprint.unwrap_or_else(|| "could not be read".to_owned());
                // Only the key that was compared is accepted.
                let only = match key_type.as_deref() {
                    Some(kind @ ("ED25519" | "ECDSA" | "RSA")) => format!(" -t {}", kind.to_lowercase()),
                    _ => String::new(),
                };
                Error::new(
                    Kind::Denied,
                    format!(
                        "the host key of {host} is not known; its fingerprint is {shown}. Compare it with what the server's owner says; \
                         if it is the same, accept the key: ssh-keyscan{only} -p {port} {host} >> {file}"
                    ),
                )
            }
            Diagnosis::ChangedHost { fingerprint, place } => {
                let shown = fingerprint.unwrap_or_else(|| "unknown".to_owned());
                let place = place.unwrap_or(file);
                Error::new(
                    Kind::Denied,
                    format!(
                        "the host key of {host} has CHANGED: another machine may be answering. The fingerprint is now {shown}; the known key stands \
                         in {place}. If the server's owner confirms the new one, remove that line and accept the new key"
                    ),
                )
            }
            Diagnosis::Refused(words) => {
                Error::new(Kind::Denied, format!("{host} refuses the user {}: {words}", settings.user))
            }
            Diagnosis::Misused(words) => {
                Error::new(Kind::Invalid, format!("no SFTP session with {host}: {words}"))
            }
            Diagnosis::Broken(words) => {
                Error::new(Kind::Interrupted, format!("no SFTP session with {host}: {words}"))
            }
        }
    }
}
