//! `workers` and `cache`: what a job has for heavy work.

use wasmtime::component::Resource;

use super::Refusal;
use super::content::Content;
use crate::error::Error;
use crate::runtime::bindings::larder::automation::{cache, types, workers};
use crate::runtime::{Behind, Crew, Piece, StoreData};

impl workers::Host for StoreData {
    fn next(&mut self) -> wasmtime::Result<Option<Vec<u8>>> {
        let Some(worker) = &mut self.worker else {
            return Err(wasmtime::Error::msg("it asked for a piece without being a worker"));
        };
        let Some(Piece { mut bytes, behind }) = worker.next(&self.vitals)? else { return Ok(None) };
        if let Some(Behind { content, offset, count }) = behind {
            let before = bytes.len();
            // Without them the worker does what it does when there is nothing.
            let _ = content.read_behind(&mut bytes, offset, count);
            self.pace(bytes.len().saturating_sub(before));
        }
        Ok(Some(bytes))
    }

    fn give(&mut self, part: Vec<u8>) -> wasmtime::Result<()> {
        match &self.worker {
            Some(worker) => worker.give(&self.vitals, part),
            None => Err(wasmtime::Error::msg("it gave an answer without being a worker")),
        }
    }
}

impl workers::HostCrew for StoreData {
    fn start(&mut self, kind: String, settings: String, most: u32) -> Result<Resource<Crew>, Refusal> {
        // Waiting would hold the manager up, and workers that start workers could fill the machine.
        if self.progress.is_none() || self.worker.is_some() {
            return Err(Error::Denied("only a job may start workers".into()).into());
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let crew = Crew::start(&self.runtime, &self.grants, &self.threads, &kind, &settings, most)?;
        Ok(self.table.push(crew)?)
    }

    fn capacity(&mut self, this: Resource<Crew>) -> wasmtime::Result<u32> {
        Ok(u32::try_from(self.table.get(&this)?.capacity()).unwrap_or(u32::MAX))
    }

    fn put(&mut self, this: Resource<Crew>, piece: Vec<u8>) -> Result<(), Refusal> {
        Ok(self.table.get(&this)?.put(piece.into())?)
    }

    fn put_with(
        &mut self,
        this: Resource<Crew>,
        piece: Vec<u8>,
        behind: Resource<Content>,
        offset: u64,
        count: u32,
    ) -> Result<(), Refusal> {
        let behind = Some(Behind { content: self.table.get(&behind)?.clone(), offset, count });
        Ok(self.table.get(&this)?.put(Piece { bytes: piece, behind })?)
    }

    fn take(&mut self, this: Resource<Crew>) -> wasmtime::Result<Result<Option<Vec<u8>>, types::Failure>> {
        let taken = self.table.get(&this)?.take(&self.vitals)?;
        Ok(taken.map_err(Into::into))
    }

    fn drop(&mut self, this: Resource<Crew>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl cache::Host for StoreData {
    fn load(&mut self, name: String) -> Result<Resource<Content>, Refusal> {
        let content = self.grants.cache.load(&name)?;
        Ok(self.table.push(Content::Stored(content))?)
    }

    fn store(&mut self, name: String, bytes: Vec<u8>) -> Result<(), Refusal> {
        self.grants.check_may_write()?;
        Ok(self.grants.cache.store(&name, &bytes)?)
    }
}
