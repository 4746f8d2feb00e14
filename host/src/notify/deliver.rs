//! Delivers one notification: attempts, waits between them, and what to say when all are used up.
//!
//! Whether trying again may help, the HTTP client knows; a receiver whose answer got lost may be told twice. Commands and files
//! get one attempt: what they did half they would do twice.

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;

use super::command;
use super::render::Delivery;
use super::shutdown::{Pause, Phase, Stop};
use crate::disk::directory::Directory;
use crate::error::reason;
use crate::http::{Client, Hosts, Request};
use crate::options::notify::{FIRST_WAIT, LONGEST_WAIT};

/// What deliveries are made with; all targets share one.
pub struct Courier {
    pub client: Client,
    pub pause: Arc<dyn Pause>,
    pub stop: Arc<Stop>,
    pub log: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Courier {
    /// Does it, or says why not and what to do.
    pub fn deliver(&self, delivery: &Delivery) -> Result<(), String> {
        match delivery {
            Delivery::Http { request, retries } => self.request(request, *retries),
            Delivery::Command(run) => command::run(run, &self.stop),
            Delivery::Line { path, line } => append(path, line),
            Delivery::Log(line) => {
                (self.log)(line);
                Ok(())
            }
        }
    }

    fn request(&self, request: &Request, retries: usize) -> Result<(), String> {
        let mut wait = FIRST_WAIT;
        let mut attempt: usize = 1;
        loop {
            let sent = self.client.send(request, &Hosts::any()).and_then(|response| response.accepted());
            let Err(failure) = sent else { return Ok(()) };
            let asked = failure.retry_after.unwrap_or_default();
            let tried = if attempt == 1 { "tried once".to_owned() } else { format!("tried {attempt} times") };
            if failure.is_final() {
                return Err(failure.message);
            }
            if attempt > retries {
                return Err(format!("{failure} ({tried})"));
            }
            if asked > LONGEST_WAIT {
                return Err(format!("{failure} ({tried}; it asks us to wait {} s)", asked.as_secs()));
            }
            self.pause.pause(wait.max(asked).min(LONGEST_WAIT), &self.stop);
            if self.stop.phase() > Phase::Open {
                return Err(format!("{failure} ({tried}, then Larder ended)"));
            }
            wait = wait.saturating_mul(2);
            attempt = attempt.saturating_add(1);
        }
    }
}

/// Adds a line in one piece. What is no plain file (a link, a pipe, a device) might lead elsewhere or hold us up, and is refused.
fn append(path: &Path, line: &str) -> Result<(), String> {
    let shown = path.display();
    let file = path.file_name().ok_or_else(|| format!("{shown} is no file; name one"))?;
    let directory = Directory::of(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("cannot open {shown}: its directory does not exist; create it"),
        _ => format!("cannot open {shown}: {}; check its permissions", reason(&error)),
    })?;
    let mut file = directory.open_to_append(file, 0o644).map_err(|error| match error.kind() {
        ErrorKind::Other | ErrorKind::IsADirectory => {
            format!("{shown} is no plain file ({}); name another", reason(&error))
        }
        _ => format!("cannot open {shown}: {}; check its permissions", reason(&error)),
    })?;
    let written = file.write_all(format!("{line}\n").as_bytes());
    written.map_err(|error| format!("cannot write to {shown}: {}; check the disk", reason(&error)))
}
