//! Parses entity IDs, and values that may be one: times of day and numeric bounds.

use super::data::{check_limited, template};
use super::keys::Keys;
use super::values::{string, text};
use crate::automation::literals::{self, clock_time, is_entity};
use crate::automation::model::{At, Bound, Data};
use crate::automation::templates::is_template;
use crate::automation::yaml::{Kind, Node, Parsed};

/// Entity IDs: one text, in which commas separate several, or a list. Upper case is lowered.
pub fn entities(node: &Node, name: &str) -> Parsed<Vec<String>> {
    match &node.kind {
        Kind::Text(text) => text.split(',').map(|id| entity(node, id.trim())).collect(),
        Kind::List(items) => items.iter().map(|item| entity(item, &string(item, name)?)).collect(),
        Kind::Map(entries) if entries.is_empty() => Ok(Vec::new()),
        Kind::Null => {
            Err(node.place.problem(format!("`{name}` is empty; add an entity ID like `sensor.name`")))
        }
        _ => {
            let text = format!("`{name}`: expected entity IDs, found {}", node.describe());
            Err(node.place.problem(text))
        }
    }
}

fn entity(node: &Node, id: &str) -> Parsed<String> {
    let lowered = id.to_lowercase();
    if is_entity(&lowered) {
        return Ok(lowered);
    }
    let is_uuid = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    Err(node.place.problem(match is_uuid {
        true => format!("`{id}` is the registry ID of an entity; use its entity ID, like `sensor.name`"),
        false => format!("`{id}` is not an entity ID; use one like `sensor.name`, and no template"),
    }))
}

/// The one entity that a value names, if its domain is one of `domains`.
fn of_domains(node: &Node, name: &str, domains: &[&str]) -> Parsed<String> {
    let ids = entities(node, name)?;
    let Ok([id]) = <[String; 1]>::try_from(ids) else {
        return Err(node.place.problem("only one entity is allowed here; write one entry for each"));
    };
    match id.split_once('.').is_some_and(|(domain, _)| domains.contains(&domain)) {
        true => Ok(id),
        false => Err(node
            .place
            .problem(format!("`{name}` cannot be {id}; use an entity of {}", domains.join(", ")))),
    }
}

/// A time of day, an entity that shows one, with an offset or without, or a template.
pub fn trigger_time(node: &Node) -> Parsed<At> {
    match &node.kind {
        Kind::Map(_) => shifted(node),
        Kind::Text(text) if is_template(text) => {
            let template = template(node, "at")?;
            check_limited(&Data::Template(template.clone()))?;
            Ok(At::Template(template))
        }
        _ => time(node, "at", &["input_datetime", "sensor"]),
    }
}

/// A time of day, or an entity of one of the domains that shows one.
pub fn time(node: &Node, name: &str, domains: &[&str]) -> Parsed<At> {
    let Kind::Text(text) = &node.kind else {
        let text =
            format!("`{name}`: expected a time in quotes such as \"07:30:00\", found {}", node.describe());
        return Err(node.place.problem(text));
    };
    if let Some(time) = clock_time(text) {
        return Ok(At::Time(time));
    }
    if is_entity(&text.to_lowercase()) {
        return of_domains(node, name, domains).map(|id| At::Entity { id, offset: 0 });
    }
    let text = format!("`{text}` is neither a time nor an entity; use \"HH:MM:SS\" or `input_datetime.name`");
    Err(node.place.problem(text))
}

/// An entity's time plus an offset, which may be negative.
fn shifted(node: &Node) -> Parsed<At> {
    let mut keys = Keys::of(node, "a time with an offset")?;
    let entity = keys.need("entity_id", "the entity that shows the time")?;
    let id = of_domains(entity, "entity_id", &["input_datetime", "sensor"])?;
    let offset = match keys.take("offset") {
        None => 0,
        Some((_, node)) => {
            let span = literals::offset(&node.to_json());
            span.map_err(|reason| node.place.problem(format!("`offset` {reason}")))?.num_seconds()
        }
    };
    keys.finish()?;
    Ok(At::Entity { id, offset })
}

/// A number, or an entity whose state is one.
pub fn bound(node: &Node, name: &str) -> Parsed<Bound> {
    let number = match &node.kind {
        Kind::Text(text) | Kind::Foreign(text) => literals::float(text),
        _ => literals::number(&node.to_json()),
    };
    if let Some(number) = number {
        return Ok(Bound::Number(number));
    }
    if matches!(node.kind, Kind::Text(_)) && is_entity(&text(node, name)?.to_lowercase()) {
        return of_domains(node, name, &["input_number", "number", "sensor", "zone"]).map(Bound::Entity);
    }
    Err(node.place.problem(format!("`{name}` must be a number or an entity such as `sensor.name`")))
}
