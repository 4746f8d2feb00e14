//! Every kind of condition, in virtual time.

use serde_json::json;

use super::Play;

/// Conditions, and whether they hold on Thursday 2026-01-01 at 12:00 in Berlin with a.b=5 (attribute k: v) for an hour.
const CONDITIONS: &[(&str, bool)] = &[
    ("{condition: state, entity_id: a.b, state: '5'}", true),
    ("{condition: state, entity_id: a.b, state: ['4', '5']}", true),
    ("{condition: state, entity_id: a.b, state: '5', for: '00:30'}", true),
    ("{condition: state, entity_id: a.b, state: '5', for: {hours: 2}}", false),
    ("{condition: state, entity_id: a.b, attribute: k, state: v}", true),
    ("{condition: state, entity_id: [a.b, c.d], state: '5'}", false),
    ("{condition: state, entity_id: [a.b, c.d], state: '5', match: any}", true),
    ("{condition: numeric_state, entity_id: a.b, above: 4, below: 6}", true),
    ("{condition: numeric_state, entity_id: a.b, above: 5}", false),
    ("{condition: numeric_state, entity_id: c.d, above: 5}", false),
    ("{condition: time, after: '11:00', before: '13:00'}", true),
    ("{condition: time, after: '22:00', before: '06:00'}", false),
    ("{condition: time, after: '13:00', before: '12:30'}", true),
    ("{condition: time, before: '12:00'}", false),
    ("{condition: time, weekday: [thu]}", true),
    ("{condition: time, weekday: [mon, fri]}", false),
    ("\"{{ states('a.b')|int > 4 }}\"", true),
    ("{condition: template, value_template: \"{{ 'yes' }}\"}", false),
    ("{condition: trigger, id: first}", true),
    ("{condition: trigger, id: [second]}", false),
    ("{or: [\"{{ false }}\", \"{{ true }}\"]}", true),
    ("{and: [\"{{ false }}\", \"{{ true }}\"]}", false),
    ("{not: [\"{{ false }}\"]}", true),
    ("{condition: not, conditions: [\"{{ false }}\", \"{{ true }}\"]}", false),
    ("{condition: or, conditions: []}", false),
    ("{condition: state, entity_id: a.b, state: nonsense, enabled: false}", true),
];

#[test]
fn every_kind_of_condition_is_evaluated() {
    for (condition, expected) in CONDITIONS {
        let text = format!(
            "triggers: {{trigger: event, event_type: go, id: first}}\nconditions:\n- {condition}\nactions: [{{action: a.b}}]"
        );
        let mut play = Play::new(&text, "Europe/Berlin", "2026-01-01T10:00:00Z");
        play.set("a.b", "5", json!({"k": "v"}));
        play.set("c.d", "unknown", json!({}));
        play.until("2026-01-01T11:00:00Z");
        play.fire("go", json!({}));
        assert_eq!(play.log.len(), usize::from(*expected), "{condition}: {:?}", play.log);
    }
}
