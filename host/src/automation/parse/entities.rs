//! Collects the entities that an automation names, with their places. They are found below `entity_id`, in times and numeric
//! bounds, and in templates. Skips disabled parts, as Home Assistant does.

use crate::automation::literals::{boolean, is_entity};
use crate::automation::templates::{self, is_template};
use crate::automation::yaml::{Kind, Node, Place};

/// Keys whose text may be an entity ID.
const OF_ENTITIES: [&str; 6] = ["entity_id", "at", "above", "below", "after", "before"];
/// Keys whose contents are meant for others. Only templates in them name entities of this home.
const OF_VALUES: [&str; 6] =
    ["data", "data_template", "event_data", "event_data_template", "variables", "trigger_variables"];

/// The entities that an automation names, in file order.
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
                if is_template(&key.name) {
                    found.extend(entities_of(&key.name, &key.place));
                }
                walk(inner, &key.name, is_value || OF_VALUES.contains(&key.name.as_str()), found);
            }
        }
        Kind::Text(text) => {
            if is_template(text) {
                found.extend(entities_of(text, &node.place));
            } else if !is_value && OF_ENTITIES.contains(&key) {
                let ids = text.split(',').map(|id| id.trim().to_lowercase()).filter(|id| is_entity(id));
                found.extend(ids.map(|id| (id, node.place.clone())));
            }
        }
        _ => {}
    }
}

/// The entities that a template names.
fn entities_of(source: &str, place: &Place) -> Vec<(String, Place)> {
    let ids = templates::entities(source).into_iter().filter(|id| is_entity(id));
    ids.map(|id| (id, place.clone())).collect()
}

fn is_disabled(node: &Node) -> bool {
    let Kind::Map(entries) = &node.kind else { return false };
    entries.iter().any(|(key, value)| key.is("enabled") && boolean(&value.to_json()) == Some(false))
}
