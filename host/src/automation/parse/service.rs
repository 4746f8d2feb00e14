//! Parses calls of actions: their name, data and target, in every spelling that Home Assistant still takes.

use serde_json::Value;

use super::data::{data, mapping};
use super::identifiers::entities;
use super::keys::Keys;
use super::values::string;
use crate::automation::literals::is_entity;
use crate::automation::model::{ActionKind, CallPlaces, Data};
use crate::automation::templates::is_template;
use crate::automation::yaml::{Key, Kind, Node, Parsed};

/// What selects the target of a call.
const TARGETS: [&str; 5] = ["entity_id", "device_id", "area_id", "floor_id", "label_id"];

/// A call of an action.
pub fn call(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("an action call");
    let node = keys.need_any(&["action", "service", "service_template"], "the name of the action")?;
    let action = name(node)?;
    let mut places = CallPlaces { action: node.place.clone(), fields: Vec::new() };
    for name in ["data", "data_template", "target"] {
        places.fields.extend(keys.places(name));
    }
    let mut fields = Vec::new();
    for name in ["data", "data_template"] {
        fields.extend(keys.take(name).map(|(_, node)| (node, name)));
    }
    let data = match fields.as_slice() {
        [] => Data::empty(),
        [(node, name)] => call_data(node, name)?,
        [(first, one), (second, two), ..] => joined(mapping(first, one)?, mapping(second, two)?),
    };
    let mut target =
        keys.take("target").map(|(_, node)| target(node)).transpose()?.unwrap_or_else(Data::empty);
    if let Some((place, node)) = keys.take("entity_id") {
        places.fields.push(("entity_id".into(), place.clone()));
        let ids = Data::Constant(match all_or_none(node) {
            Some(word) => word.into(),
            None => entities(node, "entity_id")?.into(),
        });
        let pair = (Data::Constant("entity_id".into()), ids);
        target = match target {
            Data::Map(pairs) => joined(Data::Map(pairs), Data::Map(vec![pair])),
            _ => {
                let text = "`entity_id` and a template as `target` exclude each other; keep `target`";
                return Err(place.problem(text));
            }
        };
    }
    keys.metadata()?;
    let response = keys.text("response_variable")?;
    Ok(ActionKind::Call { action, data, target, response, places })
}

/// The name of the action: lowered, or a template.
fn name(node: &Node) -> Parsed<Data> {
    let written = string(node, "action")?;
    if is_template(&written) {
        return data(node);
    }
    let name = written.to_lowercase();
    match is_entity(&name) {
        true => Ok(Data::Constant(Value::String(name))),
        false => Err(node
            .place
            .problem(format!("`{written}` is not an action name; use one like `backup.create`"))),
    }
}

fn call_data(node: &Node, name: &str) -> Parsed<Data> {
    match &node.kind {
        Kind::Text(text) if is_template(text) => data(node),
        _ => mapping(node, name),
    }
}

/// Both mappings; the second one counts if a key stands in both.
pub fn joined(first: Data, second: Data) -> Data {
    match (first, second) {
        (Data::Map(mut pairs), Data::Map(more)) => {
            for (key, value) in more {
                match pairs.iter_mut().find(|(other, _)| *other == key) {
                    Some(pair) => pair.1 = value,
                    None => pairs.push((key, value)),
                }
            }
            Data::Map(pairs)
        }
        (_, second) => second,
    }
}

/// `all` and `none`, in any case; nothing counts as `none`.
fn all_or_none(node: &Node) -> Option<&'static str> {
    match &node.kind {
        Kind::Null => Some("none"),
        Kind::Text(text) => ["all", "none"].into_iter().find(|word| text.eq_ignore_ascii_case(word)),
        _ => None,
    }
}

fn target(node: &Node) -> Parsed<Data> {
    let entries = match &node.kind {
        Kind::Map(entries) => entries,
        Kind::Text(text) if is_template(text) => return data(node),
        _ => return mapping(node, "target"),
    };
    let mut pairs = Vec::new();
    for (key, value) in entries {
        let name = TARGETS.into_iter().find(|name| key.is(name));
        let value = match name {
            Some("entity_id") => target_entities(value)?,
            Some(name) => registered(value, name)?,
            None if key.is("exclude") => exclude(value, entries)?,
            None => {
                let text = format!(
                    "unknown key `{}` in a target; use one of {}, exclude",
                    key.name,
                    TARGETS.join(", ")
                );
                return Err(key.place.problem(text));
            }
        };
        pairs.push((Data::Constant(key.name.clone().into()), value));
    }
    Ok(Data::Map(pairs))
}

fn target_entities(node: &Node) -> Parsed<Data> {
    match &node.kind {
        Kind::Text(text) if is_template(text) => data(node),
        // A list may hold templates beside entity IDs.
        Kind::List(items) => items.iter().map(target_entity).collect::<Parsed<_>>().map(Data::List),
        _ => Ok(Data::Constant(match all_or_none(node) {
            Some(word) => word.into(),
            None => entities(node, "entity_id")?.into(),
        })),
    }
}

fn target_entity(node: &Node) -> Parsed<Data> {
    match &node.kind {
        Kind::Text(text) if is_template(text) => data(node),
        _ => {
            let id = string(node, "entity_id")?.to_lowercase();
            let wrong =
                || node.place.problem(format!("`{id}` is not an entity ID; use one like `sensor.name`"));
            is_entity(&id).then(|| Data::Constant(Value::String(id.clone()))).ok_or_else(wrong)
        }
    }
}

/// IDs of devices, areas, floors or labels: texts or templates.
fn registered(node: &Node, name: &str) -> Parsed<Data> {
    let is_text = |node: &Node| matches!(node.kind, Kind::Text(_));
    match &node.kind {
        Kind::List(items) if items.iter().all(is_text) => data(node),
        Kind::Null => Ok(Data::List(Vec::new())),
        _ if is_text(node) => data(node),
        _ => Err(node.place.problem(format!("`{name}`: expected text, found {}", node.describe()))),
    }
}

fn exclude(node: &Node, beside: &[(Key, Node)]) -> Parsed<Data> {
    let is_something = |node: &Node| !matches!(&node.kind, Kind::Null) && node.kind != Kind::List(Vec::new());
    if !beside.iter().any(|(key, node)| !key.is("exclude") && is_something(node)) {
        return Err(node.place.problem("`exclude` needs a target from which it excludes; add `entity_id`"));
    }
    let Kind::Map(entries) = &node.kind else { return mapping(node, "exclude") };
    let unknown = entries.iter().find(|(key, _)| !TARGETS.iter().any(|name| key.is(name)));
    match unknown {
        None => data(node),
        Some((key, _)) => {
            let text = format!("unknown key `{}` in `exclude`; use one of {}", key.name, TARGETS.join(", "));
            Err(key.place.problem(text))
        }
    }
}
