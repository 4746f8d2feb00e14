//! Entities that automations name, compared with those of a host.

use super::inventory::{checked, inventory};

#[test]
fn an_unknown_entity_is_a_warning_and_excludes_no_automation() {
    let cases = [
        (
            "- id: a\n  triggers:\n  - trigger: state\n    entity_id:\n    - event.backup_automatc\n  actions: []",
            "5:7: unknown entity event.backup_automatc; did you mean event.backup_automatic_backup?",
        ),
        (
            "- id: a\n  triggers: {trigger: state, entity_id: light.hall}\n  actions: []",
            "2:41: unknown entity light.hall; `larder states` lists the known ones",
        ),
        (
            "- id: a\n  triggers: {trigger: time, at: input_datetime.x}\n  actions: []",
            "2:33: unknown entity input_datetime.x",
        ),
        (
            "- id: a\n  triggers: {trigger: numeric_state, entity_id: sensor.moon, above: sensor.x1}\n  actions: []",
            "2:69: unknown entity sensor.x1",
        ),
        (
            "- id: a\n  triggers: []\n  conditions: {condition: not, conditions: [{condition: state, entity_id: light.hall, state: 'on'}]}\n  actions: []",
            "3:75: unknown entity light.hall",
        ),
        (
            "- id: a\n  triggers: []\n  conditions: \"{{ is_state('light.hall', 'on') }}\"\n  actions: []",
            "3:15: unknown entity light.hall",
        ),
        (
            "- id: a\n  triggers: []\n  actions: [{variables: {x: \"{{ 'light.hall' | states }}{{ states.light.hall.state }}\"}}]",
            "3:29: unknown entity light.hall",
        ),
        (
            "- id: a\n  triggers: []\n  actions: [{wait_for_trigger: {trigger: state, entity_id: light.hall}}]",
            "3:60: unknown entity light.hall",
        ),
        (
            "- id: a\n  triggers: []\n  actions: [{action: automation.turn_on, target: {entity_id: automation.b}}]",
            "3:62: unknown entity automation.b; did you mean automation.a?",
        ),
    ];
    for (text, expected) in cases {
        let loaded = checked(&inventory(Some(&[])), text);
        let told: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 1, "{text}: {told:?}");
        assert!(told[0].starts_with(&format!("automations.yaml:{expected}")), "{text}: {told:?}");
        assert_eq!((loaded.automations.len(), loaded.problems.len()), (1, 0), "{text}");
    }
}

#[test]
fn known_entities_existence_checks_and_foreign_values_are_not_warned_about() {
    let fine = r#"
- alias: Grüße
  variables: {entity_id: light.hall}
  triggers:
    - {trigger: state, entity_id: "sensor.moon, event.backup_automatic_backup"}
    - {trigger: state, entity_id: automation.grusse}
    - {trigger: state, entity_id: light.hall, enabled: false}
    - {trigger: event, event_type: x, event_data: {entity_id: light.hall}}
    - {trigger: time, at: "03:00"}
  conditions: "{{ has_value('light.hall') and states('sensor.moon') and trigger.states.light }}"
  actions:
    - {event: x, event_data: {entity_id: light.hall}}
    - {delay: 1, enabled: false}
"#;
    let loaded = checked(&inventory(Some(&[])), fine);
    let told: Vec<_> = loaded.warnings.iter().map(|warning| warning.text.as_str()).collect();
    assert_eq!((told, loaded.problems.len()), (vec![], 0));
}
