//! The guard against automations that cause themselves: who caused which run, and how often within a while.

use std::collections::{BTreeMap, VecDeque};

use super::live::Live;
use crate::model::Timestamp;
use crate::options::automations::{LOOP_SECONDS, MAX_SELF_CAUSED, MAX_STARTS};

/// The automations behind each run of late, the earliest first.
#[derive(Debug, Default)]
pub struct Causes {
    chains: BTreeMap<u64, VecDeque<(usize, Timestamp)>>,
}

fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    now.seconds.saturating_sub(at.seconds) < LOOP_SECONDS
}

impl Causes {
    /// Whether an automation may start. One that may not is stopped, and the error says so once.
    pub fn check(
        &self,
        key: usize,
        cause: Option<u64>,
        live: &mut Live,
        now: Timestamp,
    ) -> Result<(), String> {
        let chain = cause.and_then(|run| self.chains.get(&run));
        let own = chain
            .map_or(0, |chain| chain.iter().filter(|(of, at)| *of == key && is_recent(*at, now)).count());
        live.starts.retain(|at| is_recent(*at, now));
        let reason = if own >= MAX_SELF_CAUSED {
            format!("caused itself {own} times within {LOOP_SECONDS} s")
        } else if live.starts.len() >= MAX_STARTS {
            format!("ran {MAX_STARTS} times within {LOOP_SECONDS} s")
        } else {
            return Ok(());
        };
        let message = format!(
            "{} {reason} and was stopped; change its trigger or its actions so that they do not fire it again, then \
             reload the automations",
            live.automation.name()
        );
        live.halt(message.clone());
        Err(message)
    }

    pub fn began(&mut self, run: u64, key: usize, cause: Option<u64>, now: Timestamp) {
        let mut chain = cause.and_then(|run| self.chains.get(&run)).cloned().unwrap_or_default();
        chain.push_back((key, now));
        // What counts is at the end.
        while chain.len() > 4 * MAX_SELF_CAUSED {
            chain.pop_front();
        }
        self.chains.insert(run, chain);
    }

    /// What no guard can count any more.
    pub fn forget(&mut self, now: Timestamp) {
        // A run that still goes on may cause something later: then its chain begins anew.
        self.chains.retain(|_, chain| chain.iter().any(|(_, at)| is_recent(*at, now)));
    }

    pub fn rename(&mut self, keys: &BTreeMap<usize, usize>) {
        for (of, _) in self.chains.values_mut().flatten() {
            *of = keys.get(of).copied().unwrap_or(usize::MAX);
        }
    }
}
