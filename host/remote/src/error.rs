//! The error of a location on another machine: what happened to which object, and what to do.

use std::fmt;

/// The result of a call to a location.
pub type Result<T> = std::result::Result<T, Error>;

/// A failed call. Its message is for people; it holds no credentials and no signed address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    pub kind: Kind,
    pub message: String,
}

/// What can be done about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There is no such object, upload, bucket or folder.
    NotFound,
    /// An object of that name exists.
    Exists,
    /// The server refuses this user: wrong credentials, missing rights, an unknown or changed host key. Not tried again at once.
    Denied,
    /// The configuration or the request is wrong. Not tried again.
    Invalid,
    /// The server has no space, or the quota is used up. Not tried again at once.
    NoSpace,
    /// The line broke, the server is down or busy, or it answered nonsense: the same call may succeed later.
    Interrupted,
    /// It is unclear whether the server did what was asked (an answer was lost, 423, 504): ask for the object before sending again.
    Unclear,
    /// The local file changed while it was uploaded.
    Changed,
    /// The work was stopped from here.
    Stopped,
    /// The server cannot do this.
    Unsupported,
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// Puts `what` in front of the message: `cannot list s3.offsite: connection refused`.
    pub fn about(self, what: impl fmt::Display) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }

    /// Whether the same call may succeed in a moment.
    pub fn is_transient(&self) -> bool {
        matches!(self.kind, Kind::Interrupted | Kind::Unclear)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
