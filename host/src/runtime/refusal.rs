//! The refusal of a guest's call by the host.

use wasmtime::component::ResourceTableError;

use crate::error::Error;

/// The message when an instance's table of handles is full.
pub(crate) const TOO_MANY_OPEN: &str = "too many things are open at once (limit handles)";

/// An error that the guest receives, or a trap for a guest that uses a handle that it does not have.
#[derive(Debug)]
pub enum Refusal {
    Error(Error),
    Trap(wasmtime::Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<ResourceTableError> for Refusal {
    fn from(error: ResourceTableError) -> Self {
        match error {
            ResourceTableError::Full => Self::Error(Error::Limit(TOO_MANY_OPEN.into())),
            other => Self::Trap(other.into()),
        }
    }
}
