//! A running host: its plugins, and the parts that they and their callers share. `assemble` builds it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::automation::registry;
use crate::configuration::Sources;
use crate::home::bus::Bus;
use crate::home::states::States;
use crate::plugin::Plugin;
use crate::runtime::{Failure, Grants, Pending};
use crate::steps::Steps;
use crate::storage::directories::Directories;
use crate::storage::documents::Documents;
use crate::storage::lock::WriterLocks;
use crate::time::clock::Clock;
use crate::time::scheduler::Scheduler;
use crate::time::timezone::TimeZone;
use crate::tunables::{Limits, POLL_INTERVAL};

/// A running host. Dropping it stops the plugins and releases the locks.
pub struct Host {
    /// The backup plugin is the first.
    pub(crate) plugins: Vec<Plugin>,
    /// The grants of the backup plugin.
    pub(crate) grants: Grants,
    pub bus: Bus,
    pub places: Directories,
    /// Messages from the start: what was repaired, ignored or lost.
    pub notices: Vec<String>,
    /// The host's own documents.
    pub memory: Documents,
    /// `None` without a home.
    pub sources: Option<Sources>,
    pub steps: Steps,
    pub(crate) limits: Limits,
    pub(crate) _locks: Option<WriterLocks>,
}

/// A call under way.
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

    /// Calls an action and waits for its answer. Data and answer are JSON text.
    pub fn call(&mut self, action: &str, data: &str) -> Result<String, Failure> {
        let mut call = self.begin(action, data)?;
        loop {
            if let Some(answer) = self.poll(&mut call, POLL_INTERVAL) {
                return answer;
            }
        }
    }

    /// Begins a call without waiting for it.
    pub fn begin(&mut self, action: &str, data: &str) -> Result<Call, Failure> {
        let of = self.plugins.iter().position(|plugin| plugin.has(action));
        if let (None, Some(plugin)) = (of, self.missing(action)) {
            let why = plugin.problem().map(|why| why.message.clone()).unwrap_or_default();
            return Err(Failure::stopped(format!("the plugin {} is not running: {why}", plugin.name)));
        }
        // The backup plugin refuses unknown actions.
        let of = of.unwrap_or(0);
        let plugin = self.plugins.get_mut(of).ok_or_else(|| Failure::stopped("there is no plugin"))?;
        let data = fitted(plugin, action, data)?;
        Ok(Call { plugin: of, pending: plugin.begin(action, &data)? })
    }

    /// The plugin that an action's name points to, if that plugin is not running.
    pub fn missing(&self, action: &str) -> Option<&Plugin> {
        let named = |plugin: &&Plugin| action.split_once('.').is_some_and(|(name, _)| name == plugin.name);
        self.plugins.iter().filter(named).find(|plugin| plugin.problem().is_some())
    }

    /// Checks which plugins are alive, waits at most `most` for one that is starting, and restarts those that are due.
    pub fn supervise_plugins(&mut self, most: Duration) {
        for at in 0..self.plugins.len() {
            let Some(is_starting) = self.plugins.get(at).map(Plugin::is_starting) else { return };
            let owners = if is_starting { self.owners(at) } else { BTreeMap::new() };
            if let Some(plugin) = self.plugins.get_mut(at) {
                plugin.supervise(most, |action| owners.get(action).cloned());
            }
        }
    }

    /// The owner of each action, without those of the plugin at index `but`.
    fn owners(&self, but: usize) -> BTreeMap<String, String> {
        let others = self.plugins.iter().enumerate().filter(|(at, _)| *at != but);
        others
            .flat_map(|(_, plugin)| {
                plugin.actions().iter().map(|action| (action.name.clone(), plugin.name.clone()))
            })
            .collect()
    }

    /// Waits at most `most` for an answer. `None` if it has not come yet.
    pub fn poll(&mut self, call: &mut Call, most: Duration) -> Option<Result<String, Failure>> {
        self.plugins.get_mut(call.plugin)?.answer(&mut call.pending, most)
    }
}

/// The data of a call, checked and converted by the action's declared fields. Actions for clients are checked by the plugin, whose
/// errors follow the clients' protocol.
fn fitted<'a>(plugin: &Plugin, action: &str, data: &'a str) -> Result<Cow<'a, str>, Failure> {
    let wrong = |message: String| Failure { code: "invalid_format".into(), message };
    let known = plugin.actions().iter().find(|known| known.name == action && known.public);
    let Some(known) = known else { return Ok(data.into()) };
    let data = serde_json::from_str(data)
        .map_err(|error| wrong(format!("{action}: the data is not valid JSON: {error}")))?;
    registry::validated(known, data).map(|data| data.to_string().into()).map_err(wrong)
}
