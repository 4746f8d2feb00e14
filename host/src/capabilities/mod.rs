//! The implementation of the contract: thin adapters between the generated traits and the host's engines.
//!
//! They make no decisions. They bound the sizes that a guest asks for; the engines check its paths and names.

mod content;
mod files;
mod http;
mod small_interfaces;
mod storage;
mod workers;

use wasmtime::component::{HasSelf, Linker};

use crate::error::Error;
use crate::runtime::bindings::Plugin;
use crate::runtime::bindings::larder::automation::types;
use crate::runtime::{Refusal, StoreData};

impl types::Host for StoreData {
    fn convert_error(&mut self, refusal: Refusal) -> wasmtime::Result<types::Error> {
        match refusal {
            Refusal::Trap(trap) => Err(trap),
            Refusal::Error(error) => Ok(error.into()),
        }
    }
}

impl From<Error> for types::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(text) => Self::NotFound(text),
            Error::Exists(text) => Self::Exists(text),
            Error::Denied(text) => Self::Denied(text),
            Error::Invalid(text) => Self::Invalid(text),
            Error::InUse(text) | Error::Served(text) => Self::InUse(text),
            Error::NoSpace(text) => Self::NoSpace(text),
            Error::Limit(text) => Self::Limit(text),
            Error::Io(text) => Self::Io(text),
        }
    }
}

pub(crate) fn add_to_linker(linker: &mut Linker<StoreData>) -> wasmtime::Result<()> {
    Plugin::add_to_linker::<_, HasSelf<_>>(linker, |data| data)
}
