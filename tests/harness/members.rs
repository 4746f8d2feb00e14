//! Trees and archives as `counterpart.py` describes them, in a form that can be compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// The members by name (escaped bytes). A hard link has the name of its target as `link`.
pub type Members = BTreeMap<String, Value>;

/// The members in an answer of `counterpart.py read` or `describe`. Times are in microseconds, the precision of archives.
pub fn members(answer: &Value) -> Members {
    let rows = answer["members"].as_array().unwrap();
    let found: Members = rows.iter().map(|row| (text(&row["name"]), member(row))).collect();
    assert_eq!(found.len(), rows.len(), "a name occurs twice");
    found
}

fn member(row: &Value) -> Value {
    let first_name = row.get("same_as").filter(|first| first.is_string());
    json!({
        "type": first_name.map_or(&row["type"], |_| &Value::Null).as_str().unwrap_or("hardlink"),
        "link": text(first_name.unwrap_or(&row["linkname"])),
        "mode": format!("{:o}", row["mode"].as_u64().unwrap()),
        "owner": [&row["uid"], &row["gid"], &row["uname"], &row["gname"]],
        "microseconds": row["mtime_ns"].as_i64().unwrap().div_euclid(1000),
        "size": row["size"],
        "sha256": row["sha256"],
    })
}

/// Decodes hex digits to escaped bytes.
fn text(hex: &Value) -> String {
    let hex = hex.as_str().unwrap();
    let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
    bytes.collect::<Vec<_>>().escape_ascii().to_string()
}

/// Asserts that all members are equal, and names those that differ.
#[track_caller]
pub fn assert_same_members(is: &Members, wanted: &Members) {
    let names: BTreeSet<_> = is.keys().chain(wanted.keys()).collect();
    let different = names.into_iter().filter(|name| is.get(*name) != wanted.get(*name));
    let lines: Vec<_> = different
        .map(|name| format!("{name}\n  is     {:?}\n  wanted {:?}", is.get(name), wanted.get(name)))
        .collect();
    assert!(lines.is_empty(), "{} of {} members differ:\n{}", lines.len(), wanted.len(), lines.join("\n"));
}
