//! Runs on the real host: calls are performed, events arrive, and errors are reported.

use larder_tests::TestService;
use serde_json::json;

use super::{ends, home, told, traces};

const START: &str = "2026-05-04T12:00:00+00:00";

#[test]
fn an_automation_reacts_to_a_plugins_entities_and_uses_responses() {
    let yaml = r#"
- alias: Report
  triggers:
    - trigger: state
      entity_id: sensor.backup_backup_manager_state
      to: create_backup
  actions:
    - action: persistent_notification.create
      data:
        notification_id: report
        title: "A backup is made"
        message: "{{ trigger.from_state.state }} became {{ states('sensor.backup_backup_manager_state') }}"
"#;
    let home = home("UTC", yaml);
    let mut service = home.serve(START);
    service.pass(1);
    service.call("backup.create", json!({})).unwrap();
    service.pass(1);
    assert_eq!(ends(&mut service, "Report"), ["done"]);
    drop(service);
    let shown = home.larder(&["states"]).exits(0);
    assert!(shown.stdout.contains("A backup is made: idle became create_backup"), "{}", shown.stdout);
}

#[test]
fn a_call_from_a_template_is_checked_by_the_same_rules_at_run_time() {
    let yaml = r#"
- id: wrong
  triggers: [{trigger: event, event_type: try}]
  actions:
    - action: "{{ 'backup.create' }}"
      data: {surprise: 1}
- id: type
  triggers: [{trigger: event, event_type: try}]
  actions: [{action: persistent_notification.create, data: {message: "{{ [1] }}"}}]
- id: unknown
  triggers: [{trigger: event, event_type: try}]
  actions: [{action: "{{ 'light.turn_on' }}", target: {entity_id: light.porch}}]
- id: private
  triggers: [{trigger: event, event_type: try}]
  actions: [{action: "{{ 'backup.delete' }}", data: {backup_id: "12345678"}}]
- id: nobody
  triggers: [{trigger: event, event_type: try}]
  actions: [{action: "{{ 'notify.phone' }}", data: {message: hello}}]
"#;
    let home = home("UTC", yaml);
    let mut service = home.serve(START);
    service.pass(1);
    told(&mut service);
    fire(&mut service, "try");
    let said = told(&mut service).join("\n");
    for words in [
        "there is no action light.turn_on; automations may call backup.create, backup.create_automatic",
        "backup.delete is reserved for clients",
        "there is no notification target notify.phone; add a table [notify.phone] to larder.toml",
        "backup.create has no field `surprise` and takes none; remove it",
        "`message` of persistent_notification.create: expected text, found a list",
    ] {
        assert!(said.contains(words), "{words} is not in:\n{said}");
    }
    assert!(ends(&mut service, "wrong")[0].starts_with("failed: "));
}

#[test]
fn automations_that_trigger_each_other_are_halted_with_a_clear_message() {
    let yaml = r#"
- alias: Again and again
  triggers:
    - trigger: state
      entity_id: sensor.backup_backup_manager_state
      to: idle
  mode: queued
  actions: [{action: backup.create}]
"#;
    let home = home("UTC", yaml);
    let mut service = home.serve(START);
    service.pass(1);
    service.call("backup.create", json!({})).unwrap();
    service.pass(60);
    let said = told(&mut service).join("\n");
    assert!(said.contains("Again and again triggered itself 10 times"), "{said}");
    let backups = home.archives().len();
    service.pass(3600);
    assert_eq!(home.archives().len(), backups);
    assert!(backups <= 12, "{backups}");
}

#[test]
fn start_and_shutdown_fire_and_a_delay_ends_at_its_time() {
    let yaml = r#"
- alias: Hello
  triggers: [{trigger: homeassistant, event: start}]
  actions:
    - delay: "00:05:00"
    - event: hello
      event_data: {from: start}
"#;
    let home = home("UTC", yaml);
    let mut service = home.serve(START);
    service.pass(299);
    assert_eq!(ends(&mut service, "Hello"), [""]);
    service.pass(1);
    assert_eq!(ends(&mut service, "Hello"), ["done"]);
    let hello = service.events().into_iter().find(|heard| heard.topic == "hello").unwrap();
    assert_eq!(hello.data, json!({"from": "start"}));
    assert_eq!(traces(&mut service, "Hello")[0]["ended"], "2026-05-04T12:05:00.000000+00:00");
}

#[test]
fn the_last_run_is_remembered_across_a_restart() {
    let yaml = "- {id: tick, triggers: [{trigger: time_pattern, minutes: /10}], actions: [{event: tock}]}\n";
    let home = home("UTC", yaml);
    let mut service = home.serve(START);
    service.pass(660);
    let mut service = service.restart();
    service.pass(1);
    let listed = service.service().driver().list();
    assert_eq!(listed[0]["last_triggered"], "2026-05-04T12:10:00.000000+00:00");
    assert_eq!(listed[0]["next"], "2026-05-04T12:20:00.000000+00:00");
    assert_eq!(ends(&mut service, "tick"), ["done"]);
}

#[test]
fn nothing_that_appears_at_the_start_fires_a_trigger() {
    let yaml = r#"
- {alias: a, triggers: [], actions: []}
- alias: seen
  mode: parallel
  triggers:
    - {trigger: state, entity_id: [automation.a, automation.seen, event.backup_automatic_backup]}
    - {trigger: state, entity_id: sensor.backup_backup_manager_state}
    - {trigger: state, entity_id: automation.a, to: "on"}
    - {trigger: state, entity_id: automation.a, not_to: "off", for: 1}
    - {trigger: template, value_template: "{{ is_state('automation.a', 'on') }}"}
    - {trigger: template, value_template: "{{ has_value('sensor.backup_backup_manager_state') }}"}
    - {trigger: event, event_type: state_changed, event_data: {entity_id: automation.a}}
  actions: [{event: "seen"}]
- {alias: began, triggers: [{trigger: event, event_type: homeassistant_started}], actions: [{event: began}]}
- {alias: switch, triggers: [{trigger: event, event_type: try}], actions: [{action: automation.turn_off, target: {entity_id: automation.a}}]}
"#;
    let home = home("UTC", yaml);
    let mut service = home.serve(START);
    service.pass(60);
    let count = |service: &mut TestService, topic: &str| {
        service.events().iter().filter(|heard| heard.topic == topic).count()
    };
    assert_eq!(ends(&mut service, "began"), ["done"]);
    assert_eq!(ends(&mut service, "seen"), Vec::<String>::new());
    let mut service = service.restart();
    service.pass(60);
    assert_eq!(ends(&mut service, "seen"), Vec::<String>::new());
    fire(&mut service, "try");
    assert!(count(&mut service, "seen") > 0);
}

#[test]
fn the_next_step_sees_what_an_action_on_an_automation_did() {
    let yaml = r#"
- {alias: a, triggers: [], actions: []}
- alias: switch
  triggers: [{trigger: event, event_type: try}]
  actions:
    - {action: automation.turn_off, target: {entity_id: automation.a}}
    - {condition: state, entity_id: automation.a, state: "off"}
    - {action: automation.toggle, target: {entity_id: [automation.a, automation.nope]}}
    - {event: switched, event_data: {now: "{{ states('automation.a') }}", own: "{{ state_attr('automation.switch', 'current') }}"}}
- alias: calls
  mode: queued
  triggers: [{trigger: event, event_type: call_service, event_data: {domain: automation}}]
  actions: [{event: called, event_data: {service: "{{ trigger.event.data.service }}"}}]
"#;
    let home = home("UTC", yaml);
    let mut service = home.serve(START);
    service.pass(1);
    fire(&mut service, "try");
    assert_eq!(ends(&mut service, "switch"), ["done"]);
    let events = service.events();
    let data = |topic: &str| -> Vec<_> {
        events.iter().filter(|heard| heard.topic == topic).map(|heard| heard.data.clone()).collect()
    };
    assert_eq!(data("switched"), [json!({"now": "on", "own": 1})]);
    assert_eq!(data("called"), [json!({"service": "turn_off"}), json!({"service": "toggle"})]);
}

fn fire(service: &mut TestService, name: &str) {
    service.service().host().bus.emit(&larder::home::bus::Event::new(name, "{}"));
    service.pass(1);
}
