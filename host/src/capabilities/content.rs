//! The interface `content`: bytes of a file of the home, of a stored object, or of a draft that is being checked.

use wasmtime::component::Resource;

use crate::model::Timestamp;
use crate::runtime::bindings::larder::automation::{content, types};
use crate::runtime::{Content, Refusal, StoreData};

pub(super) fn instant(time: Timestamp) -> types::Instant {
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
            // Tests interrupt jobs here. The manager reads only what describes the home, and nothing depends on when.
            if self.progress.is_some() {
                self.grants.steps.at("home: read");
            }
        }
        let bytes = content.read(offset, max)?;
        self.pace(bytes.len());
        Ok(bytes)
    }

    fn read_ahead(&mut self, this: Resource<Content>, offset: u64, count: u64) -> wasmtime::Result<()> {
        match self.table.get_mut(&this)? {
            Content::Home(content) => content.read_ahead(offset, count),
            Content::Stored(content) => content.read_ahead(offset, count),
        }
        Ok(())
    }

    fn drop(&mut self, this: Resource<Content>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}
