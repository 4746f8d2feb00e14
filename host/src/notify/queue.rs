//! One target's queue and the thread that empties it, in order. A dead receiver holds up its own lane and no other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::deliver::Courier;
use super::render::Delivery;
use super::shutdown::Phase;
use crate::automation::script::Failure;
use crate::error::{Doing, Result};
use crate::options::notify::QUEUE;

/// Who hears how a notification ended; called once, on any thread, the sender's too.
pub type Answer = Box<dyn FnOnce(std::result::Result<Value, Failure>) + Send>;

struct Job {
    delivery: Delivery,
    answer: Answer,
}

/// A target's lane.
pub struct Lane {
    name: String,
    /// None once it is closed.
    jobs: Option<SyncSender<Job>>,
    shared: Arc<Shared>,
}

struct Shared {
    waiting: Mutex<Receiver<Job>>,
    /// Who waits for what is under way.
    current: Mutex<Option<Answer>>,
    is_over: AtomicBool,
}

impl Lane {
    /// Starts the lane's thread.
    pub fn start(name: &str, courier: Arc<Courier>) -> Result<Self> {
        let (jobs, waiting) = sync_channel(QUEUE);
        let shared = Arc::new(Shared {
            waiting: Mutex::new(waiting),
            current: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        let (thread, label) = (shared.clone(), name.to_owned());
        let spawned = std::thread::Builder::new().name("notify".to_owned()).spawn(move || {
            while let Some(job) = thread.next() {
                thread.work(job, &label, &courier);
            }
            thread.is_over.store(true, Ordering::SeqCst);
            courier.stop.ring();
        });
        spawned.doing(|| format!("no thread for notify.{name}"))?;
        Ok(Self { name: name.to_owned(), jobs: Some(jobs), shared })
    }

    /// Puts a delivery at the end of the queue.
    pub fn push(&self, delivery: Delivery, answer: Answer) {
        let sent = match &self.jobs {
            Some(jobs) => jobs.try_send(Job { delivery, answer }),
            None => Err(TrySendError::Disconnected(Job { delivery, answer })),
        };
        match sent {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => {
                let text = format!(
                    "{QUEUE} notifications wait for it already; see why its receiver does not take them"
                );
                (job.answer)(Err(failure(&self.name, &text)));
            }
            Err(TrySendError::Disconnected(job)) => (job.answer)(Err(given_up(&self.name))),
        }
    }

    /// Takes nothing more.
    pub fn close(&mut self) {
        self.jobs = None;
    }

    /// Whether its thread has come to its end.
    pub fn is_over(&self) -> bool {
        self.shared.is_over.load(Ordering::SeqCst)
    }

    /// Answers for a thread that does not come back.
    pub fn abandon(&self) {
        if let Some(answer) = self.shared.take_current() {
            answer(Err(failure(
                &self.name,
                "it was still under way when Larder ended; check whether it arrived",
            )));
        }
        let waiting = self.shared.waiting.try_lock();
        let left = waiting.map(|waiting| waiting.try_iter().collect::<Vec<_>>()).unwrap_or_default();
        left.into_iter().for_each(|job| (job.answer)(Err(given_up(&self.name))));
    }
}

impl Shared {
    fn next(&self) -> Option<Job> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
    }

    fn take_current(&self) -> Option<Answer> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn work(&self, job: Job, name: &str, courier: &Courier) {
        if courier.stop.phase() > Phase::Open {
            return (job.answer)(Err(given_up(name)));
        }
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(job.answer);
        let result = courier.deliver(&job.delivery);
        if let Some(answer) = self.take_current() {
            answer(result.map(|()| Value::Null).map_err(|text| failure(name, &text)));
        }
    }
}

/// What an automation may continue after: its data were right, the delivery failed.
pub fn failure(name: &str, text: &str) -> Failure {
    Failure { message: format!("notify.{name}: {text}"), is_final: false }
}

fn given_up(name: &str) -> Failure {
    failure(name, "it was not begun before Larder ended; send it again after the start")
}
