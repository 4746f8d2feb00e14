//! Delivers one notification: the attempts, the back-off between them, and the error when all have failed.
//!
//! The HTTP client decides whether a retry may help. A receiver whose answer was lost may get a notification twice. Commands and files get
//! one attempt, because a second one could repeat work that the first one did in part.

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;

use super::command;
use super::render::Delivery;
use super::shutdown::{Pause, Phase, Shutdown};
use crate::disk::directory::Directory;
use crate::error::reason;
use crate::http_client::{Client, Hosts, Request};
use crate::tunables::notify::{FIRST_WAIT, LONGEST_WAIT};

/// Delivers notifications. All targets share one.
pub struct Deliverer {
    /// Sends HTTP requests.
    pub client: Client,
    /// Waits between attempts.
    pub pause: Arc<dyn Pause>,
    /// Ends deliveries.
    pub shutdown: Arc<Shutdown>,
    /// Writes a line to Larder's log.
    pub log: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Deliverer {
    /// Delivers a notification. The error says why it failed and what to do.
    pub fn deliver(&self, delivery: &Delivery) -> Result<(), String> {
        match delivery {
            Delivery::Http { request, retries } => self.request(request, *retries),
            Delivery::Command(run) => command::run(run, &self.shutdown),
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
            let requested = failure.retry_after.unwrap_or_default();
            let tried = if attempt == 1 { "tried once".to_owned() } else { format!("tried {attempt} times") };
            if failure.is_final() {
                return Err(failure.message);
            }
            if attempt > retries {
                return Err(format!("{failure} ({tried})"));
            }
            if requested > LONGEST_WAIT {
                return Err(format!(
                    "{failure} ({tried}; the server asks to wait {} s)",
                    requested.as_secs()
                ));
            }
            self.pause.pause(wait.max(requested).min(LONGEST_WAIT), &self.shutdown);
            if self.shutdown.phase() > Phase::Open {
                return Err(format!("{failure} ({tried}, then Larder shut down)"));
            }
            wait = wait.saturating_mul(2);
            attempt = attempt.saturating_add(1);
        }
    }
}

/// Appends a line in one write. Refuses anything but a regular file: a link could lead elsewhere, and a pipe or device could block.
fn append(path: &Path, line: &str) -> Result<(), String> {
    let shown = path.display();
    let file = path.file_name().ok_or_else(|| format!("{shown} is not the path of a file; write one"))?;
    let directory = Directory::of(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("cannot open {shown}: its directory does not exist; create it"),
        _ => format!("cannot open {shown}: {}; check its permissions", reason(&error)),
    })?;
    let mut file = directory.open_to_append(file, 0o644).map_err(|error| match error.kind() {
        ErrorKind::Other | ErrorKind::IsADirectory => {
            format!("{shown} cannot be used ({}); choose a regular file", reason(&error))
        }
        _ => format!("cannot open {shown}: {}; check its permissions", reason(&error)),
    })?;
    let written = file.write_all(format!("{line}\n").as_bytes());
    written.map_err(|error| format!("cannot write to {shown}: {}; check the disk", reason(&error)))
}
