//! Parses conditions: one or a list, with the key `condition` or in short form (a template, `and:`, `or:`, `not:`).

use serde_json::Value;

use super::data::template;
use super::enabled::enabled_when_loaded;
use super::identifiers::{entities, time as time_of_day};
use super::keys::Keys;
use super::trigger::range;
use super::values::{many, states, string, text, weekdays};
use crate::automation::literals::is_entity;
use crate::automation::model::{Condition, ConditionKind};
use crate::automation::templates::is_template;
use crate::automation::yaml::{Kind, Node, Parsed};

/// Parses one condition or a list of them.
pub fn list(node: &Node) -> Parsed<Vec<Condition>> {
    many(node, one)
}

/// Whether a mapping among actions is a condition.
pub fn is_condition(keys: &Keys) -> bool {
    ["condition", "and", "or", "not"].iter().any(|name| keys.has(name))
}

fn one(node: &Node) -> Parsed<Condition> {
    let place = node.place.clone();
    if let Kind::Text(source) = &node.kind {
        if !is_template(source) {
            let text = format!("`{source}` is not a condition; use a template or `condition: …`");
            return Err(place.problem(text));
        }
        let kind = ConditionKind::Template(template(node, "condition")?);
        return Ok(Condition { alias: None, is_enabled: true, kind, place });
    }
    let mut keys = Keys::of(node, "a condition")?;
    if let Some((_, of)) = keys.peek("condition")
        && matches!(&of.kind, Kind::Text(source) if is_template(source))
    {
        let text = "a template is a condition without the key `condition`; use `condition: template` with \
                    `value_template`, or the template alone";
        return Err(of.place.problem(text));
    }
    let is_enabled = enabled_when_loaded(&mut keys)?;
    Ok(Condition { is_enabled, ..of_action(keys, node)? })
}

/// The condition in a mapping among actions, whose `enabled` was taken.
pub fn of_action(mut keys: Keys, node: &Node) -> Parsed<Condition> {
    let alias = keys.string("alias")?;
    keys.note()?;
    let kind = kind(&mut keys, node)?;
    keys.finish()?;
    Ok(Condition { alias, is_enabled: true, kind, place: node.place.clone() })
}

fn kind(keys: &mut Keys, node: &Node) -> Parsed<ConditionKind> {
    type Join = fn(Vec<Condition>) -> ConditionKind;
    let short: [(&'static str, Join); 3] =
        [("and", ConditionKind::And), ("or", ConditionKind::Or), ("not", ConditionKind::Not)];
    if !keys.has("condition") {
        for (name, make) in short {
            if let Some((_, node)) = keys.take(name) {
                return list(node).map(make);
            }
        }
    }
    let of = keys.need("condition", "its kind")?;
    if let Kind::List(_) = of.kind {
        return list(of).map(ConditionKind::And);
    }
    let word = text(of, "condition")?;
    match word.as_str() {
        "and" | "or" | "not" => {
            let inner = list(keys.need("conditions", "the conditions to combine")?)?;
            let make = short.iter().find(|(name, _)| *name == word).map(|(_, make)| *make);
            Ok(make.unwrap_or(ConditionKind::And)(inner))
        }
        "state" => state(keys),
        "numeric_state" => {
            keys.describe_as("a numeric_state condition");
            let attribute = keys.text("attribute")?;
            range(keys, node, attribute).map(ConditionKind::NumericState)
        }
        "time" => time(keys, node),
        "template" => {
            keys.describe_as("a template condition");
            let value = keys.need("value_template", "what has to be true")?;
            template(value, "value_template").map(ConditionKind::Template)
        }
        "trigger" => {
            keys.describe_as("a trigger condition");
            let ids = keys.need("id", "the id of a trigger")?;
            many(ids, |id| string(id, "id")).map(ConditionKind::Trigger)
        }
        word if is_template(word) => template(of, "condition").map(ConditionKind::Template),
        word => Err(of.place.problem(format!(
            "the condition `{word}` is not supported here; supported are state, numeric_state, time, template, \
             trigger, and, or and not"
        ))),
    }
}

fn state(keys: &mut Keys) -> Parsed<ConditionKind> {
    keys.describe_as("a state condition");
    let entities = entities(keys.need("entity_id", "the entity")?, "entity_id")?;
    let attribute = keys.text("attribute")?;
    let node = keys.need("state", "the expected state")?;
    let states = match (&attribute, &node.kind) {
        (Some(_), Kind::List(items)) => items.iter().map(Node::to_json).collect(),
        (Some(_), _) => vec![node.to_json()],
        (None, Kind::Null) => return Err(node.place.problem("`state` is empty; put the state in quotes")),
        (None, _) => states(node, "state")?,
    };
    let any = match keys.take("match") {
        None => false,
        Some((_, node)) => match text(node, "match")?.to_lowercase().as_str() {
            "all" => false,
            "any" => true,
            word => {
                return Err(node.place.problem(format!("`match` cannot be `{word}`; use one of all, any")));
            }
        },
    };
    let for_duration = match keys.take("for") {
        None => None,
        Some((place, _)) if attribute.is_some() => {
            return Err(place.problem("`for` is not possible with `attribute`; remove one of them"));
        }
        Some((place, _)) if states.iter().any(names_an_entity) => {
            return Err(place.problem("`for` is not possible if `state` names an entity; remove one of them"));
        }
        Some((_, node)) => Some(super::data::span(node, "for")?),
    };
    Ok(ConditionKind::State { entities, attribute, states, any, for_duration })
}

/// Whether the state is that of another entity.
fn names_an_entity(state: &Value) -> bool {
    const DOMAINS: [&str; 5] =
        ["input_select", "input_text", "input_number", "input_boolean", "input_datetime"];
    state.as_str().is_some_and(|id| {
        is_entity(id) && id.split_once('.').is_some_and(|(domain, _)| DOMAINS.contains(&domain))
    })
}

fn time(keys: &mut Keys, node: &Node) -> Parsed<ConditionKind> {
    keys.describe_as("a time condition");
    let domains = ["input_datetime", "time", "sensor"];
    let mut read =
        |name: &'static str| keys.take(name).map(|(_, node)| time_of_day(node, name, &domains)).transpose();
    let (after, before) = (read("after")?, read("before")?);
    let weekdays = keys.take("weekday").map(|(_, node)| weekdays(node)).transpose()?;
    match weekdays {
        // On no day of the week: it never holds.
        Some(days) if days.is_empty() => Ok(ConditionKind::Or(Vec::new())),
        None if after.is_none() && before.is_none() => {
            Err(node.place.problem("`after`, `before` and `weekday` are missing; add at least one"))
        }
        weekdays => Ok(ConditionKind::Time { after, before, weekdays: weekdays.unwrap_or_default() }),
    }
}
