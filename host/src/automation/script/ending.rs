//! How threads come to an end: at their last step, by a failure that somebody above may take, or by a stop.

use super::Script;
use super::context::StepContext;
use super::frame::Frame;
use super::outcome::{End, Halt};
use super::wait::Wait;

impl Script {
    /// A thread is at its end: when it was the last of its branches, whoever waits for them goes on, or takes over what
    /// ended the first of them. Without anybody who waits the run is over.
    pub(super) fn finish_thread(&mut self, id: usize, halt: Option<Halt>, context: &mut StepContext) {
        let Some(parent) = self.threads.remove(&id).and_then(|thread| thread.parent) else {
            self.end.get_or_insert(End::Done);
            return;
        };
        let is_last = !self.threads.values().any(|thread| thread.parent == Some(parent));
        let Some(thread) = self.threads.get_mut(&parent) else { return };
        thread.failed.extend(halt.map(|halt| (id, halt)));
        if is_last {
            thread.wait = Wait::Ready;
            if let Some((_, halt)) = std::mem::take(&mut thread.failed).pop_first() {
                self.halt(parent, halt, context);
            }
        }
    }

    /// What does not go on: the sequence ends, somebody above continues, or the run is over. What ends a branch lets the
    /// others come to their end first.
    pub(super) fn halt(&mut self, id: usize, halt: Halt, context: &mut StepContext) {
        let Some(thread) = self.threads.get_mut(&id) else { return };
        match &halt {
            Halt::Sequence => {
                thread.wait = Wait::Ready;
                thread.frames.last_mut().map(Frame::finish).unwrap_or_default();
                return;
            }
            Halt::Failed { reason, is_final: false } if thread.recover() => {
                let seen = serde_json::json!({"error": reason, "continues": true});
                context.trace.record(&thread.path(), context.home.now, &seen);
                return;
            }
            _ => {}
        }
        if thread.parent.is_some() {
            return self.finish_thread(id, Some(halt), context);
        }
        self.end.get_or_insert(match halt {
            Halt::End(end) => end,
            Halt::Failed { reason, .. } => End::Failed(reason),
            Halt::Sequence => End::Done,
        });
    }
}
