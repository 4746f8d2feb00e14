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
