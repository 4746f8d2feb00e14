//! Each action takes the fields that it declares, and no others.

use serde_json::{Map, Value, json};

use super::*;
use crate::settings::Rule;

/// A valid value for a field.
fn value(field: &Field) -> Value {
    match (field.name, field.type_name) {
        ("securetar", _) => json!(3),
        ("include_folders" | "restore_folders", _) => json!(["ssl"]),
        ("paths", _) => json!(["www", [119, 255]]),
        (_, "string") => json!("text"),
        (_, "boolean") => json!(true),
        (_, "number") => json!(1),
        (_, "array") => json!(["text"]),
        _ => json!({}),
    }
}

fn taken(action: &Action, more: &[(&str, Value)]) -> Result<&'static str> {
    let required = action.fields().filter(|field| field.required);
    let mut data: Map<String, Value> = required.map(|field| (field.name.to_owned(), value(field))).collect();
    data.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    check(action.name, &Value::from(data).to_string()).map(|action| action.job)
}

#[test]
fn every_action_takes_each_field_that_it_declares() {
    for action in ACTIONS {
        for field in action.fields() {
            let name = format!("{}, {}", action.name, field.name);
            assert_eq!(taken(action, &[(field.name, value(field))]).unwrap(), action.job, "{name}");
        }
        let all: Vec<_> = action.fields().map(|field| (field.name, value(field))).collect();
        assert_eq!(taken(action, &all).unwrap(), action.job, "{}", action.name);
    }
}

#[test]
fn every_action_refuses_a_field_that_it_does_not_declare_one_that_is_missing_and_a_wrong_type() {
    // The settings are checked as a whole, by `settings`.
    for action in ACTIONS.iter().filter(|action| action.job != "config_update") {
        let refused = |more: &[(&str, Value)]| taken(action, more).unwrap_err().to_string();
        assert!(refused(&[("surprise", json!(1))]).contains("surprise"), "{}", action.name);
        for field in action.fields().filter(|field| !matches!(field.rule, Rule::Anything)) {
            let name = format!("{}, {}", action.name, field.name);
            assert!(refused(&[(field.name, json!({"a": 1}))]).contains(field.name), "{name}");
        }
        for field in action.fields().filter(|field| field.required) {
            let others = action.fields().filter(|other| other.required && other.name != field.name);
            let data: Map<String, Value> =
                others.map(|other| (other.name.to_owned(), value(other))).collect();
            let error = check(action.name, &Value::from(data).to_string()).map(drop).unwrap_err().to_string();
            assert!(error.contains(field.name), "{}: {error}", action.name);
        }
    }
}

#[test]
fn every_type_is_one_of_jsons() {
    let known = ["string", "boolean", "number", "array", "object"];
    let fields = ACTIONS.iter().flat_map(|action| action.fields());
    let odd: Vec<_> =
        fields.filter(|field| !known.contains(&field.type_name)).map(|field| field.name).collect();
    assert_eq!(odd, Vec::<&str>::new());
}
