//! A running host: its plugins, and what everybody who works with them shares. `assemble` makes one.

use std::time::Duration;

use crate::assemble::Places;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::documents::Documents;
use crate::driver::Sources;
use crate::lock::Locks;
use crate::options::{LOOK, Limits};
use crate::plugin::Plugin;
use crate::runtime::{Failure, Grants, Pending};
use crate::scheduler::Scheduler;
use crate::states::States;
use crate::steps::Steps;
use crate::timezone::TimeZone;

/// A running host. Dropping it ends the plugins and frees the state directory.
pub struct Host {
    /// The one for backups is the first.
    pub(crate) plugins: Vec<Plugin>,
    /// Those of the plugin for backups.
    pub(crate) grants: Grants,
    pub bus: Bus,
    pub places: Places,
    /// What was put right at the start, for people.
    pub notices: Vec<String>,
    /// What the host itself remembers.
    pub memory: Documents,
    /// None without a home.
    pub sources: Option<Sources>,
    pub steps: Steps,
    pub(crate) limits: Limits,
    pub(crate) _locks: Option<Locks>,
}

/// An action under way.
pub struct Call {
    plugin: usize,
    pending: Pending,
}

impl Host {
    pub fn clock(&self) -> &Clock {
        &self.grants.clock
    }

    /// The home's time zone.
    pub fn time_zone(&self) -> &TimeZone {
        &self.grants.time_zone
    }

    pub fn states(&self) -> &States {
        &self.grants.states
    }

    pub fn scheduler(&self) -> &Scheduler {
        &self.grants.scheduler
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    pub fn plugins(&self) -> &[Plugin] {
        &self.plugins
    }

    pub fn plugins_mut(&mut self) -> &mut [Plugin] {
        &mut self.plugins
    }

    /// Calls an action of the plugin that has it and waits for its answer, JSON text.
    pub fn call(&mut self, action: &str, data: &str) -> Result<String, Failure> {
        let mut call = self.begin(action, data)?;
        loop {
            if let Some(answer) = self.poll(&mut call, LOOK) {
                return answer;
            }
        }
    }

    /// The same without waiting.
    pub fn begin(&mut self, action: &str, data: &str) -> Result<Call, Failure> {
        let of = self.plugins.iter().position(|plugin| plugin.has(action));
        // What nobody has, the one for backups refuses.
        let of = of.unwrap_or(0);
        let pending = self.plugins.get_mut(of).map(|plugin| plugin.begin(action, data));
        let pending = pending.ok_or_else(|| Failure::stopped("there is no plugin"))?;
        Ok(Call { plugin: of, pending })
    }

    /// Waits for an answer for at most so long; none when it has not come yet.
    pub fn poll(&mut self, call: &mut Call, most: Duration) -> Option<Result<String, Failure>> {
        self.plugins.get_mut(call.plugin)?.answer(&mut call.pending, most)
    }
}
