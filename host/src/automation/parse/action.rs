//! Parses actions: one or a list. The kind of an action follows from a key that only this kind has.

use std::sync::Arc;

use serde_json::Value;

use super::condition::{self, is_condition};
use super::keys::Keys;
use super::values::{check, data, many, text};
use super::{trigger, values};
use crate::automation::literals::is_entity;
use crate::automation::model::{Action, ActionKind, CallPlaces, Data, Repeat, Sequence};
use crate::automation::templates::is_template;
use crate::automation::yaml::{Kind, Node, Parsed};

/// Parses one action or a list of them.
pub fn list(node: &Node) -> Parsed<Vec<Action>> {
    many(node, one)
}

fn sequence(node: &Node) -> Parsed<Sequence> {
    list(node).map(Arc::new)
}

fn one(node: &Node) -> Parsed<Action> {
    let place = node.place.clone();
    if let Kind::Text(source) = &node.kind
        && is_template(source)
    {
        let kind = ActionKind::Condition(condition::one(node)?);
        return Ok(Action { alias: None, is_enabled: true, continues_on_error: false, kind, place });
    }
    let mut keys = Keys::of(node, "an action")?;
    if is_condition(&keys) {
        let condition = condition::one(node)?;
        let (alias, is_enabled) = (condition.alias.clone(), condition.is_enabled);
        let kind = ActionKind::Condition(condition);
        return Ok(Action { alias, is_enabled, continues_on_error: false, kind, place });
    }
    let alias = keys.text("alias")?;
    let is_enabled = keys.enabled()?;
    let continues_on_error = keys.flag("continue_on_error")?.unwrap_or(false);
    let kind = kind(&mut keys, node)?;
    keys.finish()?;
    Ok(Action { alias, is_enabled, continues_on_error, kind, place })
}

fn kind(keys: &mut Keys, node: &Node) -> Parsed<ActionKind> {
    type Read = fn(&mut Keys) -> Parsed<ActionKind>;
    let kinds: [(&'static str, Read); 14] = [
        ("action", call),
        ("service", call),
        ("delay", delay),
        ("wait_template", wait_template),
        ("wait_for_trigger", wait_for_trigger),
        ("event", event),
        ("choose", choose),
        ("if", decide),
        ("repeat", repeat),
        ("variables", variables),
        ("stop", stop),
        ("parallel", parallel),
        ("sequence", block),
        ("scene", scene),
    ];
    match kinds.iter().find(|(name, _)| keys.has(name)) {
        Some((_, read)) => read(keys),
        None => Err(node.place.problem(
            "unsupported action; use `action: domain.name`, delay, wait_template, wait_for_trigger, event, \
             choose, if, repeat, variables, stop, parallel, sequence or a condition",
        )),
    }
}

fn call(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("an action call");
    let node = keys.need_any(&["action", "service"], "the name of the action")?;
    let name = text(node, "action")?.unwrap_or_default();
    if !is_entity(&name) && !is_template(&name) {
        let text = format!("`{name}` is not an action name; use one like `backup.create` (lowercase)");
        return Err(node.place.problem(text));
    }
    let action = data(node);
    let mut places = CallPlaces { action: node.place.clone(), fields: Vec::new() };
    for name in ["data", "data_template", "target"] {
        places.fields.extend(keys.places(name));
    }
    let (fields, mut target) = (keys.map("data")?, keys.map("target")?);
    let templates = keys.map("data_template")?;
    let fields = match fields == nothing() {
        true => templates,
        false if templates == nothing() => fields,
        false => return Err(node.place.problem("`data_template` and `data` mean the same; keep `data`")),
    };
    if let Some((place, node)) = keys.take("entity_id") {
        if target != nothing() {
            return Err(place.problem("`entity_id` and `target` mean the same; keep `target`"));
        }
        places.fields.push(("entity_id".into(), place.clone()));
        target = Data::Map(vec![("entity_id".into(), data(node))]);
    }
    // Data that Home Assistant's editor stores for itself.
    keys.ignore("metadata");
    let response = keys.text("response_variable")?;
    [&action, &fields, &target].into_iter().try_for_each(check)?;
    Ok(ActionKind::Call { action, data: fields, target, response, places })
}

fn nothing() -> Data {
    Data::Constant(Value::Object(Default::default()))
}

fn delay(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a delay");
    Ok(ActionKind::Delay(keys.period("delay")?.unwrap_or(Data::Constant(Value::from(0)))))
}

fn wait_template(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a wait_template");
    let value = values::template(keys.need("wait_template", "what has to become true")?, "wait_template")?;
    let (timeout, continues_on_timeout) =
        (keys.period("timeout")?, keys.flag("continue_on_timeout")?.unwrap_or(true));
    Ok(ActionKind::WaitTemplate { value, timeout, continues_on_timeout })
}

fn wait_for_trigger(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a wait_for_trigger");
    let triggers = Arc::new(trigger::list(keys.need("wait_for_trigger", "what it waits for")?)?);
    let (timeout, continues_on_timeout) =
        (keys.period("timeout")?, keys.flag("continue_on_timeout")?.unwrap_or(true));
    Ok(ActionKind::WaitForTrigger { triggers, timeout, continues_on_timeout })
}

fn event(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("an event");
    let node = keys.need("event", "the name of the event")?;
    let name = text(node, "event")?.unwrap_or_default();
    if name.is_empty() || is_template(&name) {
        return Err(node.place.problem("`event` must be the name of the event, not a template"));
    }
    let (plain, templates) = (keys.map("event_data")?, keys.map("event_data_template")?);
    let data = if plain == nothing() { templates } else { plain };
    check(&data)?;
    Ok(ActionKind::Event { name, data })
}

fn choose(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a choose");
    let options = many(keys.need("choose", "the options")?, |node| {
        let mut keys = Keys::of(node, "an option of a choose")?;
        keys.ignore("alias");
        let conditions = keys.need_any(&["conditions", "condition"], "its conditions")?;
        let conditions = condition::list(conditions)?;
        let steps = sequence(keys.need("sequence", "what it does")?)?;
        keys.finish()?;
        Ok((conditions, steps))
    })?;
    let default = keys.take("default").map(|(_, node)| sequence(node)).transpose()?.unwrap_or_default();
    Ok(ActionKind::Choose { options, default })
}

fn decide(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("an if");
    let conditions = condition::list(keys.need("if", "its conditions")?)?;
    let then = sequence(keys.need("then", "what it does")?)?;
    let otherwise = keys.take("else").map(|(_, node)| sequence(node)).transpose()?.unwrap_or_default();
    Ok(ActionKind::If { conditions, then, otherwise })
}

fn repeat(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a repeat");
    let node = keys.need("repeat", "what is repeated")?;
    let mut inner = Keys::of(node, "a repeat")?;
    let sequence = sequence(inner.need("sequence", "what it does")?)?;
    let mut found = Vec::new();
    if let Some((_, node)) = inner.take("count") {
        let count = data(node);
        check(&count)?;
        let is_count = count.constant().is_none_or(|count| count.as_i64().is_some_and(|count| count >= 0));
        if !is_count {
            return Err(node.place.problem("`count` must be a whole number or a template"));
        }
        found.push(Repeat::Count(count));
    }
    if let Some((_, node)) = inner.take("while") {
        found.push(Repeat::While(condition::list(node)?));
    }
    if let Some((_, node)) = inner.take("until") {
        found.push(Repeat::Until(condition::list(node)?));
    }
    if let Some((_, node)) = inner.take("for_each") {
        let items = data(node);
        check(&items)?;
        if !matches!(node.kind, Kind::List(_)) && !matches!(items, Data::Template(_)) {
            return Err(node.place.problem("`for_each` must be a list or a template"));
        }
        found.push(Repeat::ForEach(items));
    }
    inner.finish()?;
    match <[Repeat; 1]>::try_from(found) {
        Ok([how]) => Ok(ActionKind::Repeat { how, sequence }),
        Err(_) => Err(node.place.problem("a repeat needs exactly one of count, while, until and for_each")),
    }
}

fn variables(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a variables step");
    keys.variables("variables").map(ActionKind::Variables)
}

fn stop(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a stop");
    let message = keys.data("stop").unwrap_or(Data::Constant(Value::Null));
    check(&message)?;
    let (is_error, response) = (keys.flag("error")?.unwrap_or(false), keys.text("response_variable")?);
    Ok(ActionKind::Stop { message, is_error, response })
}

fn parallel(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a parallel");
    let branches = many(keys.need("parallel", "the branches")?, |node| match &node.kind {
        Kind::List(_) => sequence(node),
        _ => Ok(Arc::new(vec![one(node)?])),
    })?;
    Ok(ActionKind::Parallel(branches))
}

fn block(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a sequence");
    sequence(keys.need("sequence", "what it does")?).map(ActionKind::Sequence)
}

fn scene(keys: &mut Keys) -> Parsed<ActionKind> {
    Err(keys.place().problem("the action `scene` is not supported; use `action: scene.turn_on`"))
}
