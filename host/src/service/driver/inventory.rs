//! What this host has, as automations are held against it.

use std::path::Path;

use super::Driver;
use super::memory::OWNER;
use crate::assemble::Host;
use crate::automation::inventory::Inventory;
use crate::automation::registry::Registry;
use crate::configuration::Configuration;
use crate::configuration::Sources;
use crate::model::Action;

/// What automations of `file` can reach. Without a configuration there is no home, and less is known.
pub fn inventory(host: &Host, home: Option<(&Sources, &Configuration)>, file: &Path) -> Inventory {
    let targets: Option<Vec<&str>> =
        home.map(|(_, configuration)| configuration.notify.keys().map(String::as_str).collect());
    let states = host.states();
    let is_ours = |id: &String| states.owner(id).as_deref() != Some(OWNER);
    let registry = Registry::new(actions(host), targets.as_deref());
    let has_all =
        home.is_none_or(|(_, configuration)| configuration.plugins.keys().all(|name| is_loaded(host, name)));
    Inventory {
        registry: if has_all { registry } else { registry.without_all_plugins() },
        entities: states.all().into_keys().filter(is_ours).collect(),
        is_shared: home.is_some_and(|(sources, _)| sources.is_shared(file)),
    }
}

impl Driver {
    /// The actions that can be called now.
    pub(super) fn registry(&self, host: &Host) -> Registry {
        Registry::new(actions(host), self.calls.targets().as_deref())
    }
}

fn actions(host: &Host) -> impl Iterator<Item = Action> {
    host.plugins().iter().flat_map(|plugin| plugin.actions().iter().cloned())
}

/// Whether a plugin has told what it can do: one that was named since the start has not, nor one that could not be started.
fn is_loaded(host: &Host, name: &str) -> bool {
    host.plugins().iter().any(|plugin| plugin.name == name && !plugin.actions().is_empty())
}
