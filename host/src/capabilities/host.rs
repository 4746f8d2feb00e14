//! `jobs`, `entities` and `clock`: what is too small for a file of its own.

use wasmtime::component::{Accessor, HasSelf, Resource};

use super::Refusal;
use crate::bus::Event;
use crate::error::Error;
use crate::model::tamed;
use crate::options::{MAX_EVENT, MAX_WORD};
use crate::runtime::bindings::larder::automation::{clock, entities, jobs};
use crate::runtime::{Job, JobEvent, StoreData};

impl clock::Host for StoreData {
    fn time_zone(&mut self) -> wasmtime::Result<String> {
        Ok(self.grants.time_zone.clone())
    }
}

impl entities::Host for StoreData {
    fn emit(&mut self, topic: String, data: String) -> wasmtime::Result<()> {
        let refuse = |why: &str| {
            Err(wasmtime::Error::msg(format!("it emitted an event about {} {why}", tamed(&topic, MAX_WORD))))
        };
        let size = topic.len().saturating_add(data.len());
        if size > MAX_EVENT {
            return refuse(&format!("of {size} bytes, more than {MAX_EVENT}"));
        }
        if serde_json::from_str::<serde::de::IgnoredAny>(&data).is_err() {
            return refuse("that is not JSON");
        }
        self.grants.bus.emit(&Event { topic, data });
        Ok(())
    }
}

impl jobs::Host for StoreData {
    fn report(&mut self, progress: jobs::Progress) -> wasmtime::Result<()> {
        if let Some(sender) = &self.progress {
            let jobs::Progress { stage, done, total } = progress;
            // It goes into the memory of the job's starter.
            let stage = tamed(&stage, MAX_WORD);
            sender.send_replace(Some(crate::runtime::Progress { stage, done, total }));
        }
        Ok(())
    }
}

impl jobs::HostJob for StoreData {
    fn start(&mut self, kind: String, input: String) -> Result<Resource<Job>, Refusal> {
        // A job that starts jobs could fill the machine: the manager alone does.
        if self.progress.is_some() {
            return Err(Error::Denied("a job may not start jobs".into()).into());
        }
        let job = Job::start(&self.runtime, self.grants.clone(), &self.threads, kind, input)?;
        Ok(self.table.push(job)?)
    }

    fn drop(&mut self, this: Resource<Job>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl jobs::HostJobWithStore<StoreData> for HasSelf<StoreData> {
    async fn next(
        accessor: &Accessor<StoreData, Self>,
        this: Resource<Job>,
    ) -> wasmtime::Result<jobs::Event> {
        // The store is not held while waiting: the job's channels are taken out and looked at from here.
        let waiting = accessor.with(|mut access| access.get().table.get(&this).map(Job::waiting))?;
        Ok(match waiting.next().await? {
            JobEvent::Progress(p) => {
                jobs::Event::Progress(jobs::Progress { stage: p.stage, done: p.done, total: p.total })
            }
            JobEvent::Finished(result) => jobs::Event::Finished(result.map_err(Into::into)),
        })
    }
}
