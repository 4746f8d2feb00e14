//! Where notifications go, as it was configured: typed, with nothing left to guess.
//!
//! Owns no behaviour. Holds tokens, so it is not printed.

use std::path::PathBuf;
use std::time::Duration;

use crate::automation::model::Template;

/// A `notify.NAME`.
pub enum Target {
    Webhook(Webhook),
    Ntfy(Ntfy),
    Command(Command),
    File(File),
    /// Larder's own log.
    Log,
}

/// Any receiver that takes an HTTP request.
pub struct Webhook {
    pub url: String,
    pub method: String,
    /// The values are templates.
    pub headers: Vec<(String, Template)>,
    /// None is JSON with all that was given.
    pub body: Option<Template>,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// Attempts after the first.
    pub retries: usize,
}

/// A topic of an ntfy server.
pub struct Ntfy {
    /// The server's address, without the topic.
    pub url: String,
    pub topic: String,
    pub authorization: Option<String>,
    pub retries: usize,
}

/// A program that is started, without a shell.
pub struct Command {
    pub program: String,
    pub arguments: Vec<Template>,
    /// What it reads on its standard input; nothing when absent.
    pub input: Option<Template>,
    /// After that it is killed.
    pub time: Duration,
}

/// A file to which a line is added.
pub struct File {
    pub path: PathBuf,
    pub line: Template,
}
