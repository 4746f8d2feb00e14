//! What is accepted and refused when automations are loaded: Home Assistant's validator gave the same verdicts.

use super::load;
use crate::automation::model::Data;

/// What a text is part of: the rest is valid.
#[derive(Debug, Clone, Copy)]
enum Part {
    Automation,
    Trigger,
    Condition,
    Action,
}
use Part::{Action, Automation, Condition, Trigger};

fn told(part: Part, text: &str) -> Option<String> {
    let whole = match part {
        Automation => format!("- {{triggers: [], actions: [], {text}}}"),
        Trigger => format!("- {{triggers: [{text}], actions: []}}"),
        Condition => format!("- {{triggers: [], conditions: [{text}], actions: []}}"),
        Action => format!("- {{triggers: [], actions: [{text}]}}"),
    };
    load(&whole).problems.first().map(|problem| problem.text.clone())
}

#[test]
fn what_home_assistant_takes_is_taken() {
    const TAKEN: &[(Part, &str)] = &[
        (Automation, "id: '5', alias: 5, description: 2.5"),
        (Automation, "max_exceeded: CRITICAL, max: '5'"),
        (Automation, "hide_entity: 'no', initial_state: 'off', trace: {stored_traces: '3'}"),
        (Automation, "variables: {}, trigger_variables: {'{{ x }}': 1}"),
        (Trigger, "{platform: time, at: ['5:05', Sensor.A, '{{ x }}'], weekday: mon, note: x}"),
        (Trigger, "{trigger: time, options: {at: '05:00'}, id: a}"),
        (Trigger, "{trigger: time, at: {entity_id: sensor.a, offset: {minutes: -5}}}"),
        (Trigger, "{trigger: time, at: []}"),
        (Trigger, "{trigger: time_pattern, hours: true, minutes: '05', seconds: 2.5}"),
        (Trigger, "{trigger: state, entity_id: 'Sensor.A, sensor.b', to: [], not_from: }"),
        (Trigger, "{trigger: state, entity_id: [], attribute: x, to: 5}"),
        (Trigger, "{trigger: state, entity_id: a.b, for: {minutes: '5', hours: '{{ 1 }}'}, enabled: 'no'}"),
        (Trigger, "{trigger: numeric_state, entity_id: a.b, above: '5', below: zone.home}"),
        (Trigger, "{trigger: template, value_template: 'x', enabled: '{{ wanted }}'}"),
        (
            Trigger,
            "{trigger: event, event_type: [a, 5], context: {user_id: [x]}, event_data: {'{{ 1 }}': 1}}",
        ),
        (Trigger, "{triggers: {trigger: homeassistant, event: start}}"),
        (Condition, "'{{ true }}'"),
        (Condition, "{condition: ['{{ true }}'], alias: x, note: y}"),
        (Condition, "{condition: state, entity_id: a.b, state: [], match: ANY}"),
        (Condition, "{condition: state, entity_id: a.b, attribute: x, state: }"),
        (Condition, "{condition: time, weekday: }"),
        (Condition, "{condition: time, after: '5:05', before: time.x, enabled: 0}"),
        (Condition, "{condition: numeric_state, entity_id: a.b, above: 9, below: 1}"),
        (Condition, "{condition: trigger, id: [5, x]}"),
        (Condition, "{and: , note: x}"),
        (Action, "{service_template: '{{ x }}', data_template: {a: '{{ 1 }}'}, data: {b: 1}}"),
        (Action, "{action: Backup.Create, metadata: {x: 1}, note: x, enabled: '{{ states.a }}'}"),
        (Action, "{service: a.b, entity_id: ALL, target: {device_id: x, area_id: '{{ 1 }}', label_id: [y]}}"),
        (Action, "{delay: {'{{ unit }}': '5'}}"),
        (Action, "{delay: true, continue_on_error: 'yes'}"),
        (Action, "{wait_template: 5, timeout: '01:00', continue_on_timeout: 1}"),
        (Action, "{event: '', event_data: {a: 1}, event_data_template: {b: 2}}"),
        (Action, "{choose: {conditions: , sequence: , note: x}, default: }"),
        (Action, "{repeat: {count: -1, sequence: []}}"),
        (Action, "{repeat: {count: 2.5, sequence: []}}"),
        (Action, "{repeat: {count: '5', sequence: []}}"),
        (Action, "{repeat: {count: '2.5', sequence: []}}"),
        (Action, "{stop: , error: 'no', response_variable: x}"),
        (Action, "{sequence: {event: x}, metadata: {}}"),
        (Action, "{parallel: [[], {event: x}, {sequence: [], alias: 5}]}"),
        (Action, "{set_conversation_response: }"),
        (Action, "{set_conversation_response: '{{ 1 }}'}"),
        (Action, "{condition: '{{ true }}', alias: x}"),
    ];
    let wrong: Vec<_> =
        TAKEN.iter().filter_map(|(part, text)| Some((part, text, told(*part, text)?))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_home_assistant_refuses_is_refused() {
    const REFUSED: &[(Part, &str, &str)] = &[
        (Automation, "id: 5", "YAML reads the value of `id` as a number; put it in quotes"),
        (Automation, "enabled: false", "use `initial_state: false`"),
        (Automation, "variables: ", "`variables`: expected a mapping"),
        (Automation, "variables: {1: a}", "the name `1` is no text; put it in quotes"),
        (Automation, "max: 1", "`max` must be a whole number of at least 2"),
        (Automation, "note: x", "unknown key `note`"),
        (Automation, "5: x", "unknown key `5`"),
        (Trigger, "'{{ true }}'", "expected a trigger as `key: value`"),
        (Trigger, "{triggers: [], enabled: false}", "unknown key `enabled`"),
        (
            Trigger,
            "{trigger: time, at: light.x}",
            "`at` cannot be light.x; use an entity of input_datetime, sensor",
        ),
        (Trigger, "{trigger: time, at: 43200}", "expected a time in quotes"),
        (Trigger, "{trigger: time, at: 2026-01-01}", "expected a time in quotes"),
        (Trigger, "{trigger: time, at: '05:00', options: {}}", "unknown key `options`"),
        (Trigger, "{trigger: time, options: {at: '05:00'}, variables: {}}", "`options` is not possible with"),
        (Trigger, "{trigger: time, at: '05:00', alias: 5}", "the value of `alias` as a number"),
        (
            Trigger,
            "{trigger: state, entity_id: a.b, to: 5}",
            "the value of `to` as a number; put it in quotes",
        ),
        (Trigger, "{trigger: state, entity_id: a.b, for: }", "`for` is not a time span"),
        (Trigger, "{trigger: state, entity_id: a.b, for: {}}", "`for` is not a time span"),
        (Trigger, "{trigger: state, entity_id: a.b, for: {weeks: 1}}", "`for` has the unknown unit `weeks`"),
        (Trigger, "{trigger: state, entity_id: a.b, for: '-00:05'}", "`for` is negative"),
        (Trigger, "{trigger: state, entity_id: a.b__c}", "`a.b__c` is not an entity ID"),
        (Trigger, "{trigger: numeric_state, entity_id: a.b, above: light.x}", "`above` cannot be light.x"),
        (Trigger, "{trigger: numeric_state, entity_id: a.b, above: 9, below: 1}", "no number is above 9"),
        (Trigger, "{trigger: event, event_type: state_reported}", "cannot wait for `state_reported`"),
        (Trigger, "{trigger: event, event_type: a, event_data: }", "`event_data`: expected a mapping"),
        (Condition, "{conditions: []}", "a condition needs `condition` (its kind); add it"),
        (Condition, "{condition: '{{ true }}'}", "a template is a condition without the key `condition`"),
        (Condition, "{condition: state, entity_id: a.b, state: 5}", "the value of `state` as a number"),
        (
            Condition,
            "{condition: state, entity_id: a.b, attribute: x, state: y, for: 5}",
            "`for` is not possible with `attribute`",
        ),
        (
            Condition,
            "{condition: state, entity_id: a.b, state: input_text.x, for: 5}",
            "`for` is not possible if `state` names an entity",
        ),
        (Condition, "{condition: time, after: '{{ 1 }}'}", "is neither a time nor an entity"),
        (Action, "'{{ true }}'", "a template alone is no action; write `condition: \"{{ … }}\"`"),
        (Action, "{conditions: []}", "unsupported action"),
        (Action, "{delay: {}}", "`delay` is not a time span"),
        (Action, "{delay: {minutes: '{{ 1 }}', seconds: -1}}", "`delay` has a unit that is negative"),
        (Action, "{action: a.b, data: }", "`data`: expected a mapping"),
        (Action, "{action: a.b, target: {entity: a.b}}", "unknown key `entity` in a target"),
        (Action, "{action: a.b, service: a.b}", "`service` and `action` mean the same; keep one"),
        (
            Action,
            "{action: a.b, continue_on_error: maybe}",
            "`continue_on_error`: expected true or false, found `maybe`",
        ),
        (Action, "{and: [], continue_on_error: true}", "unknown key `continue_on_error`"),
        (Action, "{stop: x, error: true, response_variable: y}", "is not possible with `error: true`"),
        (Action, "{choose: [{condition: '{{ true }}', sequence: []}]}", "needs `conditions`"),
        (Action, "{repeat: {count: 1, alias: x, sequence: []}}", "unknown key `alias` in a repeat"),
        (Action, "{variables: }", "`variables`: expected a mapping"),
        (Action, "{device_id: x, domain: y}", "Larder knows no devices"),
        (Action, "{scene: scene.x}", "use `action: scene.turn_on`"),
        (Action, "{event: x, note: 5}", "the value of `note` as a number"),
    ];
    let is_told = |part, text, expected: &str| told(part, text).is_some_and(|told| told.contains(expected));
    let missed: Vec<_> =
        REFUSED.iter().filter(|(part, text, expected)| !is_told(*part, text, expected)).collect();
    let missed: Vec<_> =
        missed.iter().map(|(part, text, expected)| (text, expected, told(*part, text))).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn a_key_that_stands_twice_is_warned_about_and_the_last_one_counts() {
    let loaded = load("- alias: a\n  triggers: []\n  actions: []\n  alias: b");
    assert_eq!(loaded.problems, []);
    assert_eq!(loaded.automations[0].alias.as_deref(), Some("b"));
    let warnings: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        ["automations.yaml:4:3: duplicate key `alias`, first in line 1; the last one counts, keep one"]
    );
}

/// Values in flow style, and how they are shown.
const VALUES: &[(&str, &str)] = &[
    ("{b: 1, a: 2}", r#"Map([("b", 1), ("a", 2)])"#),
    (
        "{3: x, on: y, ~: z, '2': w, 1.5: v}",
        r#"Map([(3, "x"), (true, "y"), (null, "z"), ("2", "w"), (1.5, "v")])"#,
    ),
    ("[010, 0x1F, 0b11, 1_000, 1:30, -1:30, 01:30]", r#"List([8, 31, 3, 1000, 90, -90, "01:30"])"#),
    ("[1.5, .5, 1e3, 1.0e+3, 1:30.5, 5.]", r#"List([1.5, 0.5, "1e3", 1000.0, 90.5, 5.0])"#),
    ("[yes, No, ON, y, 'on', ! off, !!str off]", r#"List([true, false, true, "y", "on", false, "off"])"#),
    ("[!!int '5', !!float 5, !!null x]", "List([5, 5.0, null])"),
    ("{<<: {a: 1, b: 2}, b: 3}", r#"Map([("a", 1), ("b", 3)])"#),
    ("{b: 3, <<: [{a: 1}, {a: 2, c: 4}]}", r#"Map([("a", 1), ("c", 4), ("b", 3)])"#),
    ("{'{{ 1 }}': x}", r#"Map([(template "{{ 1 }}", "x")])"#),
    ("\"a\u{feff}b\"", "\"a\u{feff}b\""),
];

#[test]
fn values_keep_the_order_and_the_types_that_they_have_in_yaml_1_1() {
    for (text, expected) in VALUES {
        let loaded = load(&format!("{{triggers: [], actions: [], variables: {{v: {text}}}}}"));
        assert_eq!(loaded.problems, [], "{text}");
        assert_eq!(shown(&loaded.automations[0].variables[0].1), *expected, "{text}");
    }
}

fn shown(data: &Data) -> String {
    match data {
        Data::Constant(value) => value.to_string(),
        Data::Template(template) => format!("template {:?}", template.source),
        Data::List(items) => format!("List([{}])", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Data::Map(pairs) => {
            let pair = |(key, value): &(Data, Data)| format!("({}, {})", shown(key), shown(value));
            format!("Map([{}])", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Whole files that cannot be read.
const UNREADABLE: &[(&str, &str)] = &[
    ("a: =", "1:4: a single `=` is no value in YAML; put it in quotes"),
    ("a: <<", "1:4: `<<` is no value; put it in quotes"),
    ("a: x\u{7}", "1:5: the character U+0007 is not allowed in YAML"),
    (
        "a: x\u{2028}y",
        "1:5: the character U+2028 is a line break in YAML 1.1 only; remove it, or write it as",
    ),
    ("a: 2026-02-30", "1:4: YAML reads this as a date or a time, which does not exist; put it in quotes"),
    ("a: !!set {a}", "1:4: unsupported tag `!!set`; remove it"),
    ("a: !!int x", "1:4: `x` is not what its tag `!!int` says; remove the tag"),
    (": x", "1:1: a key is missing in front of `:`; add it"),
];

#[test]
fn what_libyaml_refuses_is_refused() {
    for (text, expected) in UNREADABLE {
        let told: Vec<_> = load(text).problems.iter().map(ToString::to_string).collect();
        let is_told =
            told.first().is_some_and(|told| told.starts_with(&format!("automations.yaml:{expected}")));
        assert!(is_told, "{text}: {told:?}");
    }
}

#[test]
fn a_last_line_without_a_line_break_ends_a_text_without_one() {
    for (text, expected) in [
        ("|\n    a\n    b", "a\nb"),
        ("|\n    a\n", "a\n"),
        (">\n    a\n    b", "a b"),
        ("|-\n    a", "a"),
        ("|\n    a\n  ", "a\n"),
    ] {
        let loaded = load(&format!("triggers: []\nactions: []\nvariables:\n  v: {text}"));
        assert_eq!(shown(&loaded.automations[0].variables[0].1), format!("{expected:?}"), "{text:?}");
    }
}

#[test]
fn dates_and_endless_numbers_are_refused_where_their_type_would_be_lost() {
    for text in ["2026-01-01", ".inf", "99999999999999999999"] {
        let loaded = load(&format!("{{triggers: [], actions: [], alias: {text}}}"));
        assert_eq!(loaded.problems, [], "{text}");
        let loaded = load(&format!("{{triggers: [], actions: [], variables: {{v: {text}}}}}"));
        assert!(loaded.problems[0].text.contains("put it in quotes"), "{:?}", loaded.problems);
    }
}
