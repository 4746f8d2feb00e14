//! Calls of automations compared with the actions, fields and targets of a host.

use std::collections::BTreeSet;

use serde_json::json;

use super::load;
use crate::automation::files::Loaded;
use crate::automation::inventory::Inventory;
use crate::automation::registry::{Registry, validated};
use crate::model::{Action, Field};

fn field(name: &str, type_name: &str, required: bool) -> Field {
    Field { name: name.into(), type_name: type_name.into(), required, description: String::new() }
}

fn action(name: &str, public: bool, fields: Vec<Field>) -> Action {
    Action { name: name.into(), description: String::new(), public, fields }
}

/// The actions of the backup plugin that matter here, and one with fields.
fn plugins() -> Vec<Action> {
    vec![
        action("backup.create", true, vec![]),
        action("backup.create_automatic", true, vec![]),
        action("backup.generate", false, vec![field("agent_ids", "array", true)]),
        howl(),
    ]
}

fn howl() -> Action {
    let fields = vec![
        field("times", "number", true),
        field("at", "string", false),
        field("loud", "boolean", false),
        field("who", "array", false),
        field("how", "object", false),
    ];
    action("moon.howl", true, fields)
}

pub fn inventory(targets: Option<&[&str]>) -> Inventory {
    let entities = ["event.backup_automatic_backup", "sensor.moon"];
    let entities: BTreeSet<String> = entities.map(str::to_owned).into();
    Inventory { registry: Registry::new(plugins(), targets), entities, is_shared: false }
}

pub fn checked(inventory: &Inventory, text: &str) -> Loaded {
    let mut loaded = load(text);
    inventory.check(&mut loaded);
    loaded
}

/// An automation with `action` as its actions, starting in line 4.
fn acting(action: &str) -> String {
    format!("- id: a\n  triggers: []\n  actions:\n{action}")
}

/// A call, and its error.
const WRONG: &[(&str, &str)] = &[
    ("  - action: backup.creat", "4:13: there is no action backup.creat; did you mean backup.create?"),
    (
        "  - action: light.turn_on",
        "4:13: there is no action light.turn_on; automations may call backup.create, backup.create_automatic, moon.howl, notify.NAME \
         and persistent_notification.create",
    ),
    (
        "  - action: backup.generate",
        "4:13: backup.generate is reserved for clients; automations may call backup.create",
    ),
    (
        "  - action: backup.create\n    data:\n      name: foo",
        "6:7: backup.create has no field `name` and takes none; remove it",
    ),
    (
        "  - action: backup.create\n    target: {entity_id: light.hall}",
        "5:14: backup.create has no field `entity_id` and takes none; remove it",
    ),
    (
        "  - action: backup.create\n    entity_id: light.hall",
        "5:5: backup.create has no field `entity_id` and takes none; remove it",
    ),
    (
        "  - action: notify.mobile_app_your_phone\n    data: {message: x}",
        "4:13: there is no notification target notify.mobile_app_your_phone; add a table [notify.mobile_app_your_phone] to larder.toml",
    ),
    (
        "  - action: notify.phon\n    data: {message: x}",
        "4:13: there is no notification target notify.phon; did you mean notify.phone? Otherwise add a table [notify.phon] to larder.toml",
    ),
    (
        "  - action: notify.phone\n    data:\n      titel: x\n      message: y",
        "6:7: notify.phone has no field `titel`; did you mean `title`?",
    ),
    ("  - action: notify.phone", "4:13: notify.phone needs `message`; add it"),
    ("  - action: notify.notify\n    data: {message: null}", "5:12: notify.notify needs `message`; add it"),
    (
        "  - action: notify.phone\n    data: {message: [x]}",
        "5:12: `message` of notify.phone: expected text, found a list",
    ),
    (
        "  - action: notify.phone\n    data: {message: x, data: y}",
        "5:24: `data` of notify.phone: expected a mapping, found text",
    ),
    (
        "  - action: persistent_notification.creat\n    data: {message: x}",
        "4:13: there is no action persistent_notification.creat; did you mean persistent_notification.create?",
    ),
    (
        "  - action: persistent_notification.create\n    data: {message: x, colour: red}",
        "5:24: persistent_notification.create has no field `colour`; remove it or use one of message, title, notification_id",
    ),
    (
        "  - action: persistent_notification.dismiss",
        "4:13: persistent_notification.dismiss needs `notification_id`; add it",
    ),
    (
        "  - action: automation.reload\n    data: {entity_id: automation.a}",
        "5:12: automation.reload has no field `entity_id` and takes none; remove it",
    ),
    ("  - action: automation.trigger", "4:13: automation.trigger needs `entity_id`; add it"),
    (
        "  - action: automation.trigger\n    target: {area_id: hall}\n    data: {entity_id: automation.a}",
        "5:14: automation.trigger has no field `area_id`; remove it or use one of entity_id, skip_condition",
    ),
    (
        "  - action: automation.turn_off\n    data: {entity_id: all, stop_actions: 'yes'}",
        "5:28: `stop_actions` of automation.turn_off: expected true or false without quotes, found text",
    ),
    (
        "  - action: moon.howl\n    data: {times: x}",
        "5:12: `times` of moon.howl: expected a number without quotes, found text",
    ),
    (
        "  - action: moon.howl\n    data: {times: 1, time: 2}",
        "5:22: moon.howl has no field `time`; did you mean `times`?",
    ),
    (
        "  - action: moon.howl\n    data: {times: 1, who: me}",
        "5:22: `who` of moon.howl: expected a list, found text",
    ),
    (
        "  - action: moon.howl\n    data_template: {times: x}",
        "5:21: `times` of moon.howl: expected a number without quotes, found text",
    ),
    // At any depth.
    (
        "  - choose: {conditions: [], sequence: [{action: backup.creat}]}",
        "4:50: there is no action backup.creat",
    ),
    ("  - choose: []\n    default: [{action: backup.creat}]", "5:24: there is no action backup.creat"),
    ("  - if: []\n    then: [{action: backup.creat}]", "5:21: there is no action backup.creat"),
    ("  - if: []\n    then: []\n    else: [{action: backup.creat}]", "6:21: there is no action backup.creat"),
    ("  - repeat: {count: 2, sequence: [{action: backup.creat}]}", "4:44: there is no action backup.creat"),
    ("  - parallel: [[{action: backup.creat}]]", "4:26: there is no action backup.creat"),
    ("  - sequence: [{sequence: [{action: backup.creat}]}]", "4:37: there is no action backup.creat"),
    ("  - service: backup.creat", "4:14: there is no action backup.creat"),
    ("  - {action: backup.creat, continue_on_error: true}", "4:14: there is no action backup.creat"),
];

#[test]
fn an_invalid_call_is_reported_with_its_place_and_its_automation_excluded() {
    let inventory = inventory(Some(&["phone"]));
    for (action, expected) in WRONG {
        let loaded = checked(&inventory, &acting(action));
        let told: Vec<_> = loaded.problems.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 1, "{action}: {told:?}");
        assert!(told[0].starts_with(&format!("automations.yaml:{expected}")), "{action}: {told:?}");
        assert_eq!(loaded.automations, [], "{action}");
    }
}

#[test]
fn valid_calls_and_values_from_templates_are_accepted() {
    let inventory = inventory(Some(&["phone"]));
    for action in [
        "  - action: backup.create",
        "  - action: backup.create\n    data: {}\n    target: {}\n    metadata: {x: y}",
        "  - action: notify.phone\n    data: {message: 5, title: true, target: me, data: {push: {sound: x}}}",
        "  - action: notify.notify\n    data: {message: x, target: [a, b], title: null}",
        "  - action: notify.phone\n    data: {message: '{{ 5 }}', data: {a: '{{ 1 }}'}}",
        "  - action: notify.phone\n    data: '{{ {} }}'",
        "  - action: notify.persistent_notification\n    data: {message: x, data: {notification_id: y}}",
        "  - action: moon.howl\n    data: {times: '{{ 3 }}', loud: '{{ 1 }}', who: '{{ [] }}', how: '{{ {} }}'}",
        "  - action: moon.howl\n    data: {times: 1.5, at: 3, loud: false, who: ['{{ 1 }}'], how: {a: '{{ 1 }}'}}",
        "  - action: '{{ \"backup.creat\" }}'",
        "  - action: automation.trigger\n    target: {entity_id: automation.a}",
        "  - {action: backup.creat, enabled: false}",
        "  - enabled: false\n    sequence: [{action: backup.creat}]",
    ] {
        let loaded = checked(&inventory, &acting(action));
        assert_eq!((&loaded.problems[..], loaded.automations.len()), (&[][..], 1), "{action}");
        assert_eq!(loaded.warnings, [], "{action}");
    }
}

#[test]
fn all_invalid_calls_are_reported_in_file_order() {
    let text = acting("  - action: backup.creat\n  - action: notify.phone\n    data: {titel: x}\n")
        + "- {id: b}\n- {id: c, triggers: [], actions: [{action: backup.create}]}\n";
    let loaded = checked(&inventory(Some(&["phone"])), &text);
    let lines: Vec<_> = loaded.problems.iter().map(|problem| problem.place.line).collect();
    assert_eq!(lines, [4, 5, 6, 7]);
    assert_eq!(loaded.automations.len(), 1);
}

#[test]
fn without_a_home_only_certain_errors_are_errors() {
    let inventory = inventory(None);
    let problems = |action: &str| checked(&inventory, &acting(action)).problems.len();
    let warnings = |action: &str| checked(&inventory, &acting(action)).warnings.len();
    assert_eq!(problems("  - action: backup.creat"), 1);
    assert_eq!(problems("  - action: persistent_notification.creat\n    data: {message: x}"), 1);
    assert_eq!(problems("  - action: notify.anybody\n    data: {titel: x, message: y}"), 1);
    assert_eq!((problems("  - action: heartbeat.send"), warnings("  - action: heartbeat.send")), (0, 1));
    let notify = "  - action: notify.anybody\n    data: {message: y}";
    assert_eq!((problems(notify), warnings(notify)), (0, 0));
}

#[test]
fn a_backup_that_home_assistant_makes_too_is_warned_about() {
    let shared = Inventory { is_shared: true, ..inventory(Some(&[])) };
    let twice =
        |text: &str| checked(&shared, text).warnings.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        twice(
            "- alias: Nightly\n  triggers: []\n  actions: [{if: [], then: [{action: backup.create_automatic}]}]"
        ),
        [
            "automations.yaml:1:3: Home Assistant reads this file and runs Nightly too, so backup.create_automatic would make two \
             backups; move it to a separate file and pass that with --automations FILE"
        ]
    );
    for fine in [
        "- {id: a, triggers: [], actions: [{event: x}]}",
        "- {id: a, initial_state: false, triggers: [], actions: [{action: backup.create}]}",
        "- {id: a, triggers: [], actions: [{action: backup.create, enabled: false}]}",
    ] {
        assert_eq!(twice(fine), Vec::<String>::new(), "{fine}");
    }
    assert_eq!(checked(&inventory(Some(&[])), &acting("  - action: backup.create")).warnings, []);
}

#[test]
fn the_data_of_a_call_are_validated_by_the_same_rules_at_run_time() {
    let refused = |data| validated(&howl(), data).unwrap_err();
    assert_eq!(
        refused(json!({"time": 3})),
        "moon.howl has no field `time`; did you mean `times`?; moon.howl needs `times`; add it"
    );
    assert_eq!(
        refused(json!({"times": "x"})),
        "`times` of moon.howl: expected a number without quotes, found text"
    );
    assert_eq!(refused(json!({"times": null})), "moon.howl needs `times`; add it");
    assert_eq!(refused(json!([])), "the data of moon.howl must be a mapping (`name: value`)");
    assert_eq!(
        refused(json!({"times": 1, "loud": "on"})),
        "`loud` of moon.howl: expected true or false without quotes, found text"
    );
    // Home Assistant converts numbers and booleans to text.
    let given = json!({"times": 1, "at": 2.5, "loud": null, "who": [1], "how": {}});
    assert_eq!(
        validated(&howl(), given).unwrap(),
        json!({"times": 1, "at": "2.5", "loud": null, "who": [1], "how": {}})
    );
    assert_eq!(validated(&howl(), json!({"times": 1, "at": true})).unwrap()["at"], "True");
    assert_eq!(validated(&plugins()[0], json!(null)).unwrap(), json!({}));
}

#[test]
fn messages_do_not_show_secrets() {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};
    let files = [
        ("/config/automations.yaml", acting("  - action: !secret where")),
        ("/config/secrets.yaml", "where: light.hidden\n".to_owned()),
    ];
    let files = BTreeMap::from(files.map(|(path, text)| (PathBuf::from(path), text)));
    let given = super::Given { files, ..Default::default() };
    let mut loaded =
        crate::automation::files::load(&given, Path::new("/config"), Path::new("/config/automations.yaml"));
    inventory(Some(&[])).check(&mut loaded);
    assert!(loaded.problems[0].text.starts_with("there is no action (secret); "), "{:?}", loaded.problems);
}
