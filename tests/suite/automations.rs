//! Automations at work on the real host and its plugins.

mod authority;
mod checks;
mod clocks;
mod commands;
mod corpus;
mod nights;
mod notifications;
mod plugins;
mod runs;

use larder_tests::{TestHome, TestService};
use serde_json::{Value, json};

/// The first example of Home Assistant's documentation of Backup, word for word.
const NIGHTLY: &str = r#"automation:
  - alias: "Backup Home Assistant every night at 3 AM"
    triggers:
      - trigger: time
        at: "03:00:00"
    actions:
      - alias: "Create backup now"
        action: backup.create
"#;

/// The second one.
const FAILED: &str = r#"alias: "Backup failed"
triggers:
  - trigger: state
    entity_id:
      - event.backup_automatic_backup
conditions:
  - condition: state
    entity_id: event.backup_automatic_backup
    attribute: event_type
    state: failed
actions:
  - action: notify.mobile_app_your_phone
    data:
      title: "Automatic backup failed"
      message: >-
        The last automatic backup failed due to
        {{ state_attr('event.backup_automatic_backup', 'failed_reason') }}
"#;

/// A home in a zone, with automations.
fn home(zone: &str, automations: &str) -> TestHome {
    let home = TestHome::in_memory();
    home.write(".storage/core.config", json!({"data": {"time_zone": zone}}).to_string());
    home.write("automations.yaml", automations);
    home
}

/// The messages for users since the last call.
fn told(service: &mut TestService) -> Vec<String> {
    let heard = service.events().into_iter().filter(|heard| heard.topic == "larder/log");
    heard.map(|heard| heard.data["message"].as_str().unwrap().to_owned()).collect()
}

/// The last runs of an automation, the oldest first.
fn traces(service: &mut TestService, name: &str) -> Vec<Value> {
    service.service().driver().traces(name).unwrap().as_array().unwrap().clone()
}

/// How the last runs ended.
fn ends(service: &mut TestService, name: &str) -> Vec<String> {
    traces(service, name).iter().map(|trace| trace["end"].as_str().unwrap().to_owned()).collect()
}
