//! Templates and their values.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{at, entity, zone_of};
use crate::automation::home::Home;
use crate::automation::model::Template;
use crate::automation::templates::{self, Templates, Variables};
use crate::automation::yaml::Place;

fn render(source: &str) -> Result<Value, String> {
    let since = at("2026-06-01T09:30:00Z");
    let states = BTreeMap::from([
        (
            "sensor.t".to_owned(),
            entity("21.5", json!({"unit_of_measurement": "°C", "list": [1, "a"]}), since),
        ),
        ("sensor.u".to_owned(), entity("unknown", json!({}), since)),
        ("light.l".to_owned(), entity("on", json!({"friendly_name": "Lamp", "brightness": 128}), since)),
    ]);
    let home =
        Home { now: at("2026-06-01T10:00:00Z"), zone: zone_of("Europe/Berlin"), states: Arc::new(states) };
    let place = Place { file: "t".into(), line: 1, column: 1 };
    let mut variables = Variables::new();
    variables.insert("x".into(), templates::from_json(&json!({"a": [1, 2], "b": "t", "c": null, "d": true})));
    variables.insert("trigger".into(), templates::trigger(&json!({
        "to_state": home.states.get("light.l").unwrap().to_json("light.l"), "for": "0:05:00", "now": "2026-06-01T12:00:00+02:00",
    })));
    let template = Template { source: source.into(), place };
    Templates::new().render(&template, &home, &variables).map(|rendered| rendered.json())
}

#[test]
fn templates_return_what_home_assistant_returns() {
    let cases: &[(&str, Value)] = &[
        ("{{ states('sensor.t') }}", json!(21.5)),
        ("{{ states('sensor.none') }}", json!("unknown")),
        ("{{ states.sensor.t.state }} {{ states['light.l'].name }}", json!("21.5 Lamp")),
        ("{{ states.sensor.none.state }}", json!("")),
        ("{{ states.light.l.attributes.brightness }}", json!(128)),
        ("{{ states.sensor | map(attribute='entity_id') | list }}", json!(["sensor.t", "sensor.u"])),
        (
            "{{ states | selectattr('state', 'eq', 'on') | map(attribute='name') | join(', ') }}",
            json!("Lamp"),
        ),
        ("{{ state_attr('sensor.t', 'list') }}", json!([1, "a"])),
        ("{{ state_attr('sensor.t', 'none') }}", Value::Null),
        ("{{ is_state('light.l', 'on') and is_state('light.l', ['off', 'on']) }}", json!(true)),
        ("{{ is_state_attr('light.l', 'brightness', 128) }}", json!(true)),
        ("{{ has_value('sensor.u') }}", json!(false)),
        ("{{ now() }}", json!("2026-06-01 12:00:00+02:00")),
        ("{{ now().hour }}:{{ now().isoformat() }}", json!("12:2026-06-01T12:00:00+02:00")),
        ("{{ utcnow().strftime('%H-%M') }}", json!("10-00")),
        ("{{ now() - timedelta(hours=1, minutes=30) }}", json!("2026-06-01 10:30:00+02:00")),
        ("{{ (now() - states.light.l.last_changed).total_seconds() / 60 }}", json!(30.0)),
        ("{{ now() - states.light.l.last_changed > timedelta(minutes=20) }}", json!(true)),
        (
            "{% if now() - timedelta(days=1) < now() and 3 - 1 == 2 %}a{{ 'b' + 'c' }}{% endif %}",
            json!("abc"),
        ),
        ("{% set t = now() + timedelta(days=1, hours=2) -%} {{ t.day - 1 }}", json!(1)),
        ("{{ timedelta(days=1, seconds=3661) }}", json!("1 day, 1:01:01")),
        ("{{ as_timestamp('2026-06-01T10:00:00+00:00') }}", json!(1780308000.0)),
        ("{{ as_timestamp(now()) - as_timestamp(utcnow()) }}", json!(0.0)),
        ("{{ as_timestamp('nonsense', 'x') }}", json!("x")),
        ("{{ as_datetime('2026-06-01 08:00:00+00:00') | as_local }}", json!("2026-06-01 10:00:00+02:00")),
        ("{{ 1780308000 | timestamp_custom('%H:%M') }}", json!("12:00")),
        ("{{ relative_time(states.light.l.last_changed) }}", json!("30 minutes")),
        ("{{ time_since(now() - timedelta(hours=25, minutes=10), 2) }}", json!("1 day 1 hour")),
        ("{{ today_at('07:15') < now() }}", json!(true)),
        ("{{ strptime('2026-01-02', '%Y-%m-%d').day }}", json!(2)),
        ("{{ '3.7' | float + 1 }}", json!(4.7)),
        ("{{ 'x' | float(2) }} {{ int('7.9') }} {{ 'x' | int(-1) }}", json!("2 7 -1")),
        ("{{ undefined_thing | default('d') }}", json!("d")),
        ("{{ iif(true, 'a', 'b') }}{{ none | iif(1, 2, 3) }}{{ iif(0) }}", json!("a3False")),
        ("{{ 3.14159 | round(2) }} {{ 2.5 | round }} {{ 2.1 | round(0, 'ceil') }}", json!("3.14 2 3")),
        ("{{ x }}", json!({"a": [1, 2], "b": "t", "c": null, "d": true})),
        ("{{ x.a | max }} {{ max(4, 9) }}", json!("2 9")),
        (
            "{{ trigger.to_state.state }} {{ trigger.to_state.attributes.brightness }} {{ trigger.for }}",
            json!("on 128 0:05:00"),
        ),
        ("{{ trigger.now.hour }}", json!(12)),
        ("{{ trigger.nothing is none }} {{ trigger.nothing is defined }}", json!("False False")),
        ("{{ 'a,b'.split(',') }}", json!(["a", "b"])),
        ("{{ '{\"k\": [1]}' | from_json }}", json!({"k": [1]})),
        ("{{ {'k': 1} | to_json }}", json!({"k": 1})),
        ("{{ 'Ein Haus!' | slugify }}", json!("ein_haus")),
        ("{% macro m(v) %}{{ states(v) }}{% endmacro %}{{ m('sensor.t') }}", json!(21.5)),
        (
            "{% for s in states.light %}{{ s.entity_id }}{{ ',' if not loop.last }}{% endfor %}",
            json!("light.l"),
        ),
    ];
    for (source, expected) in cases {
        assert_eq!(render(source).as_ref(), Ok(expected), "{source}");
        assert_eq!(templates::check(source), Ok(()), "{source}");
    }
}

#[test]
fn an_output_that_is_a_literal_becomes_its_value() {
    let cases: &[(&str, Value)] = &[
        ("5", json!(5)),
        ("-5.50", json!(-5.5)),
        ("+5", json!(5)),
        ("1e5", json!("1e5")),
        ("0123", json!("0123")),
        ("0", json!(0)),
        ("1_000", json!("1_000")),
        ("True", json!(true)),
        ("true", json!("true")),
        ("None", Value::Null),
        ("'quoted'", json!("'quoted'")),
        ("[1, 'a', None, {'b': (1, 2)}]", json!([1, "a", null, {"b": [1, 2]}])),
        ("1, 2", json!([1, 2])),
        ("{1, 2}", json!([1, 2])),
        ("(1)", json!("(1)")),
        ("()", json!([])),
        ("[1, 2", json!("[1, 2")),
        ("['a\\n\\x41']", json!(["a\nA"])),
        ("", json!("")),
        ("99999999999999999999", json!(1e20)),
        ("192.168.1.1", json!("192.168.1.1")),
        ("2026-01-01", json!("2026-01-01")),
    ];
    for (text, expected) in cases {
        assert_eq!(&templates::to_json(&larder_templates::native(text)), expected, "{text}");
    }
}

#[test]
fn a_template_that_cannot_be_rendered_says_where_and_why() {
    for (source, expected) in [
        ("{{ 'x' | float }}", "float got invalid input 'x' and there is no default; add one"),
        ("{{ nothing.at.all }}", "undefined"),
        ("{% for i in range(9999) %}aaaaaaaaaa{% endfor %}", "more than 65536 bytes"),
        ("{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}", "takes too long"),
        ("{{ 'ab' * 1000000 }}", ""),
    ] {
        let error = render(source).unwrap_err();
        assert!(
            error.contains(expected)
                && (error.starts_with("t:1:1: template error ") || error.starts_with("t:1:1: the template ")),
            "{source}: {error}"
        );
    }
}

#[test]
fn unsupported_features_of_a_template_are_found_before_it_runs() {
    for (source, expected) in [
        ("{{ 1 + }}", "unexpected `}}`"),
        (
            "{{ x | regex_rename(1) }}",
            "unknown template filter `regex_rename`; did you mean `regex_replace`?",
        ),
        ("{{ x is matching }}", "unknown template test `is matching`; did you mean `match`?"),
        ("{{ widen('group.a') }}", "unknown template function `widen`; write the template without it"),
        (
            "{{ area_name('light.l') }}",
            "`area_name` needs Home Assistant's area registry, which Larder does not have; write the template without it",
        ),
        ("{{ 'x' | float(standard=0) }}", "float() got an unexpected keyword argument 'standard'"),
        ("{{ ordinal(1) }}", "`ordinal` is a filter, not a function; write `value | ordinal`"),
        ("{{ 'a' | zip }}", "`zip` is a function, not a filter; write `zip(…)`"),
        ("{{ 'x'.uper() }}", "unknown method `uper`; did you mean `upper`?"),
        ("{% if x %}", "the template ends before `elif` or `else` or `endif`"),
    ] {
        let error = templates::check(source).unwrap_err();
        assert!(error.contains(expected), "{source}: {error}");
    }
}
