//! What instances are given: thin adapters, the contract on one side and an engine on the other.
//!
//! No decision is made here. Sizes that a guest asks for are bounded, its paths are checked by the engines.

pub(crate) mod content;
pub(crate) mod files;
pub(crate) mod host;
pub(crate) mod http;
pub(crate) mod storage;
mod workers;

pub(crate) use content::Content;
use wasmtime::component::{HasSelf, Linker, ResourceTableError};

use crate::error::Error;
use crate::runtime::StoreData;
use crate::runtime::bindings::Plugin;
use crate::runtime::bindings::larder::automation::types;

/// What is said when an instance's table of open things is full.
pub(crate) const TOO_MANY_OPEN: &str = "too many things are open at once (limit handles)";

/// Why a call of the guest was refused: an error that it is told, or a trap for one that holds what it does not have.
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

impl types::Host for StoreData {
    fn convert_error(&mut self, refusal: Refusal) -> wasmtime::Result<types::Error> {
        match refusal {
            Refusal::Trap(trap) => Err(trap),
            Refusal::Error(error) => Ok(match error {
                Error::NotFound(text) => types::Error::NotFound(text),
                Error::Exists(text) => types::Error::Exists(text),
                Error::Denied(text) => types::Error::Denied(text),
                Error::Invalid(text) => types::Error::Invalid(text),
                Error::InUse(text) | Error::Served(text) => types::Error::InUse(text),
                Error::NoSpace(text) => types::Error::NoSpace(text),
                Error::Limit(text) => types::Error::Limit(text),
                Error::Io(text) => types::Error::Io(text),
            }),
        }
    }
}

pub(crate) fn add_to_linker(linker: &mut Linker<StoreData>) -> wasmtime::Result<()> {
    Plugin::add_to_linker::<_, HasSelf<_>>(linker, |data| data)
}
