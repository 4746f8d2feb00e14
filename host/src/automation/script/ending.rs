//! The end of a thread: after its last step, by an error that an outer step may handle, or by a stop.

use super::Script;
use super::context::StepContext;
use super::frame::Frame;
use super::outcome::{End, Halt};
use super::wait::Wait;

impl Script {
    /// A thread has ended. After the last branch, the parent continues, or handles what ended the first failed
    /// branch. Without a parent, the run is over.
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

    /// Handles a halt: the sequence ends, an outer step continues, or the run is over. When a branch halts, the other
    /// branches finish first.
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
