//! The interface `storage`: locations, their objects, and drafts.

use serde_json::json;
use wasmtime::component::Resource;

use super::content::instant;
use crate::error::Error;
use crate::home::bus::{Event, STORED};
use crate::runtime::bindings::larder::automation::storage;
use crate::runtime::{Content, OpenDraft, Refusal, StoreData};
use crate::storage::locations::OutputFile;
use crate::tunables::MAX_READ;

impl storage::Host for StoreData {
    fn locations(&mut self) -> wasmtime::Result<Vec<storage::Location>> {
        let describe = |location: &dyn crate::storage::locations::Location| storage::Location {
            id: location.id().to_owned(),
            name: location.name().to_owned(),
            writable: location.is_writable(),
            available: location.available(),
        };
        Ok(self.grants.locations.iter().map(|location| describe(location.as_ref())).collect())
    }

    fn objects(&mut self, location: String) -> Result<Vec<storage::Object>, Refusal> {
        let objects = self.grants.locations.get(&location)?.objects()?;
        let outward = objects.into_iter().map(|object| storage::Object {
            name: object.name,
            size: object.size,
            modified: instant(object.modified),
        });
        Ok(outward.collect())
    }

    fn open(&mut self, location: String, name: String) -> Result<Resource<Content>, Refusal> {
        let content = self.grants.locations.get(&location)?.open(&name)?;
        Ok(self.table.push(Content::Stored(content))?)
    }

    fn may_store(&mut self, location: String, name: String) -> Result<(), Refusal> {
        Ok(self.grants.locations.get(&location)?.may_store(&name)?)
    }

    fn delete(&mut self, location: String, name: String) -> Result<(), Refusal> {
        self.grants.check_may_write()?;
        Ok(self.grants.locations.get(&location)?.delete(&name)?)
    }
}

impl storage::HostDraft for StoreData {
    fn create(&mut self, location: String, name: String) -> Result<Resource<OpenDraft>, Refusal> {
        match location.as_str() {
            OutputFile::ID => self.grants.check_may_write_elsewhere()?,
            _ => self.grants.check_may_store()?,
        }
        let draft = self.grants.locations.get(&location)?.draft(&name, &self.grants.steps)?;
        Ok(self.table.push(OpenDraft { draft, location, name })?)
    }

    fn replace(&mut self, location: String, name: String) -> Result<Resource<OpenDraft>, Refusal> {
        self.grants.check_may_store()?;
        let draft = self.grants.locations.get(&location)?.replacement(&name, &self.grants.steps)?;
        Ok(self.table.push(OpenDraft { draft, location, name })?)
    }

    fn append(&mut self, this: Resource<OpenDraft>, bytes: Vec<u8>) -> Result<(), Refusal> {
        self.pace(bytes.len());
        Ok(self.table.get_mut(&this)?.draft.append(bytes)?)
    }

    fn append_from(
        &mut self,
        this: Resource<OpenDraft>,
        source: Resource<Content>,
        offset: u64,
        count: u32,
    ) -> Result<(), Refusal> {
        let Content::Stored(source) = self.table.get(&source)?.clone() else {
            return Err(Error::Invalid("only what is stored can be copied into a draft".into()).into());
        };
        let (count, end) = (u64::from(count), offset.saturating_add(count.into()));
        if count > MAX_READ.into() {
            return Err(Error::Limit(format!(
                "{count} bytes are to be copied; the most at once is {MAX_READ}"
            ))
            .into());
        }
        if end > source.size() {
            return Err(Error::Io(format!("there are no bytes up to {end}, but {}", source.size())).into());
        }
        // The bytes are read and written.
        self.pace(usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(2));
        Ok(self.table.get_mut(&this)?.draft.append_from(source, offset, count)?)
    }

    fn patch(&mut self, this: Resource<OpenDraft>, offset: u64, bytes: Vec<u8>) -> Result<(), Refusal> {
        Ok(self.table.get_mut(&this)?.draft.patch(offset, &bytes)?)
    }

    fn read_back(&mut self, this: Resource<OpenDraft>) -> Result<Resource<Content>, Refusal> {
        let content = self.table.get_mut(&this)?.draft.read_back()?;
        Ok(self.table.push(Content::Stored(content))?)
    }

    fn publish(&mut self, this: Resource<OpenDraft>) -> Result<Vec<String>, Refusal> {
        let OpenDraft { draft, location, name } = self.table.delete(this)?;
        let losses = draft.publish()?;
        let stored = json!({"location": location, "name": name});
        self.grants.bus.emit(&Event::new(STORED, stored.to_string()));
        Ok(losses)
    }

    fn drop(&mut self, this: Resource<OpenDraft>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}
