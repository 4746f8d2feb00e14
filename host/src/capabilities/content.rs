//! `content`: bytes of a home's file, of a stored object, of a draft that is checked.

use wasmtime::component::Resource;

use super::Refusal;
use crate::error::Result;
use crate::home::snapshot;
use crate::model::Timestamp;
use crate::options::MAX_READ;
use crate::runtime::StoreData;
use crate::runtime::bindings::larder::automation::{content, types};
use crate::storage::locations::ObjectReader;

/// Where the bytes come from. Cheap to clone.
#[derive(Clone)]
pub enum Content {
    Home(snapshot::Content),
    Stored(ObjectReader),
}

impl Content {
    /// Up to `max` bytes, never more than the contract says; fewer at the end.
    pub(crate) fn read(&self, offset: u64, max: u32) -> Result<Vec<u8>> {
        let max = usize::try_from(max.min(MAX_READ)).unwrap_or(0);
        match self {
            Self::Home(content) => content.read(offset, max),
            Self::Stored(content) => content.read(offset, max),
        }
    }

    /// The same, put behind what `bytes` hold.
    pub(crate) fn read_behind(&self, bytes: &mut Vec<u8>, offset: u64, max: u32) -> Result<()> {
        let max = usize::try_from(max.min(MAX_READ)).unwrap_or(0);
        match self {
            Self::Home(content) => bytes.extend_from_slice(&content.read(offset, max)?),
            Self::Stored(content) => content.append_to(bytes, offset, max)?,
        }
        Ok(())
    }
}

pub(crate) fn instant(time: Timestamp) -> types::Instant {
    types::Instant { seconds: time.seconds, nanoseconds: time.nanoseconds }
}

impl content::Host for StoreData {}

impl content::HostContent for StoreData {
    fn size(&mut self, this: Resource<Content>) -> wasmtime::Result<u64> {
        Ok(match self.table.get(&this)? {
            Content::Home(content) => content.size(),
            Content::Stored(content) => content.size(),
        })
    }

    fn modified(&mut self, this: Resource<Content>) -> wasmtime::Result<types::Instant> {
        Ok(instant(match self.table.get(&this)? {
            Content::Home(content) => content.modified(),
            Content::Stored(content) => content.modified(),
        }))
    }

    fn identity(&mut self, this: Resource<Content>) -> wasmtime::Result<Option<u64>> {
        Ok(match self.table.get(&this)? {
            Content::Home(content) => content.identity(),
            Content::Stored(_) => None,
        })
    }

    fn note(&mut self, this: Resource<Content>) -> wasmtime::Result<Option<String>> {
        Ok(match self.table.get(&this)? {
            Content::Home(content) => content.note(),
            Content::Stored(_) => None,
        })
    }

    fn read(&mut self, this: Resource<Content>, offset: u64, max: u32) -> Result<Vec<u8>, Refusal> {
        let content = self.table.get(&this)?;
        if let Content::Home(_) = content {
            // The manager only looks at what the home says of itself: nothing depends on when.
            if self.progress.is_some() {
                self.grants.steps.at("home: read");
            }
        }
        let bytes = content.read(offset, max)?;
        self.pace(bytes.len());
        Ok(bytes)
    }

    fn ahead(&mut self, this: Resource<Content>, offset: u64, count: u64) -> wasmtime::Result<()> {
        match self.table.get_mut(&this)? {
            Content::Home(content) => content.ahead(offset, count),
            Content::Stored(content) => content.read_ahead(offset, count),
        }
        Ok(())
    }

    fn drop(&mut self, this: Resource<Content>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}
