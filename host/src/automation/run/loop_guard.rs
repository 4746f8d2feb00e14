//! The loop guard: stops automations that trigger themselves. It tracks which automations caused each run, and how
//! often.

use std::collections::{BTreeMap, VecDeque};

use chrono::TimeDelta;

use super::instance::Instance;
use crate::automation::zone;
use crate::model::Timestamp;
use crate::tunables::automations::{CHAIN_SECONDS, LOOP_SECONDS, MAX_CHAINS, MAX_SELF_CAUSED, MAX_STARTS};

/// The chain of automations that caused each recent run, earliest first.
#[derive(Debug, Default)]
pub struct LoopGuard {
    chains: BTreeMap<u64, VecDeque<(usize, Timestamp)>>,
}

fn is_within(seconds: i64, at: Timestamp, now: Timestamp) -> bool {
    now.seconds.saturating_sub(at.seconds) < seconds
}

impl LoopGuard {
    /// Whether an automation may start. Otherwise it is halted and the error says so once.
    pub fn check(
        &self,
        key: usize,
        cause: Option<u64>,
        instance: &mut Instance,
        now: Timestamp,
    ) -> Result<(), String> {
        let chain = cause.and_then(|run| self.chains.get(&run));
        let own = chain.map_or(0, |chain| {
            chain.iter().filter(|(of, at)| *of == key && is_within(CHAIN_SECONDS, *at, now)).count()
        });
        instance.starts.retain(|at| is_within(LOOP_SECONDS, *at, now));
        let reason = if own >= MAX_SELF_CAUSED {
            format!("triggered itself {own} times within {CHAIN_SECONDS} s")
        } else if instance.starts.len() >= MAX_STARTS {
            format!("ran {MAX_STARTS} times within {LOOP_SECONDS} s")
        } else {
            return Ok(());
        };
        let message = format!(
            "{} {reason} and was stopped; change its triggers or actions so that it does not trigger itself, \
             then reload the automations",
            instance.automation.name()
        );
        instance.halt(message.clone());
        Err(message)
    }

    /// Records that `run` of the automation `key` was started, by the run `cause` if any.
    pub fn record_start(&mut self, run: u64, key: usize, cause: Option<u64>, now: Timestamp) {
        let mut chain = cause.and_then(|run| self.chains.get(&run)).cloned().unwrap_or_default();
        chain.push_back((key, now));
        // Only the last entries count.
        while chain.len() > 4 * MAX_SELF_CAUSED {
            chain.pop_front();
        }
        self.chains.insert(run, chain);
        while self.chains.len() > MAX_CHAINS {
            self.chains.pop_first();
        }
    }

    /// Removes chains that are too old to count.
    pub fn forget(&mut self, now: Timestamp) {
        // A run in progress may still cause something; its chain then starts over.
        let is_old = |chain: &VecDeque<(usize, Timestamp)>| {
            chain.back().is_none_or(|(_, at)| !is_within(CHAIN_SECONDS, *at, now))
        };
        while self.chains.first_key_value().is_some_and(|(_, chain)| is_old(chain)) {
            self.chains.pop_first();
        }
    }

    /// The clock was set by `by`: recent entries stay recent.
    pub fn shift(&mut self, by: TimeDelta) {
        self.chains.values_mut().flatten().for_each(|(_, at)| *at = zone::plus(*at, by));
    }

    /// Replaces the keys of automations after a reload. Removed automations no longer match.
    pub fn rename(&mut self, keys: &BTreeMap<usize, usize>) {
        for (of, _) in self.chains.values_mut().flatten() {
            *of = keys.get(of).copied().unwrap_or(usize::MAX);
        }
    }
}
