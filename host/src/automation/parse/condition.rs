//! Parses conditions: one or a list, with the key `condition` or in short form (a template, `and:`, `or:`, `not:`).

use super::keys::Keys;
use super::trigger::{range, states};
use super::values::{at, entities, many, template, text, texts, weekdays};
use crate::automation::model::{Condition, ConditionKind};
use crate::automation::templates::is_template;
use crate::automation::yaml::{Kind, Node, Parsed};

/// Parses one condition or a list of them.
pub fn list(node: &Node) -> Parsed<Vec<Condition>> {
    many(node, one)
}

/// Whether a mapping among actions is a condition.
pub fn is_condition(keys: &Keys) -> bool {
    ["condition", "conditions", "and", "or", "not"].iter().any(|name| keys.has(name))
}

/// Parses one condition.
pub fn one(node: &Node) -> Parsed<Condition> {
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
    let alias = keys.text("alias")?;
    let is_enabled = keys.enabled()?;
    let kind = kind(&mut keys, node)?;
    keys.finish()?;
    Ok(Condition { alias, is_enabled, kind, place })
}

fn kind(keys: &mut Keys, node: &Node) -> Parsed<ConditionKind> {
    type Join = fn(Vec<Condition>) -> ConditionKind;
    let short: [(&'static str, Join); 4] = [
        ("and", ConditionKind::And),
        ("or", ConditionKind::Or),
        ("not", ConditionKind::Not),
        // A bare list: all of its conditions must hold.
        ("conditions", ConditionKind::And),
    ];
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
    let word = text(of, "condition")?.unwrap_or_default();
    match word.as_str() {
        "and" | "or" | "not" => {
            let inner = list(keys.need("conditions", "the conditions to combine")?)?;
            let make = short.iter().find(|(name, _)| *name == word).map(|(_, make)| *make);
            Ok(make.unwrap_or(ConditionKind::And)(inner))
        }
        "state" => state(keys),
        "numeric_state" => {
            keys.describe_as("a numeric_state condition");
            range(keys, node).map(ConditionKind::NumericState)
        }
        "time" => time(keys, node),
        "template" => {
            keys.describe_as("a template condition");
            let value = keys.need("value_template", "what has to be true")?;
            template(value, "value_template").map(ConditionKind::Template)
        }
        "trigger" => {
            keys.describe_as("a trigger condition");
            texts(keys.need("id", "the id of a trigger")?, "id").map(ConditionKind::Trigger)
        }
        word if is_template(word) => template(of, "condition").map(ConditionKind::Template),
        word => Err(of.place.problem(format!(
            "unsupported condition `{word}`; supported are state, numeric_state, time, template, trigger, and, or and not"
        ))),
    }
}

fn state(keys: &mut Keys) -> Parsed<ConditionKind> {
    keys.describe_as("a state condition");
    let entities = entities(keys.need("entity_id", "the entity")?)?;
    let attribute = keys.text("attribute")?;
    let node = keys.need("state", "the expected state")?;
    let states = states(node, "state", attribute.is_some())?;
    if states.is_empty() {
        return Err(node.place.problem("`state` is empty; put the state in quotes"));
    }
    let any = keys.choice("match", &[("all", false), ("any", true)])?.unwrap_or(false);
    Ok(ConditionKind::State { entities, attribute, states, any, for_duration: keys.period("for")? })
}

fn time(keys: &mut Keys, node: &Node) -> Parsed<ConditionKind> {
    keys.describe_as("a time condition");
    let mut read = |name: &'static str| keys.take(name).map(|(_, node)| at(node, name)).transpose();
    let (after, before) = (read("after")?, read("before")?);
    let weekdays = keys.take("weekday").map(|(_, node)| weekdays(node)).transpose()?.unwrap_or_default();
    match after.is_none() && before.is_none() && weekdays.is_empty() {
        true => Err(node.place.problem("`after`, `before` and `weekday` are missing; add at least one")),
        false => Ok(ConditionKind::Time { after, before, weekdays }),
    }
}
