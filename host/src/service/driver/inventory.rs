//! The inventory of this host: the entities and actions that automations are checked against, and the home as they see it.

use std::path::Path;
use std::sync::Arc;

use crate::automation::home::Home;
use crate::automation::inventory::Inventory;
use crate::automation::registry::Registry;
use crate::configuration::Configuration;
use crate::configuration::Sources;
use crate::model::Action;
use crate::service::host::Host;

/// The owner of the entities that show automations.
pub(super) const OWNER: &str = "automation";

/// The home as the host shows it now.
pub(super) fn home(host: &Host) -> Home {
    let states = host.states().all().into_iter().map(|(id, state)| (id, Arc::new(state))).collect();
    Home { now: host.clock().now(), zone: host.time_zone().get().zone, states: Arc::new(states) }
}

/// The entities and actions that automations of `file` can use. Without a configuration there is no home, and the inventory is
/// incomplete.
pub fn inventory(host: &Host, home: Option<(&Sources, &Configuration)>, file: &Path) -> Inventory {
    let targets: Option<Vec<&str>> =
        home.map(|(_, configuration)| configuration.notify.keys().map(String::as_str).collect());
    let states = host.states();
    let is_ours = |id: &String| states.owner(id).as_deref() != Some(OWNER);
    let registry = registry(host, targets.as_deref());
    let has_all =
        home.is_none_or(|(_, configuration)| configuration.plugins.keys().all(|name| is_loaded(host, name)));
    Inventory {
        registry: if has_all { registry } else { registry.without_all_plugins() },
        entities: states.all().into_keys().filter(is_ours).collect(),
        is_shared: home.is_some_and(|(sources, _)| sources.is_shared(file)),
    }
}

/// The actions of the host's plugins and of the notification targets.
pub(super) fn registry(host: &Host, targets: Option<&[&str]>) -> Registry {
    Registry::new(actions(host), targets)
}

fn actions(host: &Host) -> impl Iterator<Item = Action> {
    host.plugins().iter().flat_map(|plugin| plugin.actions().iter().cloned())
}

/// Whether a plugin's actions are known. They are not if it was configured after the start or could not be started.
fn is_loaded(host: &Host, name: &str) -> bool {
    host.plugins().iter().any(|plugin| plugin.name == name && !plugin.actions().is_empty())
}
