//! Every kind of action, in virtual time.

use serde_json::json;

use super::Play;
use crate::automation::script::Failure;

/// Runs `actions` on the event `go`.
fn going(actions: &str) -> Play {
    let lines: String = actions.lines().map(|line| format!("  {line}\n")).collect();
    let text = format!("alias: A\ntriggers:\n  - trigger: event\n    event_type: go\nactions:\n{lines}");
    let mut play = Play::new(&text, "UTC", "2026-01-01T00:00:00Z");
    play.fire("go", json!({"n": 3}));
    play.until("2026-01-01T01:00:00Z");
    play
}

/// Actions, and their effects on the event `go` with `n: 3`.
const ACTIONS: &[(&str, &[&str])] = &[
    (
        "- action: a.b\n  data: {x: '{{ trigger.event.data.n * 2 }}', y: plain}",
        &["00:00:00 a.b {\"x\":6,\"y\":\"plain\"}"],
    ),
    ("- service: a.b\n  entity_id: c.d", &["00:00:00 a.b {} on {\"entity_id\":[\"c.d\"]}"]),
    (
        "- action: a.b\n  response_variable: r\n- event: e\n  event_data: {got: '{{ r.ok }}'}",
        &["00:00:00 a.b {}", "00:00:00 event e {\"got\":1}"],
    ),
    (
        "- delay: '00:05'\n- action: a.b\n- delay: {minutes: '{{ 1 + 1 }}'}\n- action: a.c",
        &["00:05:00 a.b {}", "00:07:00 a.c {}"],
    ),
    (
        "- variables: {a: 1, b: '{{ a + 1 }}'}\n- action: x.y\n  data: {b: '{{ b }}'}",
        &["00:00:00 x.y {\"b\":2}"],
    ),
    ("- if: '{{ false }}'\n  then: [{action: a.yes}]\n  else: [{action: a.no}]", &["00:00:00 a.no {}"]),
    (
        "- choose:\n  - conditions: '{{ 1 > 2 }}'\n    sequence: [{action: a.one}]\n  - conditions: '{{ 2 > 1 }}'\n    sequence: [{action: a.two}]\n  default: [{action: a.none}]",
        &["00:00:00 a.two {}"],
    ),
    (
        "- repeat:\n    count: 2\n    sequence:\n    - action: a.b\n      data: {i: '{{ repeat.index }}', last: '{{ repeat.last }}'}",
        &["00:00:00 a.b {\"i\":1,\"last\":false}", "00:00:00 a.b {\"i\":2,\"last\":true}"],
    ),
    (
        "- repeat:\n    for_each: [x, {k: v}]\n    sequence:\n    - event: e\n      event_data: {it: '{{ repeat.item }}'}",
        &["00:00:00 event e {\"it\":\"x\"}", "00:00:00 event e {\"it\":{\"k\":\"v\"}}"],
    ),
    (
        "- repeat:\n    while: '{{ repeat.index < 3 }}'\n    sequence: [{action: a.b}]",
        &["00:00:00 a.b {}", "00:00:00 a.b {}"],
    ),
    (
        "- repeat:\n    until: '{{ repeat.index == 2 }}'\n    sequence: [{action: a.b}, {delay: 60}]",
        &["00:00:00 a.b {}", "00:01:00 a.b {}"],
    ),
    ("- stop: enough\n- action: a.b", &[]),
    ("- stop: broken\n  error: true\n- action: a.b", &["00:00:00 notice: broken"]),
    ("- condition: template\n  value_template: '{{ false }}'\n- action: a.b", &[]),
    ("- sequence: [{condition: '{{ false }}'}, {action: a.b}]\n- action: a.c", &["00:00:00 a.c {}"]),
    ("- enabled: false\n  action: a.b\n- action: a.c", &["00:00:00 a.c {}"]),
    (
        "- parallel:\n  - sequence: [{delay: 60}, {action: a.slow}]\n  - action: a.fast\n- action: a.end",
        &["00:00:00 a.fast {}", "00:01:00 a.slow {}", "00:01:00 a.end {}"],
    ),
    (
        "- wait_template: \"{{ now().minute == 3 }}\"\n- action: a.b\n  data: {c: '{{ wait.completed }}'}",
        &["00:03:00 a.b {\"c\":true}"],
    ),
    (
        "- wait_for_trigger: {trigger: event, event_type: never}\n  timeout: 90\n- action: a.b\n  data: {c: '{{ wait.completed }}', t: '{{ wait.trigger }}'}",
        &["00:01:30 a.b {\"c\":false,\"t\":null}"],
    ),
    (
        "- wait_for_trigger: {trigger: event, event_type: never}\n  timeout: 90\n  continue_on_timeout: false\n- action: a.b",
        &[],
    ),
    ("- wait_for_trigger: {trigger: time_pattern, minutes: '/10'}\n- action: a.b", &["00:10:00 a.b {}"]),
    (
        "- action: a.b\n  data: {x: '{{ 1 / 0 }}'}",
        &[
            "00:00:00 notice: automations.yaml:7:15: template error in line 1: division by zero; correct the template",
        ],
    ),
    (
        "- repeat:\n    while: '{{ true }}'\n    sequence: [{variables: {a: 1}}]",
        &["00:00:00 notice: 10000 steps ran without a wait; end the loop or add a delay to it"],
    ),
];

#[test]
fn every_kind_of_action_works() {
    for (actions, expected) in ACTIONS {
        let play = going(actions);
        let log: Vec<_> = play.log.iter().map(|line| line.trim_start_matches("01-01 ")).collect();
        assert_eq!(log, *expected, "{actions}");
        assert_eq!(play.engine.running(), 0, "{actions}");
    }
}

#[test]
fn a_failing_action_ends_the_run_unless_it_continues_on_error() {
    for (continues, expected) in [(false, vec!["a.b: no disk"]), (true, vec![])] {
        let text = format!(
            "triggers: {{trigger: event, event_type: go}}\nactions:\n- action: a.b\n  continue_on_error: {continues}\n- action: a.c"
        );
        let mut play = Play::new(&text, "UTC", "2026-01-01T00:00:00Z");
        play.answers_at_once = false;
        play.fire("go", json!({}));
        let (run, call) = play.waits.remove(0);
        let failure = Failure { message: "no disk".into(), is_final: false };
        let effects = play.engine.answer(run, call, Err(failure), &mut play.home);
        play.take(effects);
        let notices: Vec<_> =
            play.log.iter().filter_map(|line| line.split_once("notice: ").map(|(_, text)| text)).collect();
        assert_eq!(notices, expected);
        assert_eq!(play.waits.len(), usize::from(continues));
    }
}
