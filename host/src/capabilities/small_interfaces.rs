//! The small interfaces: `jobs`, `progress`, `entities`, `clock`, `timers` and `documents`.

use wasmtime::component::{Accessor, HasSelf, Resource};

use crate::error::Error;
use crate::home::bus::{Event, LOG, MISSED};
use crate::home::states::STATE_CHANGED;
use crate::model::Timestamp;
use crate::model::sanitized;
use crate::runtime::bindings::larder::automation::{
    clock, documents, entities, jobs, progress, timers, types,
};
use crate::runtime::{Job, JobEvent, Progress, Refusal, StoreData, Writes};
use crate::time::timezone::HomeZone;
use crate::tunables::{MAX_EVENT, MAX_MESSAGE, MAX_WORD};

impl clock::Host for StoreData {
    fn time_zone(&mut self) -> wasmtime::Result<clock::Zone> {
        let HomeZone { zone, origin, is_of_home, problems, .. } = self.grants.time_zone.get();
        let (name, rules) = (zone.name().into(), zone.tzif().into());
        Ok(clock::Zone { name, rules, origin, of_home: is_of_home, problems })
    }

    fn unset(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self.grants.clock.not_set())
    }
}

impl timers::Host for StoreData {
    fn set(&mut self, name: String, at: types::Instant) -> wasmtime::Result<()> {
        self.must_be_manager("set a timer")?;
        let types::Instant { seconds, nanoseconds } = at;
        let at = Timestamp { seconds, nanoseconds: nanoseconds.min(999_999_999) };
        self.grants.scheduler.set(name, at).map_err(wasmtime::Error::new)
    }

    fn cancel(&mut self, name: String) -> wasmtime::Result<()> {
        self.must_be_manager("cancel a timer")?;
        self.grants.scheduler.cancel(&name);
        Ok(())
    }
}

impl documents::Host for StoreData {
    fn load(&mut self, name: String) -> Result<Option<String>, Refusal> {
        self.must_be_manager("load a document").map_err(Refusal::Trap)?;
        Ok(self.grants.documents.load(&name)?)
    }

    fn save(&mut self, name: String, text: String) -> Result<(), Refusal> {
        self.must_be_manager("save a document").map_err(Refusal::Trap)?;
        self.grants.check_may_write()?;
        Ok(self.grants.documents.save(&name, &text)?)
    }

    fn set_aside(&mut self, name: String, reason: String) -> Result<Option<String>, Refusal> {
        self.must_be_manager("set aside a document").map_err(Refusal::Trap)?;
        let (reason, may_write) = (sanitized(&reason, MAX_MESSAGE), self.grants.writes == Writes::Everything);
        Ok(self.grants.documents.set_aside(&name, &reason, may_write)?)
    }
}

impl entities::Host for StoreData {
    fn publish(&mut self, id: String, state: String, attributes: String) -> wasmtime::Result<()> {
        self.must_be_manager("publish a state")?;
        self.grants.states.publish(&id, state, &attributes).map_err(wasmtime::Error::new)
    }

    fn emit(&mut self, topic: String, data: String) -> wasmtime::Result<()> {
        let refuse = |why: &str| {
            Err(wasmtime::Error::msg(format!(
                "it emitted an event about {} {why}",
                sanitized(&topic, MAX_WORD)
            )))
        };
        let size = topic.len().saturating_add(data.len());
        if size > MAX_EVENT {
            return refuse(&format!("of {size} bytes, more than {MAX_EVENT}"));
        }
        if topic == STATE_CHANGED {
            return refuse("that only the host sends: publishing a state sends it");
        }
        if topic == MISSED {
            return refuse("that only the host sends");
        }
        let Ok(mut value) = serde_json::from_str::<serde_json::Value>(&data) else {
            return refuse("that is not JSON");
        };
        let message = value.get_mut("message").filter(|_| topic == LOG);
        if let Some(serde_json::Value::String(message)) = message {
            *message = sanitized(message, MAX_MESSAGE);
        }
        self.grants.bus.emit(&Event::new(topic, value.to_string()));
        Ok(())
    }
}

impl jobs::Host for StoreData {}

impl progress::Host for StoreData {
    fn report(&mut self, progress: progress::Progress) -> wasmtime::Result<()> {
        if let Some(sender) = &self.progress {
            let progress::Progress { stage, done, total } = progress;
            // The text goes into the memory of the job's starter.
            let stage = sanitized(&stage, MAX_WORD);
            sender.send_replace(Some(Progress { stage, done, total }));
        }
        Ok(())
    }
}

impl jobs::HostJob for StoreData {
    fn start(&mut self, kind: String, input: String) -> Result<Resource<Job>, Refusal> {
        // Only the manager starts jobs: a job that starts jobs could use up the machine.
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
        // The channels are taken out of the table, so that the store is not borrowed while waiting.
        let waiting = accessor.with(|mut access| access.get().table.get(&this).map(Job::waiting))?;
        Ok(match waiting.next().await? {
            JobEvent::Progress(p) => {
                jobs::Event::Progress(progress::Progress { stage: p.stage, done: p.done, total: p.total })
            }
            JobEvent::Finished(result) => jobs::Event::Finished(result.map_err(Into::into)),
        })
    }
}
