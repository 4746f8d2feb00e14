//! The interfaces `workers` and `cache`, which jobs use for heavy work.

use wasmtime::component::Resource;

use crate::error::Error;
use crate::runtime::bindings::larder::automation::{cache, types, workers};
use crate::runtime::{Appended, Content, Piece, Pool, Refusal, StoreData};

impl workers::Host for StoreData {
    fn next(&mut self) -> wasmtime::Result<Option<Vec<u8>>> {
        let Some(worker) = &mut self.worker else {
            return Err(wasmtime::Error::msg("it asked for a piece without being a worker"));
        };
        let Some(Piece { mut bytes, appended }) = worker.next(&self.watchdog)? else { return Ok(None) };
        if let Some(Appended { content, offset, count }) = appended {
            let before = bytes.len();
            // When they cannot be read, the worker gets the piece without them.
            let _ = content.read_behind(&mut bytes, offset, count);
            self.pace(bytes.len().saturating_sub(before));
        }
        Ok(Some(bytes))
    }

    fn give(&mut self, part: Vec<u8>) -> wasmtime::Result<()> {
        match &self.worker {
            Some(worker) => worker.give(&self.watchdog, part),
            None => Err(wasmtime::Error::msg("it gave an answer without being a worker")),
        }
    }
}

impl workers::HostPool for StoreData {
    fn start(&mut self, kind: String, settings: String, most: u32) -> Result<Resource<Pool>, Refusal> {
        // Waiting for workers would block the manager, and workers that start workers could use up the machine.
        if self.progress.is_none() || self.worker.is_some() {
            return Err(Error::Denied("only a job may start workers".into()).into());
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let pool = Pool::start(&self.runtime, &self.grants, &self.threads, &kind, &settings, most)?;
        Ok(self.table.push(pool)?)
    }

    fn capacity(&mut self, this: Resource<Pool>) -> wasmtime::Result<u32> {
        Ok(u32::try_from(self.table.get(&this)?.capacity()).unwrap_or(u32::MAX))
    }

    fn put(&mut self, this: Resource<Pool>, piece: Vec<u8>) -> Result<(), Refusal> {
        Ok(self.table.get(&this)?.put(piece.into())?)
    }

    fn put_with(
        &mut self,
        this: Resource<Pool>,
        piece: Vec<u8>,
        content: Resource<Content>,
        offset: u64,
        count: u32,
    ) -> Result<(), Refusal> {
        let appended = Some(Appended { content: self.table.get(&content)?.clone(), offset, count });
        Ok(self.table.get(&this)?.put(Piece { bytes: piece, appended })?)
    }

    fn take(&mut self, this: Resource<Pool>) -> wasmtime::Result<Result<Option<Vec<u8>>, types::Failure>> {
        let taken = self.table.get(&this)?.take(&self.watchdog)?;
        Ok(taken.map_err(Into::into))
    }

    fn drop(&mut self, this: Resource<Pool>) -> wasmtime::Result<()> {
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
