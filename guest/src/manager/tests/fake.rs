//! A host for tests of the manager: a clock that the test moves, timers, one document, and jobs that pretend.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use larder_zone::Zone;
use serde_json::{Value, json};

use super::memory::{Memory, SmallHome, missing};
use crate::archive::Instant;
use crate::error::{Failure, Result};
use crate::ports::{
    Check, Content, Draft, Event, HomeZone, Host, Job, Knowledge, Location, Object, Outcome, STAGING, Scope,
    Snapshot, Stored, Target, WorkerPool,
};
use crate::{jobs, manager};

/// A job that was started: its kind and its input.
pub struct Started {
    pub at: i64,
    pub kind: String,
    pub input: Value,
}

pub struct FakeHost {
    pub settings: Value,
    /// Jobs really run, on what is in memory.
    pub runs_jobs: bool,
    pub location: Memory,
    pub zone: Zone,
    /// Seconds since 1970.
    pub clock: Cell<i64>,
    pub clock_is_unset: Cell<bool>,
    pub document: RefCell<Option<String>>,
    pub timers: RefCell<BTreeMap<String, i64>>,
    pub jobs: RefCell<Vec<Started>>,
    /// Topic and data of everything that was emitted.
    pub emitted: RefCell<Vec<(String, Value)>>,
    pub entities: RefCell<BTreeMap<String, (String, Value)>>,
    /// How many seconds a create takes.
    pub create_takes: Cell<i64>,
    /// Creates do not end before this is false.
    pub hold: Rc<Cell<bool>>,
    /// Creates fail.
    pub fail: Cell<bool>,
}

impl FakeHost {
    pub fn new(now: &str, schedules: Value) -> Self {
        Self {
            settings: json!({"schedules": schedules}),
            runs_jobs: false,
            location: Memory::default(),
            zone: crate::testing::zone("Europe/Berlin"),
            clock: Cell::new(at(now)),
            clock_is_unset: Cell::default(),
            document: RefCell::default(),
            timers: RefCell::default(),
            jobs: RefCell::default(),
            emitted: RefCell::default(),
            entities: RefCell::default(),
            create_takes: Cell::new(20),
            hold: Rc::default(),
            fail: Cell::default(),
        }
    }

    /// Starts the manager.
    pub fn start(&self) {
        self.timers.borrow_mut().clear();
        manager::set_up(self).unwrap();
    }

    /// Calls an action to its end.
    pub fn call(&self, name: &str, data: Value) -> Result<Value> {
        let answer = block_on(manager::call(self, name, &data.to_string()))?;
        Ok(serde_json::from_str(&answer).unwrap())
    }

    /// Sets Home Assistant's own settings.
    pub fn set(&self, body: Value) {
        self.call("backup.config.update", body).unwrap();
    }

    /// The next timer, earliest first.
    pub fn next_timer(&self) -> Option<(String, i64)> {
        let timers = self.timers.borrow();
        timers.iter().min_by_key(|(_, at)| **at).map(|(name, at)| (name.clone(), *at))
    }

    /// Lets the time pass until then, and fires what is due.
    pub fn live_until(&self, end: i64) {
        while let Some((name, at)) = self.next_timer().filter(|(_, at)| *at <= end) {
            self.clock.set(self.clock.get().max(at));
            self.timers.borrow_mut().remove(&name);
            block_on(manager::timer(self, &name)).unwrap();
        }
        self.clock.set(self.clock.get().max(end));
    }

    pub fn live(&self, days: i64) {
        self.live_until(self.clock.get() + days * 24 * 3600);
    }

    /// The inputs of all creates, with the times at which they began.
    pub fn creates(&self) -> Vec<(i64, Value)> {
        let jobs = self.jobs.borrow();
        let creates = jobs.iter().filter(|job| job.kind == "create");
        creates.map(|job| (job.at, job.input.clone())).collect()
    }

    /// Which schedule made each backup, `-` for Home Assistant's own, and when, in local time.
    pub fn runs(&self) -> Vec<(String, String)> {
        let run = |(at, input): (i64, Value)| {
            let name = input["schedule"].as_str().unwrap_or("-").to_owned();
            let local = chrono::DateTime::from_timestamp(at, 0).unwrap().with_timezone(&self.zone);
            (name, local.format("%a %Y-%m-%d %H:%M").to_string())
        };
        self.creates().into_iter().map(run).collect()
    }

    /// The sentences of the log.
    pub fn log(&self) -> Vec<String> {
        let emitted = self.emitted.borrow();
        let lines = emitted.iter().filter(|(topic, _)| topic == "larder/log");
        lines.map(|(_, data)| data["message"].as_str().unwrap().to_owned()).collect()
    }

    /// The attributes of the sensor of the next run, by schedule.
    pub fn shown(&self) -> Value {
        self.entities.borrow()["sensor.backup_next_scheduled_automatic_backup"].1["schedules"].clone()
    }

    /// Larder's part of the stored document.
    pub fn stored(&self) -> Value {
        let text = self.document.borrow();
        let document: Value = serde_json::from_str(text.as_deref().unwrap()).unwrap();
        document["data"]["larder"].clone()
    }
}

pub fn at(text: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp()
}

/// Runs a future that never waits.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = Box::pin(future);
    match poll(&mut future) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

pub fn poll<T>(future: &mut Pin<Box<impl Future<Output = T>>>) -> Poll<T> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// A job that ends with a given answer, once it is not held.
struct FakeJob {
    held: Rc<Cell<bool>>,
    answer: RefCell<Option<Result<String>>>,
}

impl Job for FakeJob {
    fn next(&self) -> Pin<Box<dyn Future<Output = Event> + '_>> {
        Box::pin(poll_fn(|_| match self.held.get() {
            true => Poll::Pending,
            false => Poll::Ready(Event::Finished(self.answer.take().unwrap())),
        }))
    }
}

impl Host for FakeHost {
    fn start_job(&self, kind: &str, input: &str) -> Outcome<Box<dyn Job>> {
        let input: Value = serde_json::from_str(input).unwrap();
        self.jobs.borrow_mut().push(Started {
            at: self.clock.get(),
            kind: kind.into(),
            input: Value::clone(&input),
        });
        let held = if kind == "create" { self.hold.clone() } else { Rc::default() };
        let answer = match kind {
            kind if self.runs_jobs => {
                jobs::run(self, kind, &input.to_string()).map(|text| serde_json::from_str(&text).unwrap())
            }
            "create" if self.fail.get() => Err(Failure::new("no_space", "there is no space left")),
            "create" => {
                self.clock.set(self.clock.get() + self.create_takes.get());
                Ok(
                    json!({"backup_id": "ae087750", "name": "n", "agent_id": "backup.local", "size": 10_240, "verified": true}),
                )
            }
            "retention" => Ok(json!({"locations": [], "gone": []})),
            kind => panic!("there is no job {kind} here"),
        };
        let answer = RefCell::new(Some(answer.map(|answer| answer.to_string())));
        Ok(Box::new(FakeJob { held, answer }))
    }
    fn report(&self, _stage: &str, _done: u64, _total: Option<u64>) {}
    fn emit(&self, topic: &str, data: &str) {
        let data = serde_json::from_str(data).unwrap();
        self.emitted.borrow_mut().push((topic.into(), data));
    }
    fn publish(&self, entity_id: &str, state: &str, attributes: &str) {
        let shown = (state.to_owned(), serde_json::from_str(attributes).unwrap());
        self.entities.borrow_mut().insert(entity_id.into(), shown);
    }
    fn set_timer(&self, name: &str, at: Instant) {
        self.timers.borrow_mut().insert(name.into(), at.seconds + i64::from(at.nanoseconds > 0));
    }
    fn cancel_timer(&self, name: &str) {
        self.timers.borrow_mut().remove(name);
    }
    fn settings(&self) -> String {
        self.settings.to_string()
    }
    fn load_document(&self, _name: &str) -> Outcome<Option<String>> {
        Ok(self.document.borrow().clone())
    }
    fn save_document(&self, _name: &str, text: &str) -> Outcome<()> {
        self.document.replace(Some(text.into()));
        Ok(())
    }
    fn set_document_aside(&self, _name: &str, reason: &str) -> Outcome<Option<String>> {
        panic!("{reason}")
    }
    fn now(&self) -> Instant {
        Instant { seconds: self.clock.get(), nanoseconds: 0 }
    }
    fn unset_clock(&self) -> Option<String> {
        self.clock_is_unset.get().then(|| "the clock is not set".to_owned())
    }
    fn random(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
    fn time_zone(&self) -> HomeZone {
        HomeZone { zone: self.zone, origin: "the test".into(), is_of_home: true, problems: Vec::new() }
    }
    fn snapshot(&self) -> Box<dyn Snapshot> {
        Box::new(SmallHome::default())
    }
    fn target(&self, _scope: &Scope, _force: bool) -> Outcome<Box<dyn Target>> {
        missing()
    }
    fn dry_run_target(&self, _scope: &Scope, _force: bool) -> Outcome<u64> {
        missing()
    }
    fn places(&self) -> Vec<Location> {
        vec![Location {
            id: "backup.local".into(),
            name: "Local".into(),
            writable: true,
            available: None,
            layout: "local".into(),
            directory: String::new(),
            adopts: None,
            remote: false,
            knowledge: Knowledge::default(),
        }]
    }
    fn objects(&self, location: &str) -> Outcome<Vec<Object>> {
        if location == STAGING { missing() } else { Ok(self.location.objects()) }
    }
    fn remembered(&self, _location: &str) -> Outcome<Vec<Object>> {
        missing()
    }
    fn read_small(&self, _location: &str, _names: &[String]) -> Outcome<Vec<Outcome<Vec<u8>>>> {
        missing()
    }
    fn store(&self, _location: &str, _name: &str, _source: &dyn Content) -> Outcome<Stored> {
        missing()
    }
    fn put(&self, _location: &str, _name: &str, _bytes: &[u8]) -> Outcome<()> {
        missing()
    }
    fn clean(&self, _location: &str, _wanted: &[String]) -> Outcome<Vec<String>> {
        missing()
    }
    fn test_location(&self, _location: &str) -> Outcome<Vec<Check>> {
        missing()
    }
    fn open_object(&self, _location: &str, name: &str) -> Outcome<Box<dyn Content>> {
        self.location.open(name)
    }
    fn delete_object(&self, _location: &str, name: &str) -> Outcome<()> {
        self.location.0.borrow_mut().remove(name).map_or_else(missing, |_| Ok(()))
    }
    fn draft(&self, _location: &str, name: &str) -> Outcome<Box<dyn Draft>> {
        Ok(self.location.draft(name))
    }
    fn may_store(&self, _location: &str, _name: &str) -> Outcome<()> {
        missing()
    }
    fn replacement(&self, _location: &str, _name: &str) -> Outcome<Box<dyn Draft>> {
        missing()
    }
    fn pool(&self, _kind: &str, _settings: &str, _most: u32) -> Outcome<Box<dyn WorkerPool>> {
        missing()
    }
    fn next_piece(&self) -> Option<Vec<u8>> {
        None
    }
    fn give(&self, _part: &[u8]) {}
    fn load_cached(&self, _name: &str) -> Outcome<Box<dyn Content>> {
        missing()
    }
    fn store_cached(&self, _name: &str, _bytes: &[u8]) -> Outcome<()> {
        missing()
    }
}
