//! The interface `storage`: locations, their objects, copies to other locations, and drafts.

use larder_remote::{Check, Proof};
use serde_json::json;
use wasmtime::component::Resource;

use super::content::instant;
use crate::error::Error;
use crate::home::bus::{Event, STORED};
use crate::runtime::bindings::larder::automation::{storage, types};
use crate::runtime::{Content, OpenDraft, Progress, Refusal, StoreData};
use crate::storage::locations::{Knowledge, Location, Object, OutputFile};
use crate::tunables::{MAX_READ, MAX_SMALL_READS};

/// Home Assistant's name of the stage in which a backup is stored in its locations.
const UPLOAD: &str = "upload_to_agents";

impl storage::Host for StoreData {
    fn locations(&mut self) -> wasmtime::Result<Vec<storage::Location>> {
        Ok(self.grants.locations.iter().map(|location| described(location.as_ref())).collect())
    }

    fn objects(&mut self, location: String) -> Result<Vec<storage::Object>, Refusal> {
        let _waiting = self.watchdog.waits_for_network();
        Ok(outward(self.reached(&location)?.objects()?))
    }

    fn remembered(&mut self, location: String) -> Result<Vec<storage::Object>, Refusal> {
        Ok(outward(self.grants.locations.get(&location)?.remembered()?))
    }

    fn read_small(
        &mut self,
        location: String,
        names: Vec<String>,
    ) -> Result<Vec<Result<Vec<u8>, types::Error>>, Refusal> {
        if names.len() > MAX_SMALL_READS {
            let text =
                format!("{} objects are to be read; the most at once is {MAX_SMALL_READS}", names.len());
            return Err(Error::Limit(text).into());
        }
        let _waiting = self.watchdog.waits_for_network();
        let read = self.reached(&location)?.read_small(&names, self.watchdog.token());
        Ok(read.into_iter().map(|bytes| bytes.map_err(Into::into)).collect())
    }

    fn store(
        &mut self,
        location: String,
        name: String,
        source: Resource<Content>,
    ) -> Result<storage::Stored, Refusal> {
        self.grants.check_may_store()?;
        let Content::Stored(source) = self.table.get(&source)?.clone() else {
            return Err(Error::Invalid("only what is stored can be copied to a location".into()).into());
        };
        let _waiting = self.watchdog.waits_for_network();
        let target = self.reached(&location)?;
        let total = source.size();
        let progress = |done| {
            if let Some(sender) = &self.progress {
                let stage = UPLOAD.to_owned();
                sender.send_replace(Some(Progress { stage, done, total: Some(total) }));
            }
        };
        let stored = target.store(&name, &source, &self.grants.steps, &progress, self.watchdog.token())?;
        let data = json!({"location": location, "name": name});
        self.grants.bus.emit(&Event::new(STORED, data.to_string()));
        Ok(storage::Stored { proof: proof(stored.proof), notes: stored.notes })
    }

    fn put(&mut self, location: String, name: String, bytes: Vec<u8>) -> Result<(), Refusal> {
        self.grants.check_may_store()?;
        let _waiting = self.watchdog.waits_for_network();
        let target = self.reached(&location)?;
        Ok(target.put(&name, &bytes, &self.grants.steps, self.watchdog.token())?)
    }

    fn clean(&mut self, location: String, wanted: Vec<String>) -> Result<Vec<String>, Refusal> {
        self.grants.check_may_store()?;
        let _waiting = self.watchdog.waits_for_network();
        Ok(self.reached(&location)?.clean(&wanted, self.watchdog.token()))
    }

    fn test(&mut self, location: String) -> Result<Vec<storage::Check>, Refusal> {
        self.grants.check_may_store()?;
        let _waiting = self.watchdog.waits_for_network();
        let checks = self.reached(&location)?.test(&self.grants.steps, self.watchdog.token());
        let outward = |check: Check| storage::Check { what: check.what, found: check.result };
        Ok(checks.into_iter().map(outward).collect())
    }

    fn open(&mut self, location: String, name: String) -> Result<Resource<Content>, Refusal> {
        let _waiting = self.watchdog.waits_for_network();
        let content = self.reached(&location)?.open(&name)?;
        Ok(self.table.push(Content::Stored(content))?)
    }

    fn may_store(&mut self, location: String, name: String) -> Result<(), Refusal> {
        Ok(self.reached(&location)?.may_store(&name)?)
    }

    fn delete(&mut self, location: String, name: String) -> Result<(), Refusal> {
        self.grants.check_may_write()?;
        let _waiting = self.watchdog.waits_for_network();
        Ok(self.reached(&location)?.delete(&name)?)
    }
}

impl StoreData {
    /// A location that this instance may reach now: the manager never waits for another machine.
    fn reached(&self, id: &str) -> crate::error::Result<&dyn Location> {
        let location = self.grants.locations.get(id)?;
        match location.is_remote() && self.progress.is_none() {
            true => Err(Error::Denied(format!("{id} is on another machine, which only a job may wait for"))),
            false => Ok(location),
        }
    }
}

fn described(location: &dyn Location) -> storage::Location {
    let Knowledge { as_of, problem, unfinished } = location.knowledge();
    storage::Location {
        id: location.id().to_owned(),
        name: location.name().to_owned(),
        writable: location.is_writable(),
        available: location.available(),
        layout: location.layout().to_owned(),
        directory: location.directory().to_owned(),
        adopts: location.adopts().map(str::to_owned),
        remote: location.is_remote(),
        knowledge: storage::Knowledge { as_of: as_of.map(instant), problem, unfinished },
    }
}

fn outward(objects: Vec<Object>) -> Vec<storage::Object> {
    let outward = |object: Object| storage::Object {
        name: object.name,
        size: object.size,
        modified: instant(object.modified),
    };
    objects.into_iter().map(outward).collect()
}

fn proof(proof: Proof) -> storage::Proof {
    match proof {
        Proof::Size => storage::Proof::Size,
        Proof::Digest => storage::Proof::Digest,
        Proof::Sample => storage::Proof::Sample,
        Proof::Full => storage::Proof::Full,
    }
}

impl storage::HostDraft for StoreData {
    fn create(&mut self, location: String, name: String) -> Result<Resource<OpenDraft>, Refusal> {
        match location.as_str() {
            OutputFile::ID => self.grants.check_may_write_elsewhere()?,
            _ => self.grants.check_may_store()?,
        }
        let draft = self.reached(&location)?.draft(&name, &self.grants.steps)?;
        Ok(self.table.push(OpenDraft { draft, location, name })?)
    }

    fn replace(&mut self, location: String, name: String) -> Result<Resource<OpenDraft>, Refusal> {
        self.grants.check_may_store()?;
        let draft = self.reached(&location)?.replacement(&name, &self.grants.steps)?;
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
