//! The queue of one target, and the thread that delivers its notifications in order. A receiver that does not answer delays only its own
//! queue.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::deliver::Deliverer;
use super::render::Delivery;
use super::shutdown::Phase;
use crate::automation::script::Failure;
use crate::error::{Doing, Result};
use crate::tunables::notify::QUEUE;

/// Receives the outcome of a notification. Called once, on any thread, possibly the sender's.
pub type Answer = Box<dyn FnOnce(std::result::Result<Value, Failure>) + Send>;

/// A notification in the queue.
struct Job {
    delivery: Delivery,
    answer: Answer,
}

/// The queue of one target.
pub struct TargetQueue {
    name: String,
    /// `None` once the queue is closed.
    jobs: Option<SyncSender<Job>>,
    shared: Arc<Shared>,
}

/// What the queue and its thread share.
struct Shared {
    waiting: Mutex<Receiver<Job>>,
    /// Receives the outcome of the running delivery.
    current: Mutex<Option<Answer>>,
    has_ended: AtomicBool,
}

impl TargetQueue {
    /// Creates a queue and starts its thread.
    pub fn start(name: &str, deliverer: Arc<Deliverer>) -> Result<Self> {
        let (jobs, waiting) = sync_channel(QUEUE);
        let shared = Arc::new(Shared {
            waiting: Mutex::new(waiting),
            current: Mutex::default(),
            has_ended: AtomicBool::new(false),
        });
        let (thread, label) = (shared.clone(), name.to_owned());
        let spawned = std::thread::Builder::new().name("notify".to_owned()).spawn(move || {
            while let Some(job) = thread.next() {
                thread.work(job, &label, &deliverer);
            }
            thread.has_ended.store(true, Ordering::SeqCst);
            deliverer.shutdown.notify();
        });
        spawned.doing(|| format!("cannot start a thread for notify.{name}"))?;
        Ok(Self { name: name.to_owned(), jobs: Some(jobs), shared })
    }

    /// Adds a delivery to the queue.
    pub fn push(&self, delivery: Delivery, answer: Answer) {
        let sent = match &self.jobs {
            Some(jobs) => jobs.try_send(Job { delivery, answer }),
            None => Err(TrySendError::Disconnected(Job { delivery, answer })),
        };
        match sent {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => {
                let text = format!(
                    "its queue is full ({QUEUE} notifications); check why the receiver does not accept them"
                );
                (job.answer)(Err(failure(&self.name, &text)));
            }
            Err(TrySendError::Disconnected(job)) => (job.answer)(Err(canceled(&self.name))),
        }
    }

    /// Accepts no further deliveries.
    pub fn close(&mut self) {
        self.jobs = None;
    }

    /// Whether the thread has ended.
    pub fn has_ended(&self) -> bool {
        self.shared.has_ended.load(Ordering::SeqCst)
    }

    /// Answers all calls for a thread that hangs.
    pub fn abandon(&self) {
        if let Some(answer) = self.shared.take_current() {
            answer(Err(failure(
                &self.name,
                "it was still being delivered when Larder shut down; check whether it arrived",
            )));
        }
        let waiting = self.shared.waiting.try_lock();
        let left = waiting.map(|waiting| waiting.try_iter().collect::<Vec<_>>()).unwrap_or_default();
        left.into_iter().for_each(|job| (job.answer)(Err(canceled(&self.name))));
    }
}

impl Shared {
    fn next(&self) -> Option<Job> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
    }

    fn take_current(&self) -> Option<Answer> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn work(&self, job: Job, name: &str, deliverer: &Deliverer) {
        if deliverer.shutdown.phase() > Phase::Open {
            return (job.answer)(Err(canceled(name)));
        }
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(job.answer);
        let result = deliverer.deliver(&job.delivery);
        if let Some(answer) = self.take_current() {
            answer(result.map(|()| Value::Null).map_err(|text| failure(name, &text)));
        }
    }
}

/// A failure that is not final: the data were valid and the delivery failed.
pub fn failure(name: &str, text: &str) -> Failure {
    Failure { message: format!("notify.{name}: {text}"), is_final: false }
}

fn canceled(name: &str) -> Failure {
    failure(name, "Larder shut down before it was sent; send it again after the next start")
}
