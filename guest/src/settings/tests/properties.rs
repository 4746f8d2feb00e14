//! Properties that hold for any request.

use proptest::prelude::*;
use serde_json::Map;

use super::*;

/// Existing names, so that odd values reach the places that matter.
const NAMES: &[&str] = &[
    "agents",
    "backup.local",
    "protected",
    "retention",
    "copies",
    "days",
    "keep_daily",
    "automatic_backups_configured",
    "create_backup",
    "agent_ids",
    "include_folders",
    "exclude",
    "securetar",
    "name",
    "password",
    "schedule",
    "recurrence",
    "time",
];

const TEXTS: &[&str] = &["mon", "daily", "never", "03:30", "25:00:0", "ssl", "**", "", "a\u{202e}b"];

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(NAMES).prop_map(str::to_owned), 1 => any::<String>()]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..5).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(TEXTS).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            3 => prop::collection::btree_map(any_name(), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A path of names that ends in `create_backup.password` or something similar, with the password as its value.
fn with_password(names: Vec<String>, value: Value) -> Value {
    let wrap = |value, name: String| Value::Object(Map::from_iter([(name, value)]));
    names.into_iter().rev().fold(value, wrap)
}

proptest! {
    #[test]
    fn any_request_is_applied_completely_or_refused(body in any_json()) {
        match full().update(&body) {
            Ok(config) => {
                let stored = serde_json::to_value(&config).unwrap();
                let back: Config = serde_json::from_value(stored.clone()).unwrap();
                prop_assert_eq!(serde_json::to_value(&back).unwrap(), stored);
            }
            Err(invalid) => {
                let error = invalid.to_string();
                prop_assert!(!error.is_empty() && !error.contains(PASSWORD));
                prop_assert!(!error.chars().any(|c| c.is_control() && c != '\n'), "{:?}", error);
            }
        }
    }

    #[test]
    fn no_refusal_quotes_a_password(
        above in prop::collection::vec(any_name(), 0..2),
        name in prop::sample::select(&["password", "Password", "pasword", "secret", "api_key"][..]),
        in_place in any::<bool>(),
        wrap in 0..3,
        beside in any_json(),
    ) {
        let value = match wrap {
            0 => json!(PASSWORD),
            1 => json!([1, PASSWORD]),
            _ => json!({"a": {"b": PASSWORD}}),
        };
        let names = if in_place { vec!["create_backup".to_owned()] } else { above };
        let mut body = with_password([names, vec![name.to_owned()]].concat(), value);
        if let (Value::Object(body), Value::Object(beside)) = (&mut body, beside) {
            beside.into_iter().for_each(|(name, value)| { body.entry(name).or_insert(value); });
        }
        if let Err(invalid) = full().update(&body) {
            prop_assert!(!format!("{invalid} {invalid:?}").contains(PASSWORD), "{}: {}", body, invalid);
        }
    }

    #[test]
    fn any_assignment_is_read_or_refused(texts in prop::collection::vec(
        prop_oneof![any::<String>(), (prop::collection::vec(any_name(), 1..5), any::<String>())
            .prop_map(|(names, value)| format!("{}={value}", names.join(".")))], 0..4)) {
        if let Ok(body) = from_assignments(&texts) {
            prop_assert!(body.is_object());
        }
        let _ = full().assigned(&texts);
    }
}
