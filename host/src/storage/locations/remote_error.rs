//! Errors of locations on other machines, as errors of the host.

use crate::error::Error;
use larder_remote::Kind;

/// The host's error with the same message.
pub(super) fn outward(error: larder_remote::Error) -> Error {
    let message = error.message;
    match error.kind {
        Kind::NotFound => Error::NotFound(message),
        Kind::Exists => Error::Exists(message),
        Kind::Denied | Kind::Unsupported => Error::Denied(message),
        Kind::Invalid => Error::Invalid(message),
        Kind::NoSpace => Error::NoSpace(message),
        Kind::Interrupted | Kind::Unclear | Kind::Changed | Kind::Stopped => Error::Io(message),
    }
}
