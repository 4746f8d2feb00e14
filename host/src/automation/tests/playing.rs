//! Runs in virtual time.

use serde_json::json;

use super::{Play, at};
use crate::automation::script::Failure;

const NIGHTLY: &str = r#"automation:
  - alias: "Backup Home Assistant every night at 3 AM"
    triggers:
      - trigger: time
        at: "03:00:00"
    actions:
      - alias: "Create backup now"
        action: backup.create
"#;

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

#[test]
fn the_documented_nightly_backup_runs_once_a_night_through_both_clock_changes() {
    for (from, to, nights) in [
        (
            "2026-03-26T12:00:00Z",
            "2026-04-02T12:00:00Z",
            ["03-27", "03-28", "03-29", "03-30", "03-31", "04-01", "04-02"],
        ),
        (
            "2026-10-22T12:00:00Z",
            "2026-10-29T12:00:00Z",
            ["10-23", "10-24", "10-25", "10-26", "10-27", "10-28", "10-29"],
        ),
    ] {
        let mut play = Play::new(NIGHTLY, "Europe/Berlin", from);
        play.until(to);
        let expected: Vec<_> =
            nights.iter().map(|night| format!("{night} 03:00:00 backup.create {{}}")).collect();
        assert_eq!(play.log, expected);
    }
}

#[test]
fn the_documented_failure_message_says_the_reason_and_only_for_failures() {
    let mut play = Play::new(FAILED, "Europe/Berlin", "2026-05-01T00:00:00Z");
    let event = "event.backup_automatic_backup";
    play.set(event, "unknown", json!({"event_type": null}));
    play.set(event, "2026-05-01T01:00:00.000+00:00", json!({"event_type": "in_progress"}));
    play.set(
        event,
        "2026-05-01T01:01:00.000+00:00",
        json!({"event_type": "failed", "failed_reason": "upload_failed"}),
    );
    play.set(
        event,
        "2026-05-01T02:01:00.000+00:00",
        json!({"event_type": "completed", "failed_reason": null}),
    );
    assert_eq!(
        play.log,
        [
            "05-01 02:00:00 notify.mobile_app_your_phone {\"message\":\"The last automatic backup failed due to upload_failed\",\
         \"title\":\"Automatic backup failed\"}"
        ]
    );
    let traces = play.engine.traces("Backup failed").unwrap();
    let ends: Vec<_> = traces.iter().map(|trace| trace.end.as_str()).collect();
    let no = "not run: a condition does not hold";
    assert_eq!(ends, [no, no, "done", no]);
}

/// Runs `actions` when the event `go` comes.
fn going(actions: &str) -> Play {
    let lines: String = actions.lines().map(|line| format!("  {line}\n")).collect();
    let text = format!("alias: A\ntriggers:\n  - trigger: event\n    event_type: go\nactions:\n{lines}");
    let mut play = Play::new(&text, "UTC", "2026-01-01T00:00:00Z");
    play.fire("go", json!({"n": 3}));
    play.until("2026-01-01T01:00:00Z");
    play
}

/// Actions and what they do when the event `go` comes with `n: 3`.
const ACTIONS: &[(&str, &[&str])] = &[
    (
        "- action: a.b\n  data: {x: '{{ trigger.event.data.n * 2 }}', y: plain}",
        &["00:00:00 a.b {\"x\":6,\"y\":\"plain\"}"],
    ),
    ("- service: a.b\n  entity_id: c.d", &["00:00:00 a.b {} on {\"entity_id\":\"c.d\"}"]),
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
    ("- sequence: ['{{ false }}', {action: a.b}]\n- action: a.c", &["00:00:00 a.c {}"]),
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
            "00:00:00 notice: automations.yaml:7:15: the template is wrong in its line 1: invalid operation: unable to calculate 1 / 0; correct it",
        ],
    ),
    (
        "- repeat:\n    while: '{{ true }}'\n    sequence: [{variables: {a: 1}}]",
        &[
            "00:00:00 notice: 10000 steps were done without a wait between them; end the loop, or put a delay into it",
        ],
    ),
];

#[test]
fn every_kind_of_action_does_what_it_says() {
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
        let effects = play.engine.answer(run, call, Err(failure), &play.home);
        play.take(effects);
        let notices: Vec<_> =
            play.log.iter().filter_map(|line| line.split_once("notice: ").map(|(_, text)| text)).collect();
        assert_eq!(notices, expected);
        assert_eq!(play.waits.len(), usize::from(continues));
    }
}

/// A mode, and what three events within 20 seconds give when a run takes a minute.
const MODES: &[(&str, &[&str])] = &[
    (
        "mode: single",
        &[
            "00:00:10 notice: A is still running; set its `mode` if it should not wait for that",
            "00:00:20 notice: A is still running; set its `mode` if it should not wait for that",
            "00:01:00 a.b 0",
        ],
    ),
    ("mode: single\nmax_exceeded: silent", &["00:01:00 a.b 0"]),
    ("mode: restart", &["00:01:20 a.b 2"]),
    ("mode: queued", &["00:01:00 a.b 0", "00:02:00 a.b 1", "00:03:00 a.b 2"]),
    (
        "mode: queued\nmax: 2",
        &[
            "00:00:20 notice: A already runs or waits 2 times; raise its `max`",
            "00:01:00 a.b 0",
            "00:02:00 a.b 1",
        ],
    ),
    ("mode: parallel", &["00:01:00 a.b 0", "00:01:10 a.b 1", "00:01:20 a.b 2"]),
    (
        "mode: parallel\nmax: 2",
        &[
            "00:00:20 notice: A already runs or waits 2 times; raise its `max`",
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
fn an_automation_that_causes_itself_is_stopped_with_a_message_until_the_next_reload() {
    let text =
        "alias: Echo\ntriggers: {trigger: event, event_type: echo}\nmode: parallel\nactions: [{event: echo}]";
    let mut play = Play::new(text, "UTC", "2026-01-01T00:00:00Z");
    play.fire("echo", json!({}));
    assert_eq!(play.log.len(), 11, "{:#?}", play.log);
    assert_eq!(
        play.log.last().unwrap(),
        "01-01 00:00:00 notice: Echo caused itself 10 times within 1800 s and was stopped; change its trigger or its \
         actions so that they do not fire it again, then reload the automations"
    );
    play.log.clear();
    play.fire("echo", json!({}));
    assert_eq!(play.log, Vec::<String>::new());
    assert!(play.engine.list()[0].halted.is_some());
    let again = super::load(text).automations;
    play.engine.load(again, vec![], &play.home);
    assert!(play.engine.list()[0].halted.is_none());
}

/// Triggers, what happens (`time entity=state` or `time !event`), and when they fire.
const TRIGGERS: &[(&str, &[&str], &[&str])] = &[
    (
        "{trigger: state, entity_id: a.b}",
        &["00:01 a.b=x", "00:02 a.b=x", "00:03 a.b=y", "00:04 c.d=x"],
        &["00:01", "00:03"],
    ),
    ("{trigger: state, entity_id: a.b, to: y}", &["00:01 a.b=x", "00:03 a.b=y", "00:04 a.b=x"], &["00:03"]),
    ("{trigger: state, entity_id: a.b, from: y}", &["00:01 a.b=x", "00:03 a.b=y", "00:04 a.b=x"], &["00:04"]),
    (
        "{trigger: state, entity_id: a.b, not_to: [y, z]}",
        &["00:01 a.b=x", "00:03 a.b=y", "00:04 a.b=w"],
        &["00:01", "00:04"],
    ),
    (
        "{trigger: state, entity_id: a.b, not_from: x}",
        &["00:01 a.b=x", "00:03 a.b=y", "00:04 a.b=w"],
        &["00:01", "00:04"],
    ),
    ("{trigger: state, entity_id: a.b, to: null}", &["00:01 a.b=x", "00:03 a.b=y"], &["00:01", "00:03"]),
    (
        "{trigger: state, entity_id: a.b, to: y, for: '00:05'}",
        &["00:01 a.b=y", "00:03 a.b=x", "00:04 a.b=y", "00:30 c.d=x"],
        &["00:09"],
    ),
    (
        "{trigger: state, entity_id: a.b, from: x, for: 60}",
        &["00:01 a.b=x", "00:02 a.b=y", "00:30 c.d=x"],
        &["00:03"],
    ),
    (
        "{trigger: numeric_state, entity_id: a.b, above: 10}",
        &["00:01 a.b=5", "00:02 a.b=11", "00:03 a.b=12", "00:04 a.b=10", "00:05 a.b=11"],
        &["00:02", "00:05"],
    ),
    (
        "{trigger: numeric_state, entity_id: a.b, below: 3, for: 120}",
        &["00:01 a.b=1", "00:02 a.b=4", "00:03 a.b=2", "00:09 a.b=2"],
        &["00:05"],
    ),
    (
        "{trigger: numeric_state, entity_id: a.b, above: c.d}",
        &["00:01 c.d=5", "00:02 a.b=4", "00:03 c.d=3", "00:04 a.b=3.5"],
        &["00:04"],
    ),
    (
        "{trigger: numeric_state, entity_id: a.b, above: 1, value_template: '{{ state.state|int / 10 }}'}",
        &["00:01 a.b=9", "00:02 a.b=11"],
        &["00:02"],
    ),
    (
        "{trigger: template, value_template: \"{{ is_state('a.b', 'x') }}\"}",
        &["00:01 a.b=x", "00:02 a.b=x", "00:03 a.b=y", "00:04 a.b=x"],
        &["00:01", "00:04"],
    ),
    (
        "{trigger: template, value_template: \"{{ states('a.b') == 'x' }}\", for: 90}",
        &["00:01 a.b=x", "00:02 a.b=y", "00:03 a.b=x", "00:09 c.d=x"],
        &["00:04"],
    ),
    ("{trigger: template, value_template: '{{ now().minute == 7 }}'}", &["00:30 a.b=x"], &["00:07"]),
    ("{trigger: event, event_type: hey, event_data: {n: 1}}", &["00:01 !hey", "00:02 !ho"], &["00:01"]),
    ("{trigger: event, event_type: [hey, ho], event_data: {n: 2}}", &["00:01 !hey", "00:02 !ho"], &[]),
    ("{trigger: time, at: ['00:10', '00:05:30']}", &["00:30 a.b=x"], &["00:05", "00:10"]),
    ("{trigger: time, at: '00:10', weekday: [fri]}", &["00:30 a.b=x"], &[]),
    ("{trigger: time, at: '00:10', weekday: thu}", &["00:30 a.b=x"], &["00:10"]),
    (
        "{trigger: time, at: input_datetime.b}",
        &["00:01 input_datetime.b=00:20:00", "00:30 a.b=x"],
        &["00:20"],
    ),
    (
        "{trigger: time, at: {entity_id: sensor.b, offset: '-00:05'}}",
        &["00:01 sensor.b=2026-01-01T00:20:00+00:00", "00:30 a.b=x"],
        &["00:15"],
    ),
    ("{trigger: time_pattern, minutes: '/10'}", &["00:31 a.b=x"], &["00:10", "00:20", "00:30"]),
    ("{trigger: time_pattern, minutes: 5, seconds: 30}", &["00:31 a.b=x"], &["00:05"]),
    ("{platform: homeassistant, event: start}", &["00:31 !hey"], &[]),
    ("{trigger: state, entity_id: a.b, enabled: false}", &["00:01 a.b=x"], &[]),
];

#[test]
fn every_kind_of_trigger_fires_when_it_should_and_only_then() {
    for (trigger, events, expected) in TRIGGERS {
        let text = format!("triggers:\n- {trigger}\nmode: parallel\nactions: [{{action: a.b}}]");
        let mut play = Play::new(&text, "UTC", "2026-01-01T00:00:00Z");
        for event in *events {
            let (time, what) = event.split_once(' ').unwrap();
            play.until(&format!("2026-01-01T{time}:00Z"));
            match (what.strip_prefix('!'), what.split_once('=')) {
                (Some(name), _) => play.fire(name, json!({"n": 1, "m": 2})),
                (None, Some((id, state))) => play.set(id, state, json!({})),
                _ => unreachable!(),
            }
        }
        let times: Vec<_> = play.log.iter().filter_map(|line| line.get(6..11)).collect();
        assert_eq!(times, *expected, "{trigger}: {:?}", play.log);
    }
}

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
fn every_kind_of_condition_holds_when_it_should() {
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

#[test]
fn a_time_that_the_clock_jumps_over_comes_once_right_after_and_one_that_is_there_twice_comes_once() {
    let text = "triggers: {trigger: time, at: '02:30'}\nactions: [{action: a.b}]";
    let mut play = Play::new(text, "Europe/Berlin", "2026-03-28T12:00:00Z");
    play.until("2026-03-30T12:00:00Z");
    assert_eq!(play.log, ["03-29 03:00:00 a.b {}", "03-30 02:30:00 a.b {}"]);
    let mut play = Play::new(text, "Europe/Berlin", "2026-10-24T12:00:00Z");
    play.until("2026-10-26T12:00:00Z");
    assert_eq!(play.log, ["10-25 02:30:00 a.b {}", "10-26 02:30:00 a.b {}"]);
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
        ["01-01 00:00:00 c.d {\"by\":\"t\",\"own\":\"mine\",\"who\":\"automation.my_one\"}"]
    );
}

#[test]
fn a_reload_ends_runs_of_what_changed_and_leaves_the_others() {
    let one =
        "- {alias: A, triggers: {trigger: event, event_type: go}, actions: [{delay: 60}, {action: a.b}]}\n";
    let two =
        "- {alias: B, triggers: {trigger: event, event_type: go}, actions: [{delay: 60}, {action: c.d}]}\n";
    let mut play = Play::new(&format!("{one}{two}"), "UTC", "2026-01-01T00:00:00Z");
    play.fire("go", json!({}));
    let changed = format!("{}# moved\n{one}", two.replace("c.d", "e.f"));
    let effects = play.engine.load(super::load(&changed).automations, vec![], &play.home);
    assert_eq!(effects.len(), 1, "{effects:?}");
    play.until("2026-01-01T01:00:00Z");
    assert_eq!(play.log, ["01-01 00:01:00 a.b {}"]);
}

#[test]
fn a_trace_keeps_five_runs_step_by_step_without_secrets() {
    let text = "alias: A\ntriggers: {trigger: event, event_type: go}\nactions:\n- action: a.b\n  data: {key: swordfish}";
    let mut play = Play::new(text, "UTC", "2026-01-01T00:00:00Z");
    play.engine.load(super::load(text).automations, vec!["swordfish".into()], &play.home);
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
