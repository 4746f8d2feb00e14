//! `content`: bytes of a home's file, of a stored object, of a draft that is checked.

use wasmtime::component::Resource;

use super::Refusal;
use crate::error::{Error, Result};
use crate::locations::Stored;
use crate::model::Timestamp;
use crate::options::MAX_READ;
use crate::runtime::StoreData;
use crate::runtime::bindings::larder::automation::{content, types};
use crate::snapshot;

/// Where the bytes come from. Cheap to clone.
#[derive(Clone)]
pub enum Content {
    Home(snapshot::Content),
    Stored(Stored),
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

    /// Exactly so many bytes.
    pub(crate) fn read_exact(&self, offset: u64, count: u32) -> Result<Vec<u8>> {
        let bytes = self.read(offset, count)?;
        match bytes.len() as u64 == u64::from(count) {
            true => Ok(bytes),
            false if count > MAX_READ => Err(Error::Limit(format!("{count} bytes are more than {MAX_READ}"))),
            false => Err(Error::Io(format!(
                "what was to be copied has changed meanwhile: it has {} bytes from {offset} on, not {count}; try again",
                bytes.len()
            ))),
        }
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

    fn drop(&mut self, this: Resource<Content>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_is_there_to_the_last_byte_or_refused_with_the_reason() {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, b"0123456789").unwrap();
        let content = Content::Stored(Stored::new(file.try_clone().unwrap(), "a.tar").unwrap());
        assert_eq!(content.read_exact(2, 8).unwrap(), b"23456789");
        let error = content.read_exact(2, 9).unwrap_err();
        assert!(error.to_string().contains("it has 8 bytes from 2 on, not 9; try again"), "{error}");
        file.set_len(5).unwrap();
        let error = content.read_exact(2, 8).unwrap_err();
        assert!(error.to_string().contains("it has 3 bytes"), "it was cut meanwhile: {error}");
        assert!(matches!(content.read_exact(0, MAX_READ + 1), Err(Error::Limit(_))));
        assert!(content.read(u64::MAX, 8).unwrap().is_empty());
    }
}
