//! Parses triggers: one or a list. The key `trigger` (formerly `platform`) names the kind.

use std::collections::HashSet;

use serde_json::Value;

use super::keys::Keys;
use super::values::{at, bound, check, data, entities, many, template, texts, weekdays};
use crate::automation::literals;
use crate::automation::model::{At, Bound, Range, StateTrigger, Trigger, TriggerKind};
use crate::automation::templates::is_template;
use crate::automation::yaml::{Kind, Node, Parsed};
use crate::automation::zone::Every;

/// A nested list under `triggers:` is flattened into the outer list.
pub fn list(node: &Node) -> Parsed<Vec<Trigger>> {
    let mut found = Vec::new();
    match &node.kind {
        Kind::List(items) => items.iter().try_for_each(|item| add(item, &mut found))?,
        Kind::Null => {}
        _ => add(node, &mut found)?,
    }
    Ok(found)
}

fn add(node: &Node, found: &mut Vec<Trigger>) -> Parsed<()> {
    let mut keys = Keys::of(node, "a trigger")?;
    match keys.take("triggers") {
        None => found.push(one(node)?),
        Some((_, inner)) => {
            keys.describe_as("a nested list of triggers");
            keys.finish()?;
            found.extend(list(inner)?);
        }
    }
    Ok(())
}

fn one(node: &Node) -> Parsed<Trigger> {
    let mut keys = Keys::of(node, "a trigger")?;
    let kind = keys.need_any(&["trigger", "platform"], "its kind")?;
    let word = super::values::text(kind, "trigger")?.unwrap_or_default();
    let id = keys.text("id")?;
    let alias = keys.text("alias")?;
    let is_enabled = keys.enabled()?;
    let variables = keys.variables("variables")?;
    let kind = match word.as_str() {
        "time" => time(&mut keys)?,
        "time_pattern" => pattern(&mut keys, node)?,
        "state" => state(&mut keys)?,
        "numeric_state" => {
            keys.describe_as("a numeric_state trigger");
            TriggerKind::NumericState { range: range(&mut keys, node)?, for_duration: keys.period("for")? }
        }
        "template" => {
            keys.describe_as("a template trigger");
            let value = keys.need("value_template", "what becomes true")?;
            let value = super::values::template(value, "value_template")?;
            TriggerKind::Template { value, for_duration: keys.period("for")? }
        }
        "event" => event(&mut keys)?,
        "homeassistant" => {
            keys.describe_as("a homeassistant trigger");
            let words = [("start", TriggerKind::Start), ("shutdown", TriggerKind::Shutdown)];
            let word = keys.choice("event", &[("start", 0), ("shutdown", 1)])?;
            let found = word.and_then(|at: usize| words.into_iter().nth(at));
            found
                .ok_or_else(|| {
                    node.place.problem("`event` is missing; add `event: start` or `event: shutdown`")
                })?
                .1
        }
        word => {
            return Err(kind.place.problem(format!(
                "unsupported trigger `{word}`; supported are time, time_pattern, state, numeric_state, template, event and \
                 homeassistant"
            )));
        }
    };
    keys.finish()?;
    Ok(Trigger { id, alias, is_enabled, variables, kind, place: node.place.clone() })
}

fn time(keys: &mut Keys) -> Parsed<TriggerKind> {
    keys.describe_as("a time trigger");
    let node = keys.need("at", "a time of day or an entity that shows one")?;
    let at = many(node, |node| match &node.kind {
        Kind::Map(_) => shifted(node),
        Kind::Text(text) if is_template(text) => template(node, "at").map(At::Template),
        _ => at(node, "at"),
    })?;
    if at.is_empty() {
        return Err(node.place.problem("`at` is empty; add a time in quotes: \"07:30:00\""));
    }
    let weekdays = keys.take("weekday").map(|(_, node)| weekdays(node)).transpose()?.unwrap_or_default();
    Ok(TriggerKind::Time { at, weekdays })
}

/// An entity's time plus an offset, which may be negative.
fn shifted(node: &Node) -> Parsed<At> {
    let mut keys = Keys::of(node, "a time with an offset")?;
    let id = entities(keys.need("entity_id", "the entity that shows the time")?)?;
    let offset = match keys.take("offset") {
        None => 0,
        Some((_, node)) => offset(node)?,
    };
    keys.finish()?;
    match <[String; 1]>::try_from(id) {
        Ok([id]) => Ok(At::Entity { id, offset }),
        Err(_) => {
            Err(node.place.problem("only one entity is allowed here; add the others as separate times"))
        }
    }
}

fn offset(node: &Node) -> Parsed<i64> {
    let (sign, value) = match node.to_json() {
        Value::String(text) => match text.trim().strip_prefix('-') {
            Some(rest) => (-1, Value::String(rest.to_owned())),
            None => (1, Value::String(text.trim().trim_start_matches('+').to_owned())),
        },
        Value::Number(number) if number.as_f64().is_some_and(|number| number < 0.0) => {
            (-1, Value::from(-number.as_f64().unwrap_or_default()))
        }
        value => (1, value),
    };
    let span = literals::period(&value).map_err(|reason| node.place.problem(format!("`offset` {reason}")))?;
    Ok(span.num_seconds() * sign)
}

fn pattern(keys: &mut Keys, node: &Node) -> Parsed<TriggerKind> {
    keys.describe_as("a time_pattern trigger");
    let mut read =
        |name: &'static str, end: u32| keys.take(name).map(|(_, node)| every(node, name, end)).transpose();
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

fn every(node: &Node, name: &str, end: u32) -> Parsed<Every> {
    let text = match &node.kind {
        Kind::Text(text) => text.trim().to_owned(),
        Kind::Int(number) => number.to_string(),
        _ => String::new(),
    };
    let wrong = || {
        let text = format!("`{name}` must be a number below {end}, \"/N\" for every Nth, or \"*\"");
        node.place.problem(text)
    };
    let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number < end);
    match (text.as_str(), text.strip_prefix('/')) {
        ("*", _) => Ok(Every::Any),
        (_, Some(step)) => number(step).filter(|step| *step > 0).map(Every::Multiple).ok_or_else(wrong),
        (text, None) => number(text).map(Every::Is).ok_or_else(wrong),
    }
}

fn state(keys: &mut Keys) -> Parsed<TriggerKind> {
    keys.describe_as("a state trigger");
    let entities = entities(keys.need("entity_id", "the entity")?)?;
    let attribute = keys.text("attribute")?;
    let mut read = |name: &'static str| {
        keys.take(name).map(|(_, node)| states(node, name, attribute.is_some())).transpose()
    };
    let (from, to) = (read("from")?, read("to")?);
    let (not_from, not_to) = (read("not_from")?, read("not_to")?);
    for (one, other, name) in [(&from, &not_from, "not_from"), (&to, &not_to, "not_to")] {
        if one.is_some() && other.is_some() {
            let text =
                format!("`{}` and `{name}` exclude each other; keep one", name.trim_start_matches("not_"));
            return Err(keys.place().problem(text));
        }
    }
    let for_duration = keys.period("for")?;
    Ok(TriggerKind::State(StateTrigger { entities, attribute, from, to, not_from, not_to, for_duration }))
}

/// States are text; attributes may have any value.
pub fn states(node: &Node, name: &str, is_attribute: bool) -> Parsed<Vec<Value>> {
    many(node, |node| match is_attribute {
        true => Ok(node.to_json()),
        false => {
            texts(node, name).map(|texts| texts.into_iter().map(Value::String).next().unwrap_or_default())
        }
    })
}

/// The range of a numeric_state trigger or condition.
pub fn range(keys: &mut Keys, node: &Node) -> Parsed<Range> {
    let entities = entities(keys.need("entity_id", "the entity")?)?;
    let attribute = keys.text("attribute")?;
    let value = keys.template("value_template")?;
    let mut limit = |name: &'static str| keys.take(name).map(|(_, node)| bound(node, name)).transpose();
    let (above, below) = (limit("above")?, limit("below")?);
    if above.is_none() && below.is_none() {
        return Err(node.place.problem("`above` and `below` are missing; add one or both"));
    }
    if let (Some(Bound::Number(above)), Some(Bound::Number(below))) = (&above, &below)
        && above > below
    {
        let text =
            format!("no number is above {above} and below {below}; swap the bounds, or write two entries");
        return Err(node.place.problem(text));
    }
    Ok(Range { entities, attribute, above, below, value })
}

fn event(keys: &mut Keys) -> Parsed<TriggerKind> {
    keys.describe_as("an event trigger");
    let node = keys.need("event_type", "the name of the event")?;
    let mut seen = HashSet::new();
    for name in texts(node, "event_type")? {
        if !seen.insert(name.clone()) {
            return Err(node.place.problem(format!("`{name}` is listed twice; keep one")));
        }
    }
    let names = many(node, |node| Ok(data(node)))?;
    names.iter().try_for_each(check)?;
    let data = keys.map("event_data")?;
    check(&data)?;
    Ok(TriggerKind::Event { names, data })
}
