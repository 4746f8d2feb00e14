//! Runs as the real Home Assistant 2026.11 runs them: steps, and the events that they fire until the run ends.

use serde_json::{Value, json};

use super::Play;

/// Steps, and the events in order: the name, and its data unless they are empty.
const RUNS: &[(&str, &[&str])] = &[
    // Counts and lists of `repeat`.
    ("{repeat: {count: '{{ -1 }}', sequence: [{event: x}]}}, {event: end}", &["end"]),
    ("{repeat: {count: '{{ 2.5 }}', sequence: [{event: x}]}}, {event: end}", &["x", "x", "end"]),
    ("{repeat: {count: '{{ none }}', sequence: [{event: x}]}, continue_on_error: true}, {event: end}", &[]),
    ("{repeat: {count: '{{ \"a\" }}', sequence: [{event: x}]}, continue_on_error: true}, {event: end}", &[]),
    (
        "{repeat: {for_each: [1, null], sequence: [{event: x, event_data: {r: '{{ repeat }}'}}]}}",
        &[
            "x {\"r\":{\"first\":true,\"index\":1,\"last\":false,\"item\":1}}",
            "x {\"r\":{\"first\":false,\"index\":2,\"last\":true}}",
        ],
    ),
    (
        "{repeat: {for_each: \"{{ [1, 2] }}\", sequence: [{condition: '{{ repeat.index == 2 }}'}, {event: x}]}}, \
         {event: end, event_data: {r: '{{ repeat is defined }}'}}",
        &["x", "end {\"r\":false}"],
    ),
    // A condition that fails decides at its place.
    ("{repeat: {until: ['{{ 1/0 }}', '{{ false }}'], sequence: [{event: x}]}}, {event: end}", &["x", "end"]),
    (
        "{repeat: {until: ['{{ repeat.index > 2 }}', '{{ 1/0 }}'], sequence: [{event: x}]}}, {event: end}",
        &["x", "x", "x", "end"],
    ),
    ("{repeat: {while: ['{{ 1/0 }}'], sequence: [{event: x}]}}, {event: end}", &["end"]),
    ("{if: ['{{ 1/0 }}'], then: [{event: x}], else: [{event: y}]}, {event: end}", &["y", "end"]),
    (
        "{choose: [{conditions: '{{ 1/0 }}', sequence: [{event: x}]}, {conditions: '{{ true }}', sequence: [{event: y}]}]}, \
         {event: end}",
        &["y", "end"],
    ),
    ("{sequence: [{condition: template, value_template: '{{ 1/0 }}'}, {event: x}]}, {event: end}", &["end"]),
    ("{condition: or, conditions: ['{{ 1/0 }}', '{{ true }}']}, {event: end}", &["end"]),
    (
        "{condition: state, entity_id: [automation.a, sensor.none], state: 'on', match: any}, {event: end}",
        &[],
    ),
    (
        "{condition: not, conditions: [{condition: state, entity_id: [automation.a, sensor.none], state: 'on', match: any}]}, \
         {event: end}",
        &[],
    ),
    (
        "{condition: state, entity_id: [automation.a, automation.b], state: 'off', match: any}, {event: end}",
        &["end"],
    ),
    // Numbers of conditions.
    (
        "{condition: not, conditions: [{condition: numeric_state, entity_id: automation.a, attribute: nope, above: 1, \
         value_template: '{{ 5 }}'}]}, {event: end}",
        &["end"],
    ),
    (
        "{condition: not, conditions: [{condition: numeric_state, entity_id: automation.a, attribute: current, below: 0, \
         above: sensor.none}]}, {event: end}",
        &["end"],
    ),
    (
        "{condition: numeric_state, entity_id: automation.a, above: 5, value_template: \"{{ 'inf' }}\"}, {event: end}",
        &["end"],
    ),
    (
        "{condition: numeric_state, entity_id: automation.a, above: 5, value_template: \"{{ 'nan' }}\"}, {event: end}",
        &["end"],
    ),
    // Ends of a run.
    ("{stop: 'x {{ 1/0 }}', response_variable: nope}, {event: end}", &[]),
    (
        "{parallel: [{sequence: [{stop: a}, {event: never}]}, {sequence: [{delay: 1}, {event: x}]}]}, {event: end}",
        &["x"],
    ),
    (
        "{parallel: [{sequence: [{variables: {a: '{{ 1/0 }}'}}, {event: never}]}, {sequence: [{delay: 1}, {event: x}]}]}, \
         {event: end}",
        &["x"],
    ),
    ("{sequence: [{stop: x, error: true}], continue_on_error: true}, {event: end}", &[]),
    // Which errors `continue_on_error` covers.
    (
        "{parallel: [{sequence: [{action: a.b, data: {m: '{{ 1/0 }}'}}, {event: never}]}, \
         {sequence: [{delay: 1}, {event: x}]}], continue_on_error: true}, {event: end}",
        &["x", "end"],
    ),
    ("{action: a.b, data: {m: '{{ 1/0 }}'}, continue_on_error: true}, {event: end}", &["end"]),
    ("{action: a.b, data: {m: '{{ 1/0 }}'}}, {event: end}", &[]),
    ("{action: a.b, target: {entity_id: '{{ 1/0 }}'}, continue_on_error: true}, {event: end}", &["end"]),
    ("{action: '{{ 1/0 }}', continue_on_error: true}, {event: end}", &["end"]),
    ("{action: \"{{ 'Not valid' }}\", continue_on_error: true}, {event: end}", &["end"]),
    ("{action: \"{{ 'Automation.Turn_On' }}\", target: {entity_id: automation.a}}, {event: end}", &["end"]),
    ("{action: a.b, data: \"{{ [1] }}\", continue_on_error: true}, {event: end}", &["end"]),
    (
        "{action: automation.turn_on, target: {entity_id: \"{{ 'bad id' }}\"}, continue_on_error: true}, {event: end}",
        &["end"],
    ),
    (
        "{action: automation.turn_on, data: {entity_id: \"{{ 'bad id' }}\"}, continue_on_error: true}, {event: end}",
        &[],
    ),
    ("{action: automation.turn_on, continue_on_error: true}, {event: end}", &[]),
    (
        "{if: '{{ true }}', then: [{action: a.b, data: {m: '{{ 1/0 }}'}}], continue_on_error: true}, {event: end}",
        &["end"],
    ),
    ("{wait_template: '{{ 1/0 }}', continue_on_error: true}, {event: end}", &[]),
    ("{delay: '{{ \"x\" }}', continue_on_error: true}, {event: end}", &[]),
    ("{event: x, event_data: {a: 1, b: '{{ 1/0 }}'}}, {event: end}", &["x", "end"]),
    // Waits.
    (
        "{wait_template: '{{ false }}', timeout: 0}, {event: end, event_data: {w: '{{ wait }}'}}",
        &["end {\"w\":{\"remaining\":0.0,\"completed\":false}}"],
    ),
    ("{wait_template: '{{ false }}', timeout: 0, continue_on_timeout: false}, {event: end}", &[]),
    (
        "{wait_template: '{{ true }}'}, {event: end, event_data: {w: '{{ wait }}'}}",
        &["end {\"w\":{\"remaining\":null,\"completed\":true}}"],
    ),
    (
        "{wait_for_trigger: {trigger: event, event_type: zz}, timeout: 0}, {event: end, event_data: {w: '{{ wait }}'}}",
        &["end {\"w\":{\"remaining\":0.0,\"completed\":false,\"trigger\":null}}"],
    ),
    (
        "{wait_for_trigger: {trigger: event, event_type: zz, enabled: false}, timeout: 5}, \
         {event: end, event_data: {w: '{{ wait }}'}}",
        &["end {\"w\":{\"remaining\":5.0,\"completed\":false,\"trigger\":null}}"],
    ),
    (
        "{wait_for_trigger: {trigger: event, event_type: zz}, timeout: {seconds: 1}, continue_on_timeout: false}, {event: end}",
        &[],
    ),
    (
        "{delay: {milliseconds: 10}}, {delay: '{{ 0.01 }}'}, {delay: {seconds: '{{ 0 }}'}}, {event: end}",
        &["end"],
    ),
    // Variables.
    (
        "{variables: {a: 1}}, {parallel: [{sequence: [{variables: {a: 2, b: 3}}, {event: x, event_data: {a: '{{ a }}'}}]}, \
         {sequence: [{delay: 1}, {event: y, event_data: {a: '{{ a }}', b: '{{ b }}'}}]}]}, \
         {event: end, event_data: {a: '{{ a }}', b: '{{ b }}'}}",
        &["x {\"a\":2}", "y {\"a\":2,\"b\":3}", "end {\"a\":2,\"b\":3}"],
    ),
    (
        "{event: end, event_data: {o: '{{ trigger.event.origin }}', i: '{{ trigger.event.context.id == context.parent_id }}', \
         l: '{{ this.attributes.last_triggered }}', c: '{{ this.attributes.current }}'}}",
        &["end {\"o\":\"LOCAL\",\"i\":true,\"l\":null,\"c\":0}"],
    ),
    (
        "{event: end, event_data: {c: \"{{ state_attr('automation.a', 'current') }}\", \
         l: \"{{ state_attr('automation.a', 'last_triggered') is none }}\"}}",
        &["end {\"c\":1,\"l\":false}"],
    ),
    // Effects of actions on automations.
    (
        "{action: automation.turn_on, target: {entity_id: automation.b}}, \
         {condition: state, entity_id: automation.b, state: 'on'}, {event: end, event_data: {s: \"{{ states('automation.b') }}\"}}",
        &["end {\"s\":\"on\"}"],
    ),
    (
        "{action: automation.toggle, target: {entity_id: automation.b}}, {event: end, event_data: {s: \"{{ states('automation.b') }}\"}}",
        &["end {\"s\":\"on\"}"],
    ),
    ("{action: automation.turn_off, target: {entity_id: automation.a}}, {event: end}", &[]),
    (
        "{action: automation.turn_off, target: {entity_id: automation.a}, data: {stop_actions: false}}, \
         {event: end, event_data: {s: \"{{ states('automation.a') }}\"}}",
        &["end {\"s\":\"off\"}"],
    ),
    (
        "{action: automation.turn_off, target: {entity_id: [automation.nope, automation.b]}}, {event: end}",
        &["end"],
    ),
    ("{action: automation.toggle, data: {entity_id: light.x}}, {event: end}", &["end"]),
    ("{action: automation.trigger, data: {entity_id: automation.nope}}, {event: end}", &["end"]),
    ("{action: automation.turn_off, data: {entity_id: []}}, {event: end}", &["end"]),
    ("{action: automation.turn_off, data: {entity_id: none}}, {event: end}", &["end"]),
    // `automation.trigger` waits for the run.
    (
        "{action: automation.trigger, target: {entity_id: automation.b}, data: {variables: {q: 7}}}, {event: end}",
        &["b1 {\"q\":7,\"t\":{\"platform\":null}}", "b2", "end"],
    ),
];

/// The steps of an automation `automation.a`, with an `automation.b` that is off.
fn events(steps: &str) -> Vec<String> {
    let text = format!(
        "- alias: a\n  triggers: {{trigger: event, event_type: go}}\n  actions: [{steps}]\n- alias: b\n  initial_state: false\n  \
         triggers: []\n  actions: [{{event: b1, event_data: {{q: '{{{{ q }}}}', t: '{{{{ trigger }}}}'}}}}, {{delay: 1}}, {{event: b2}}]\n"
    );
    let mut play = Play::new(&text, "UTC", "2026-01-01T00:00:00Z");
    play.fire("go", json!({}));
    play.until("2026-01-01T01:00:00Z");
    fired(&play)
}

/// The events that automations fired.
fn fired(play: &Play) -> Vec<String> {
    let events = play.log.iter().filter_map(|line| line.split_once(" event "));
    events.map(|(_, event)| event.trim_end_matches(" {}").to_owned()).collect()
}

#[test]
fn runs_fire_the_events_that_they_fire_in_home_assistant() {
    for (steps, expected) in RUNS {
        assert_eq!(events(steps), *expected, "{steps}");
    }
}

/// Automations, events, and what the automation `saw` shows of its trigger.
const SEEN: &[(&str, &[&str], &[&str])] = &[
    (
        "{trigger: state, entity_id: automation.a, attribute: current}",
        &["go"],
        &["state of automation.a 0 1", "state of automation.a 1 0"],
    ),
    ("{trigger: state, entity_id: automation.a}", &[], &[]),
    ("{trigger: state, entity_id: automation.a, to: 'on'}", &[], &[]),
    ("{trigger: template, value_template: \"{{ is_state('automation.a', 'on') }}\"}", &[], &[]),
    ("{trigger: event, event_type: state_changed}", &[], &[]),
    ("{trigger: state, entity_id: automation.a, to: 'off'}", &["off"], &["state of automation.a 0 0"]),
    (
        "{trigger: template, value_template: \"{{ is_state('automation.a', 'off') }}\"}",
        &["off"],
        &["automation.a via template 0 0"],
    ),
    (
        "{trigger: event, event_type: automation_triggered, event_data: {name: a, source: event 'go'}}",
        &["go"],
        &["event 'automation_triggered'"],
    ),
    (
        "{trigger: event, event_type: call_service, event_data: {domain: automation, service_data: {entity_id: [automation.a]}}}",
        &["off"],
        &["event 'call_service'"],
    ),
    (
        "{trigger: template, value_template: '{{ now().minute == 7 }}'}",
        &[],
        &["time change or manual update via template"],
    ),
    ("{trigger: time, at: '00:05'}", &[], &["time"]),
    ("{trigger: time_pattern, hours: 0, minutes: 3}", &[], &["time pattern"]),
];

#[test]
fn triggers_see_automations_change_and_describe_themselves_as_in_home_assistant() {
    for (trigger, events, expected) in SEEN {
        let text = format!(
            "- alias: a\n  triggers: {{trigger: event, event_type: go}}\n  actions: []\n- alias: turns off\n  triggers: {{trigger: event, event_type: 'off'}}\n  \
             actions: [{{action: automation.turn_off, target: {{entity_id: automation.a}}}}]\n- alias: saw\n  mode: parallel\n  triggers: [{trigger}]\n  \
             actions: [{{event: saw, event_data: {{d: '{{{{ trigger.description }}}} {{{{ trigger.from_state.attributes.current if trigger.from_state }}}} \
             {{{{ trigger.to_state.attributes.current if trigger.to_state }}}}'}}}}]\n"
        );
        let mut play = Play::new(&text, "UTC", "2026-01-01T00:00:00Z");
        events.iter().for_each(|event| play.fire(event, json!({})));
        play.until("2026-01-01T00:30:00Z");
        let seen: Vec<String> = fired(&play)
            .iter()
            .filter_map(|event| event.strip_prefix("saw "))
            .map(|data| serde_json::from_str::<Value>(data).unwrap()["d"].as_str().unwrap().trim().to_owned())
            .collect();
        assert_eq!(seen, *expected, "{trigger}");
    }
}
