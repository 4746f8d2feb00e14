//! A running host: its plugins, and what everybody who works with them shares. `assemble` makes one.

use std::borrow::Cow;
use std::time::Duration;

use crate::assemble::Places;
use crate::automation::registry;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::documents::Documents;
use crate::driver::Sources;
use crate::lock::Lock;
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
    pub(crate) _lock: Option<Lock>,
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
        let plugin = self.plugins.get_mut(of);
        let pending = plugin
            .map(|plugin| fitted(plugin, action, data).map(|data| plugin.begin(action, &data)))
            .transpose()?;
        let pending = pending.ok_or_else(|| Failure::stopped("there is no plugin"))?;
        Ok(Call { plugin: of, pending })
    }

    /// Waits for an answer for at most so long; none when it has not come yet.
    pub fn poll(&mut self, call: &mut Call, most: Duration) -> Option<Result<String, Failure>> {
        self.plugins.get_mut(call.plugin)?.answer(&mut call.pending, most)
    }
}

/// The data of a call as the action's fields declare them. What only clients call, the plugin checks itself: it refuses in the words
/// of their protocol.
fn fitted<'a>(plugin: &Plugin, action: &str, data: &'a str) -> Result<Cow<'a, str>, Failure> {
    let wrong = |message: String| Failure { code: "invalid_format".into(), message };
    let known = plugin.actions().iter().find(|known| known.name == action && known.public);
    let Some(known) = known else { return Ok(data.into()) };
    let data = serde_json::from_str(data)
        .map_err(|error| wrong(format!("{action}: its data are not JSON: {error}")))?;
    registry::fitted(known, data).map(|data| data.to_string().into()).map_err(wrong)
}
