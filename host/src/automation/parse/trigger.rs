//! Parses triggers: one or a list. The key `trigger` (formerly `platform`) names the kind.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::data::{check_limited, data, mapping, template};
use super::enabled::enabled;
use super::identifiers::{bound, entities, trigger_time};
use super::keys::Keys;
use super::values::{integer, many, states, text, weekdays};
use crate::automation::literals;
use crate::automation::model::{Bound, Data, Range, StateTrigger, Trigger, TriggerKind};
use crate::automation::yaml::{Kind, Node, Parsed};
use crate::automation::zone::Every;

/// Keys of every kind of trigger.
const COMMON: [&str; 7] = ["trigger", "platform", "id", "alias", "enabled", "variables", "note"];

/// A nested list under `triggers:` is flattened into the outer list, one level deep.
pub fn list(node: &Node) -> Parsed<Vec<Trigger>> {
    let mut found = Vec::new();
    for node in items(node) {
        match &node.kind {
            Kind::Map(entries) if entries.iter().any(|(key, _)| key.is("triggers")) => {
                let mut keys = Keys::of(node, "a nested list of triggers")?;
                let inner = keys.need("triggers", "the triggers")?;
                keys.finish()?;
                for node in items(inner) {
                    found.push(one(node)?);
                }
            }
            _ => found.push(one(node)?),
        }
    }
    Ok(found)
}

fn items(node: &Node) -> &[Node] {
    match &node.kind {
        Kind::List(items) => items,
        Kind::Null => &[],
        _ => std::slice::from_ref(node),
    }
}

fn one(node: &Node) -> Parsed<Trigger> {
    let mut keys = Keys::of(node, "a trigger")?;
    let has_options = keys.spread_options(&COMMON);
    let kind = keys.need_any(&["trigger", "platform"], "its kind")?;
    let word = text(kind, "trigger")?;
    let id = keys.text("id")?;
    let alias = keys.text("alias")?;
    keys.note()?;
    let given = keys.peek("enabled").map(|(_, node)| node);
    let is_template = given.is_some_and(|node| literals::boolean(&node.to_json()).is_none());
    if has_options && (is_template || keys.has("variables")) {
        let text = "`options` is not possible with `variables` or with a template as `enabled`; write what it \
                    holds beside them";
        return Err(node.place.problem(text));
    }
    let (is_enabled, enabled_if) = enabled(&mut keys)?.split();
    enabled_if.iter().try_for_each(|template| check_limited(&Data::Template(template.clone())))?;
    let variables = keys.variables("variables")?;
    let kind = match word.as_str() {
        "time" => time(&mut keys)?,
        "time_pattern" => pattern(&mut keys, node)?,
        "state" => state(&mut keys)?,
        "numeric_state" => numeric_state(&mut keys, node)?,
        "template" => {
            keys.describe_as("a template trigger");
            let value = template(keys.need("value_template", "what becomes true")?, "value_template")?;
            TriggerKind::Template { value, for_duration: keys.span("for")? }
        }
        "event" => event(&mut keys)?,
        "homeassistant" => {
            keys.describe_as("a homeassistant trigger");
            match keys.choice("event", &[("start", true), ("shutdown", false)])? {
                Some(true) => TriggerKind::Start,
                Some(false) => TriggerKind::Shutdown,
                None => {
                    let text = "`event` is missing; add `event: start` or `event: shutdown`";
                    return Err(node.place.problem(text));
                }
            }
        }
        word => {
            return Err(kind.place.problem(format!(
                "the trigger `{word}` is not supported here; supported are time, time_pattern, state, numeric_state, \
                 template, event and homeassistant"
            )));
        }
    };
    keys.finish()?;
    Ok(Trigger { id, alias, is_enabled, enabled_if, variables, kind, place: node.place.clone() })
}

fn time(keys: &mut Keys) -> Parsed<TriggerKind> {
    keys.describe_as("a time trigger");
    let node = keys.need("at", "a time of day or an entity that shows one")?;
    let mut at = many(node, trigger_time)?;
    let weekdays = keys.take("weekday").map(|(_, node)| weekdays(node)).transpose()?;
    if weekdays.as_ref().is_some_and(Vec::is_empty) {
        // On no day of the week: it never fires.
        at.clear();
    }
    Ok(TriggerKind::Time { at, weekdays: weekdays.unwrap_or_default() })
}

fn pattern(keys: &mut Keys, node: &Node) -> Parsed<TriggerKind> {
    keys.describe_as("a time_pattern trigger");
    let mut read =
        |name: &'static str, end: i64| keys.take(name).map(|(_, node)| every(node, name, end)).transpose();
    let (hours, minutes, seconds) = (read("hours", 24)?, read("minutes", 60)?, read("seconds", 60)?);
    if hours.is_none() && minutes.is_none() && seconds.is_none() {
        return Err(node.place.problem("`hours`, `minutes` and `seconds` are missing; add at least one"));
    }
    // Units finer than the finest given one default to 0, coarser units to any.
    let finer = |is_coarser: bool| if is_coarser { Every::Is(0) } else { Every::Any };
    let seconds = seconds.unwrap_or(finer(hours.is_some() || minutes.is_some()));
    let minutes = minutes.unwrap_or(finer(hours.is_some()));
    Ok(TriggerKind::TimePattern { hours: hours.unwrap_or(Every::Any), minutes, seconds })
}

fn every(node: &Node, name: &str, end: i64) -> Parsed<Every> {
    let wrong = || {
        let text = format!("`{name}` must be a number below {end}, \"/N\" for every Nth, or \"*\"");
        node.place.problem(text)
    };
    let within = |number: Option<i64>| {
        number.filter(|number| (0..end).contains(number)).and_then(|number| u32::try_from(number).ok())
    };
    match &node.kind {
        Kind::Text(text) if text == "*" => Ok(Every::Any),
        Kind::Text(text) => match text.strip_prefix('/') {
            Some(step) => {
                let step = within(literals::integer(step)).filter(|step| *step > 0);
                step.map(Every::Multiple).ok_or_else(wrong)
            }
            None => within(integer(node)).map(Every::Is).ok_or_else(wrong),
        },
        _ => within(integer(node)).map(Every::Is).ok_or_else(wrong),
    }
}

fn state(keys: &mut Keys) -> Parsed<TriggerKind> {
    keys.describe_as("a state trigger");
    let entities = entities(keys.need("entity_id", "the entity")?, "entity_id")?;
    let has_attribute = keys.has("attribute");
    let attribute = attribute(keys)?;
    let mut read =
        |name: &'static str| keys.take(name).map(|(_, node)| compared(node, name, has_attribute)).transpose();
    let (mut from, mut to) = (read("from")?, read("to")?);
    let (not_from, not_to) = (read("not_from")?, read("not_to")?);
    let pairs = [(&mut from, &not_from, "not_from"), (&mut to, &not_to, "not_to")];
    for (one, other, name) in pairs {
        if one.is_none() && other.as_ref().is_some_and(|states| states.contains(&json!("*"))) {
            // Nothing is not any state.
            *one = Some(nothing());
        } else if one.is_some() && other.is_some() {
            let text =
                format!("`{}` and `{name}` exclude each other; keep one", name.trim_start_matches("not_"));
            return Err(keys.place().problem(text));
        }
    }
    let for_duration = keys.span("for")?;
    Ok(TriggerKind::State(StateTrigger { entities, attribute, from, to, not_from, not_to, for_duration }))
}

/// The attribute of a trigger. Nothing means the state.
fn attribute(keys: &mut Keys) -> Parsed<Option<String>> {
    match keys.take("attribute") {
        None | Some((_, Node { kind: Kind::Null, .. })) => Ok(None),
        Some((_, node)) => text(node, "attribute").map(Some),
    }
}

/// The values of `from` and the like: texts, or any values of an attribute.
fn compared(node: &Node, name: &str, is_attribute: bool) -> Parsed<Vec<Value>> {
    match &node.kind {
        Kind::List(_) => {
            let read = |node: &Node| {
                if is_attribute { Ok(node.to_json()) } else { text(node, name).map(Value::String) }
            };
            let mut values = many(node, read)?;
            // In a list, `*` is a state like any other, which no entity has.
            values.retain(|value| value != "*");
            Ok(if values.is_empty() { nothing() } else { values })
        }
        _ if is_attribute => many(node, |node| Ok(node.to_json())),
        _ => states(node, name),
    }
}

/// Values that match nothing: no state is a list.
fn nothing() -> Vec<Value> {
    vec![json!([])]
}

fn numeric_state(keys: &mut Keys, node: &Node) -> Parsed<TriggerKind> {
    keys.describe_as("a numeric_state trigger");
    let attribute = attribute(keys)?;
    let range = range(keys, node, attribute)?;
    if let (Some(Bound::Number(above)), Some(Bound::Number(below))) = (&range.above, &range.below)
        && above > below
    {
        let text =
            format!("no number is above {above} and below {below}; swap the bounds, or write two entries");
        return Err(node.place.problem(text));
    }
    Ok(TriggerKind::NumericState { range, for_duration: keys.span("for")? })
}

/// The range of a numeric_state trigger or condition.
pub fn range(keys: &mut Keys, node: &Node, attribute: Option<String>) -> Parsed<Range> {
    let entities = entities(keys.need("entity_id", "the entity")?, "entity_id")?;
    let value = keys.template("value_template")?;
    let mut limit = |name: &'static str| keys.take(name).map(|(_, node)| bound(node, name)).transpose();
    let (above, below) = (limit("above")?, limit("below")?);
    match above.is_none() && below.is_none() {
        true => Err(node.place.problem("`above` and `below` are missing; add one or both")),
        false => Ok(Range { entities, attribute, above, below, value }),
    }
}

fn event(keys: &mut Keys) -> Parsed<TriggerKind> {
    keys.describe_as("an event trigger");
    let node = keys.need("event_type", "the name of the event")?;
    let mut seen = HashSet::new();
    let names = many(node, |node| {
        let name = template(node, "event_type")?;
        if &*name.source == "state_reported" {
            return Err(node
                .place
                .problem("an event trigger cannot wait for `state_reported`; use a state trigger"));
        }
        if !seen.insert(name.source.to_string()) {
            return Err(node.place.problem(format!("`{}` is listed twice; keep one", name.source)));
        }
        match node.kind {
            Kind::Text(_) => data(node),
            _ => Ok(Data::Constant(Value::String(name.source.to_string()))),
        }
    })?;
    let mut read = |name: &'static str| keys.take(name).map(|(_, node)| mapping(node, name)).transpose();
    let (data, context) = (read("event_data")?.unwrap_or_else(Data::empty), read("context")?);
    names.iter().chain([&data]).chain(&context).try_for_each(check_limited)?;
    Ok(TriggerKind::Event { names, data, context })
}
