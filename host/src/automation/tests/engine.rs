//! The engine in virtual time: modes, the loop guard, reloads, variables and traces.

use serde_json::json;

use super::{Play, at};
use crate::automation::run::Effect;

/// A mode, and the effects of three events within 20 seconds if a run takes a minute.
const MODES: &[(&str, &[&str])] = &[
    (
        "mode: single",
        &[
            "00:00:10 notice: A is still running and was not started again; set its `mode` to change that",
            "00:00:20 notice: A is still running and was not started again; set its `mode` to change that",
            "00:01:00 a.b 0",
        ],
    ),
    ("mode: single\nmax_exceeded: silent", &["00:01:00 a.b 0"]),
    ("mode: restart", &["00:01:20 a.b 2"]),
    ("mode: queued", &["00:01:00 a.b 0", "00:02:00 a.b 1", "00:03:00 a.b 2"]),
    (
        "mode: queued\nmax: 2",
        &[
            "00:00:20 notice: A already has 2 runs in progress or queued; raise its `max`",
            "00:01:00 a.b 0",
            "00:02:00 a.b 1",
        ],
    ),
    ("mode: parallel", &["00:01:00 a.b 0", "00:01:10 a.b 1", "00:01:20 a.b 2"]),
    (
        "mode: parallel\nmax: 2",
        &[
            "00:00:20 notice: A already has 2 runs in progress or queued; raise its `max`",
            "00:01:00 a.b 0",
            "00:01:10 a.b 1",
        ],
    ),
];

#[test]
fn modes_decide_what_happens_to_a_trigger_while_it_runs() {
    for (mode, expected) in MODES {
        let text = format!(
            "alias: A\n{mode}\ntriggers: {{trigger: event, event_type: go}}\nactions:\n- delay: 60\n- action: a.b\n  data: {{i: '{{{{ trigger.event.data.i }}}}'}}"
        );
        let mut play = Play::new(&text, "UTC", "2026-01-01T00:00:00Z");
        for (i, time) in ["00:00:00", "00:00:10", "00:00:20"].iter().enumerate() {
            play.until(&format!("2026-01-01T{time}Z"));
            play.fire("go", json!({"i": i}));
        }
        play.until("2026-01-01T01:00:00Z");
        let tidy = |line: &String| line.replace("{\"i\":", "").replace('}', "").replace("01-01 ", "");
        assert_eq!(play.log.iter().map(tidy).collect::<Vec<_>>(), *expected, "{mode}");
    }
}

#[test]
fn an_automation_that_triggers_itself_is_halted_until_the_next_reload() {
    let text =
        "alias: Echo\ntriggers: {trigger: event, event_type: echo}\nmode: parallel\nactions: [{event: echo}]";
    let mut play = Play::new(text, "UTC", "2026-01-01T00:00:00Z");
    play.fire("echo", json!({}));
    assert_eq!(play.log.len(), 11, "{:#?}", play.log);
    assert_eq!(
        play.log.last().unwrap(),
        "01-01 00:00:00 notice: Echo triggered itself 10 times within 1800 s and was stopped; change its triggers or actions so \
         that it does not trigger itself, then \
         reload the automations"
    );
    play.log.clear();
    play.fire("echo", json!({}));
    assert_eq!(play.log, Vec::<String>::new());
    assert!(play.engine.list()[0].halted.is_some());
    let again = super::load(text).automations;
    play.engine.load(again, vec![], &mut play.home);
    assert!(play.engine.list()[0].halted.is_none());
}

#[test]
fn changes_of_automations_reach_triggers_in_the_order_in_which_they_happen() {
    let text = "- {alias: G, triggers: {trigger: event, event_type: never}, actions: []}\n\
                - {alias: I, triggers: {trigger: event, event_type: never}, actions: []}\n\
                - {alias: H, triggers: {trigger: event, event_type: go}, actions: [\
                {action: automation.turn_off, target: {entity_id: [automation.g, automation.i]}}, \
                {action: automation.turn_on, target: {entity_id: automation.g}}]}\n\
                - {alias: D, mode: queued, triggers: {trigger: state, entity_id: [automation.g, automation.i]}, actions: [\
                {event: seen, event_data: {what: '{{ trigger.entity_id }} {{ trigger.from_state.state }} {{ trigger.to_state.state }}'}}]}";
    let mut play = Play::new(text, "UTC", "2026-01-01T00:00:00Z");
    play.fire("go", json!({}));
    let seen: Vec<_> = play.log.iter().filter(|line| line.contains("seen")).map(String::as_str).collect();
    assert_eq!(
        seen,
        [
            "01-01 00:00:00 event seen {\"what\":\"automation.g on off\"}",
            "01-01 00:00:00 event seen {\"what\":\"automation.i on off\"}",
            "01-01 00:00:00 event seen {\"what\":\"automation.g off on\"}",
        ]
    );
}

#[test]
fn variables_reach_triggers_conditions_and_actions_in_that_order() {
    let text = "trigger_variables: {limit: 5}\nvariables: {twice: '{{ limit * 2 }}', who: '{{ this.entity_id }}'}\nalias: My one\n\
                triggers:\n- {trigger: template, value_template: \"{{ states('a.b')|int(0) > limit }}\", variables: {own: mine}, id: t}\n\
                conditions: '{{ twice == 10 }}'\nactions:\n- action: c.d\n  data: {own: '{{ own }}', who: '{{ who }}', by: '{{ trigger.id }}'}";
    let mut play = Play::new(text, "UTC", "2026-01-01T00:00:00Z");
    play.set("a.b", "6", json!({}));
    assert_eq!(
        play.log,
        ["01-01 00:00:00 c.d {\"own\":\"mine\",\"who\":\"automation.my_one\",\"by\":\"t\"}"]
    );
}

#[test]
fn a_reload_ends_runs_of_changed_automations_only() {
    let one =
        "- {alias: A, triggers: {trigger: event, event_type: go}, actions: [{delay: 60}, {action: a.b}]}\n";
    let two =
        "- {alias: B, triggers: {trigger: event, event_type: go}, actions: [{delay: 60}, {action: c.d}]}\n";
    let mut play = Play::new(&format!("{one}{two}"), "UTC", "2026-01-01T00:00:00Z");
    play.fire("go", json!({}));
    let changed = format!("{}# moved\n{one}", two.replace("c.d", "e.f"));
    let effects = play.engine.load(super::load(&changed).automations, vec![], &mut play.home);
    let ended = effects.iter().filter(|effect| matches!(effect, Effect::Ended { .. })).count();
    assert_eq!(ended, 1, "{effects:?}");
    play.until("2026-01-01T01:00:00Z");
    assert_eq!(play.log, ["01-01 00:01:00 a.b {}"]);
}

#[test]
fn a_trace_keeps_five_runs_step_by_step_without_secrets() {
    let text = "alias: A\ntriggers: {trigger: event, event_type: go}\nactions:\n- action: a.b\n  data: {key: swordfish}";
    let mut play = Play::new(text, "UTC", "2026-01-01T00:00:00Z");
    play.engine.load(super::load(text).automations, vec!["swordfish".into()], &mut play.home);
    for _ in 0..7 {
        play.fire("go", json!({}));
    }
    let traces = play.engine.traces("A").unwrap();
    assert_eq!(traces.iter().map(|trace| trace.run).collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
    let paths: Vec<_> = traces[0].steps.iter().map(|step| step.path.as_str()).collect();
    assert_eq!(paths, ["trigger", "action/0", "action/0"]);
    assert_eq!(traces[0].steps[1].seen, json!({"action": "a.b", "data": {"key": "(secret)"}, "target": {}}));
    assert_eq!(traces[0].ended, Some(at("2026-01-01T00:00:00Z")));
}

/// Prints a measurement: `cargo test --release -- --ignored --nocapture busy`.
#[test]
#[ignore = "a measurement"]
fn a_thousand_automations_on_a_busy_bus_keep_up() {
    let one = |i: usize| {
        let trigger = match i % 4 {
            0 => format!("{{trigger: state, entity_id: sensor.s{i}, to: 'on'}}"),
            1 => format!("{{trigger: numeric_state, entity_id: sensor.s{i}, above: 5}}"),
            2 => format!(
                "{{trigger: template, value_template: \"{{{{ states('sensor.s{i}')|int(0) > 5 }}}}\"}}"
            ),
            _ => "{trigger: time, at: '03:00'}".to_owned(),
        };
        format!("- {{alias: A{i}, triggers: {trigger}, actions: [{{action: a.b}}]}}\n")
    };
    let text: String = (0..1000).map(one).collect();
    let began = std::time::Instant::now();
    let mut play = Play::new(&text, "Europe/Berlin", "2026-01-01T00:00:00Z");
    println!("loaded in {:?}", began.elapsed());
    let began = std::time::Instant::now();
    for event in 0..20_000 {
        play.home.now.nanoseconds += 1;
        play.set(&format!("sensor.s{}", event % 1000), &(event / 1000).to_string(), json!({}));
    }
    let took = began.elapsed();
    println!("20000 changes in {took:?}: {:.0}/s, {} calls", 20_000.0 / took.as_secs_f64(), play.log.len());
}
