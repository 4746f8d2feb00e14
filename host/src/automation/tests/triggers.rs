//! Every kind of trigger, in virtual time.

use serde_json::json;

use super::Play;

/// Triggers, events (`time entity=state` or `time !event`), and the times at which they fire.
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
    ("{trigger: state, entity_id: a.b, to: []}", &["00:01 a.b=x", "00:02 a.b=y"], &[]),
    ("{trigger: state, entity_id: a.b, to: ['*']}", &["00:01 a.b=x", "00:02 a.b=y"], &[]),
    ("{trigger: state, entity_id: a.b, not_to: '*'}", &["00:01 a.b=x", "00:02 a.b=y"], &[]),
    ("{trigger: state, entity_id: a.b, not_to: []}", &["00:01 a.b=x", "00:02 a.b=y"], &["00:01", "00:02"]),
    ("{trigger: time, at: '00:05', weekday: []}", &[], &[]),
    (
        "{trigger: numeric_state, entity_id: a.b, above: sensor.d}",
        &["00:01 sensor.d=5", "00:02 a.b=4", "00:03 sensor.d=3", "00:04 a.b=3.5"],
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

#[test]
fn a_skipped_time_fires_right_after_the_gap_and_a_repeated_time_fires_once() {
    let text = "triggers: {trigger: time, at: '02:30'}\nactions: [{action: a.b}]";
    let mut play = Play::new(text, "Europe/Berlin", "2026-03-28T12:00:00Z");
    play.until("2026-03-30T12:00:00Z");
    assert_eq!(play.log, ["03-29 03:00:00 a.b {}", "03-30 02:30:00 a.b {}"]);
    let mut play = Play::new(text, "Europe/Berlin", "2026-10-24T12:00:00Z");
    play.until("2026-10-26T12:00:00Z");
    assert_eq!(play.log, ["10-25 02:30:00 a.b {}", "10-26 02:30:00 a.b {}"]);
}
