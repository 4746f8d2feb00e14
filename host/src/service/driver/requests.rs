//! Requests that other threads send to the driver, and where their answers go.
//!
//! `handlers` carries them out.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};

use serde_json::Value;

use crate::home::bus::{Bus, Listener};
use crate::runtime::Failure;
use crate::service::control;
use crate::time::scheduler::Scheduler;
use crate::tunables::POLL_INTERVAL;

/// Where the answer to a request goes.
pub(super) type Reply = Sender<Result<Value, Failure>>;

/// A request, and where its answer goes.
pub struct Request {
    /// `list`, `trace`, `trigger`, `reload`, `call` or `states`.
    pub command: String,
    pub data: Value,
    pub reply: Reply,
}

/// The sending end, for other threads. Cheap to clone.
#[derive(Clone)]
pub struct Requests {
    sender: Sender<Request>,
    scheduler: Scheduler,
}

/// A request that is answered when a run ends.
pub(super) struct RunWaiter {
    pub automation: String,
    pub run: u64,
    pub reply: Reply,
}

impl Requests {
    pub(super) fn new(scheduler: Scheduler) -> (Self, Receiver<Request>) {
        let (sender, receiver) = channel();
        (Self { sender, scheduler }, receiver)
    }

    /// Sends a request. The answer arrives on the returned receiver, whose other end is dropped when the driver is gone.
    pub fn send(&self, command: &str, data: Value) -> Receiver<Result<Value, Failure>> {
        let (reply, answer) = channel();
        // If the driver is gone, `reply` is dropped with the request, and the caller sees that.
        let _ = self.sender.send(Request { command: command.into(), data, reply });
        self.scheduler.wake();
        answer
    }

    /// A handler for the control socket. While a request is under way, bus events are forwarded to clients that want them.
    pub fn answering(self, bus: Bus) -> control::Answer {
        Arc::new(move |request, listener| {
            let events = request.wants_events.then(|| bus.subscribe());
            let answer = self.send(&request.command, request.data);
            loop {
                let answered = answer.recv_timeout(POLL_INTERVAL);
                events.iter().flat_map(Listener::try_iter).for_each(|event| listener(&event));
                match answered {
                    Ok(answer) => return answer,
                    Err(RecvTimeoutError::Disconnected) => {
                        return Err(control::not_begun());
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                }
            }
        })
    }
}
