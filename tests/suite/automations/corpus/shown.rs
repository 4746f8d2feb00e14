//! The format of golden files: the parsed form and the errors of a file. Short values are kept on one line.

use larder::automation::files::Loaded;
use serde_json::Value;

/// The parsed form, then the errors.
pub fn form(loaded: &Loaded) -> String {
    let automations = loaded.automations.iter().map(|it| value(&serde_json::to_value(it).unwrap()) + "\n");
    automations.chain(loaded.problems.iter().map(|problem| format!("wrong: {problem}\n"))).collect()
}

/// JSON without nulls.
pub fn value(value: &Value) -> String {
    indented(&without_null(value), 0)
}

fn without_null(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            Value::Object(fields.map(|(key, value)| (key.clone(), without_null(value))).collect())
        }
        Value::Array(items) => items.iter().map(without_null).collect(),
        value => value.clone(),
    }
}

fn indented(value: &Value, depth: usize) -> String {
    let flat = value.to_string();
    if flat.len() + depth * 2 <= 110 {
        return flat;
    }
    let (inner, outer) = ("  ".repeat(depth + 1), "  ".repeat(depth));
    match value {
        Value::Object(fields) => {
            let line = |(key, value)| format!("{inner}\"{key}\": {}", indented(value, depth + 1));
            format!("{{\n{}\n{outer}}}", fields.iter().map(line).collect::<Vec<_>>().join(",\n"))
        }
        Value::Array(items) => {
            let line = |value| format!("{inner}{}", indented(value, depth + 1));
            format!("[\n{}\n{outer}]", items.iter().map(line).collect::<Vec<_>>().join(",\n"))
        }
        _ => flat,
    }
}
