//! Parses actions: one or a list. The kind of an action follows from a key that only this kind has.

use std::sync::Arc;

use super::condition::{self, is_condition};
use super::data::{data, template};
use super::enabled::enabled;
use super::keys::Keys;
use super::service::call;
use super::trigger;
use super::values::{integer, many, string, text};
use crate::automation::model::{Action, ActionKind, Condition, Data, Repeat, Sequence};
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
    if matches!(&node.kind, Kind::Text(source) if is_template(source)) {
        let text = "a template alone is no action; write `condition: \"{{ … }}\"`";
        return Err(place.problem(text));
    }
    let mut keys = Keys::of(node, "an action")?;
    let (is_enabled, enabled_if) = enabled(&mut keys)?.split();
    if is_condition(&keys) && !["delay", "wait_template"].iter().any(|name| keys.has(name)) {
        let condition = Condition { is_enabled, ..condition::of_action(keys, node)? };
        let alias = condition.alias.clone();
        let kind = ActionKind::Condition(condition);
        return Ok(Action { alias, is_enabled, enabled_if, continues_on_error: false, kind, place });
    }
    let alias = keys.string("alias")?;
    keys.note()?;
    let continues_on_error = keys.flag("continue_on_error")?.unwrap_or(false);
    let kind = kind(&mut keys, node)?;
    keys.finish()?;
    Ok(Action { alias, is_enabled, enabled_if, continues_on_error, kind, place })
}

fn kind(keys: &mut Keys, node: &Node) -> Parsed<ActionKind> {
    type Read = fn(&mut Keys) -> Parsed<ActionKind>;
    // In Home Assistant's order: the first key decides.
    let kinds: [(&'static str, Read); 17] = [
        ("delay", delay),
        ("wait_template", wait_template),
        ("event", event),
        ("device_id", device),
        ("scene", scene),
        ("repeat", repeat),
        ("choose", choose),
        ("wait_for_trigger", wait_for_trigger),
        ("variables", variables),
        ("if", decide),
        ("action", call),
        ("service", call),
        ("service_template", call),
        ("stop", stop),
        ("parallel", parallel),
        ("sequence", block),
        ("set_conversation_response", conversation_response),
    ];
    match kinds.iter().find(|(name, _)| keys.has(name)) {
        Some((_, read)) => read(keys),
        None => Err(node.place.problem(
            "unsupported action; use `action: domain.name`, delay, wait_template, wait_for_trigger, event, \
             choose, if, repeat, variables, stop, parallel, sequence or a condition",
        )),
    }
}

fn delay(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a delay");
    let node = keys.need("delay", "how long it waits")?;
    super::data::span(node, "delay").map(ActionKind::Delay)
}

fn wait_template(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a wait_template");
    let value = template(keys.need("wait_template", "what has to become true")?, "wait_template")?;
    let (timeout, continues_on_timeout) =
        (keys.span("timeout")?, keys.flag("continue_on_timeout")?.unwrap_or(true));
    Ok(ActionKind::WaitTemplate { value, timeout, continues_on_timeout })
}

fn wait_for_trigger(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a wait_for_trigger");
    let triggers = Arc::new(trigger::list(keys.need("wait_for_trigger", "what it waits for")?)?);
    let (timeout, continues_on_timeout) =
        (keys.span("timeout")?, keys.flag("continue_on_timeout")?.unwrap_or(true));
    Ok(ActionKind::WaitForTrigger { triggers, timeout, continues_on_timeout })
}

fn event(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("an event");
    let node = keys.need("event", "the name of the event")?;
    let name = string(node, "event")?;
    if is_template(&name) {
        return Err(node.place.problem("`event` must be the name of the event, not a template"));
    }
    let (data, templates) = (keys.mapping("event_data")?, keys.mapping("event_data_template")?);
    let data = match (data, templates) {
        (Some(data), Some(templates)) => super::service::joined(data, templates),
        (data, templates) => data.or(templates).unwrap_or_else(Data::empty),
    };
    Ok(ActionKind::Event { name, data })
}

fn choose(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a choose");
    let options = many(keys.need("choose", "the options")?, |node| {
        let mut keys = Keys::of(node, "an option of a choose")?;
        keys.string("alias")?;
        keys.note()?;
        let conditions = condition::list(keys.need("conditions", "its conditions")?)?;
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
        found.push(Repeat::Count(count(node)?));
    }
    if let Some((_, node)) = inner.take("while") {
        found.push(Repeat::While(condition::list(node)?));
    }
    if let Some((_, node)) = inner.take("until") {
        found.push(Repeat::Until(condition::list(node)?));
    }
    if let Some((_, node)) = inner.take("for_each") {
        let items = data(node)?;
        if !matches!(items, Data::List(_) | Data::Template(_)) {
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

/// A whole number, in text too, or a template. With less than 1 nothing is repeated.
fn count(node: &Node) -> Parsed<Data> {
    match &node.kind {
        Kind::Text(text) if is_template(text) => data(node),
        _ => {
            let wrong = || node.place.problem("`count` must be a whole number or a template");
            let count = integer(node).or_else(|| fraction(node)).ok_or_else(wrong)?;
            Ok(Data::Constant(count.max(0).into()))
        }
    }
}

/// A number with a fraction in text, which Home Assistant takes as the result of a template.
fn fraction(node: &Node) -> Option<i64> {
    let Kind::Text(text) = &node.kind else { return None };
    let (whole, rest) = text.split_once('.')?;
    let is_fraction = !whole.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    whole.parse().ok().filter(|_| is_fraction)
}

fn variables(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a variables step");
    keys.variables("variables").map(ActionKind::Variables)
}

fn stop(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a stop");
    let message = match keys.need("stop", "why it stops")? {
        Node { kind: Kind::Null, .. } => None,
        node => Some(string(node, "stop")?),
    };
    let is_error = keys.flag("error")?.unwrap_or(false);
    let response = match keys.take("response_variable") {
        Some((place, _)) if is_error => {
            let text = "`response_variable` is not possible with `error: true`; remove one of them";
            return Err(place.problem(text));
        }
        found => found.map(|(_, node)| text(node, "response_variable")).transpose()?,
    };
    Ok(ActionKind::Stop { message, is_error, response })
}

fn parallel(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a parallel");
    let branches = many(keys.need("parallel", "the branches")?, sequence)?;
    Ok(ActionKind::Parallel(branches))
}

fn block(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a sequence");
    keys.metadata()?;
    sequence(keys.need("sequence", "what it does")?).map(ActionKind::Sequence)
}

fn conversation_response(keys: &mut Keys) -> Parsed<ActionKind> {
    keys.describe_as("a set_conversation_response");
    let node = keys.need("set_conversation_response", "the answer")?;
    Ok(ActionKind::ConversationResponse(match &node.kind {
        Kind::Null => None,
        _ => Some(template(node, "set_conversation_response")?),
    }))
}

fn device(keys: &mut Keys) -> Parsed<ActionKind> {
    Err(keys
        .place()
        .problem("actions of devices are not supported: Larder knows no devices; use `action: …`"))
}

fn scene(keys: &mut Keys) -> Parsed<ActionKind> {
    Err(keys.place().problem("the action `scene` is not supported; use `action: scene.turn_on`"))
}
