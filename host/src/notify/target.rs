//! The configured targets of notifications.
//!
//! Data only. The types hold tokens, so they cannot be printed (no `Debug`).

use std::path::PathBuf;
use std::time::Duration;

use crate::automation::model::Template;

/// The target `[notify.NAME]`.
pub enum Target {
    /// `kind = "webhook"`.
    Webhook(Webhook),
    /// `kind = "ntfy"`.
    Ntfy(Ntfy),
    /// `kind = "command"`.
    Command(Command),
    /// `kind = "file"`.
    File(File),
    /// `kind = "log"`: Larder's own log.
    Log,
}

/// A receiver of HTTP requests.
pub struct Webhook {
    /// The address.
    pub url: String,
    /// In capitals: `POST`.
    pub method: String,
    /// Names and values; the values are templates.
    pub headers: Vec<(String, Template)>,
    /// `None` for JSON with all fields of the notification.
    pub body: Option<Template>,
    /// The value of the header `Authorization`.
    pub authorization: Option<String>,
    /// Attempts after the first.
    pub retries: usize,
}

/// A topic of an ntfy server.
pub struct Ntfy {
    /// The server's address, without the topic.
    pub url: String,
    /// The topic to publish to.
    pub topic: String,
    /// The value of the header `Authorization`.
    pub authorization: Option<String>,
    /// Attempts after the first.
    pub retries: usize,
}

/// A program that is run without a shell.
pub struct Command {
    /// The program's path.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<Template>,
    /// Its standard input; empty when absent.
    pub input: Option<Template>,
    /// The time after which it is killed.
    pub time: Duration,
}

/// A file to which a line is appended.
pub struct File {
    /// The file's path.
    pub path: PathBuf,
    /// The line.
    pub line: Template,
}
