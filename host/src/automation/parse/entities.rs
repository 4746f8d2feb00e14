//! The entities that an automation names, with their places: below `entity_id`, where a time or a number may be an entity's, and
//! in templates. What is disabled names nothing, as in Home Assistant.

use crate::automation::literals::is_entity;
use crate::automation::templates::{self, is_template};
use crate::automation::yaml::{Kind, Node, Place};

/// Keys below which a text may be an entity.
const OF_ENTITIES: [&str; 6] = ["entity_id", "at", "above", "below", "after", "before"];
/// Keys below which everything is a value that somebody else understands: only templates in it name entities of ours.
const OF_VALUES: [&str; 6] =
    ["data", "data_template", "event_data", "event_data_template", "variables", "trigger_variables"];

/// The entities that an automation names, in the order of the file.
pub fn named(automation: &Node) -> Vec<(String, Place)> {
    let mut found = Vec::new();
    walk(automation, "", false, &mut found);
    found
}

fn walk(node: &Node, key: &str, is_value: bool, found: &mut Vec<(String, Place)>) {
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| walk(item, key, is_value, found)),
        Kind::Map(entries) if is_value || !is_disabled(node) => {
            for (key, inner) in entries {
                walk(inner, &key.name, is_value || OF_VALUES.contains(&key.name.as_str()), found);
            }
        }
        Kind::Text(text) => {
            let ids = match is_template(text) {
                true => templates::entities(text),
                false if is_value || !OF_ENTITIES.contains(&key) => Vec::new(),
                false => text.split(',').map(|id| id.trim().to_owned()).collect(),
            };
            found.extend(ids.into_iter().filter(|id| is_entity(id)).map(|id| (id, node.place.clone())));
        }
        _ => {}
    }
}

fn is_disabled(node: &Node) -> bool {
    let Kind::Map(entries) = &node.kind else { return false };
    entries.iter().any(|(key, value)| key.name == "enabled" && value.kind == Kind::Bool(false))
}
