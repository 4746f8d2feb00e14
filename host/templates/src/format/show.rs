//! Python's `str` and `repr` of values.

use super::float;
use super::quote::{escaped, quoted, quoted_bytes};
use crate::times::Moment;
use crate::value::{Callable, Dict, State, Value};

/// Python's `str`. A list, tuple, set, or mapping that came out of a template is the text that it was rendered to.
pub fn display(value: &Value) -> String {
    match value {
        Value::Undefined(_) => String::new(),
        Value::Text(text) => text.to_string(),
        Value::List(items) | Value::Tuple(items) => shown(items.text.as_deref(), value),
        Value::Set(set) => shown(set.text.as_deref(), value),
        Value::Dict(dict) => shown(dict.text.as_deref(), value),
        Value::Moment(moment) => moment.iso(' '),
        Value::Date(date) => date.to_string(),
        Value::Time(time) => crate::times::time_text(*time),
        Value::Span(span) => crate::times::span_text(*span),
        Value::Object(object) => object.display(),
        _ => repr(value),
    }
}

fn shown(rendered: Option<&str>, value: &Value) -> String {
    rendered.map_or_else(|| repr(value), str::to_owned)
}

/// Python's `repr`.
pub fn repr(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

/// Python's `ascii`: the `repr` with everything beyond ASCII escaped.
pub fn ascii(value: &Value) -> String {
    let mut result = String::new();
    for c in repr(value).chars() {
        match c.is_ascii() {
            true => result.push(c),
            false => escaped(c, &mut result),
        }
    }
    result
}

fn write(value: &Value, to: &mut String) {
    match value {
        Value::Undefined(_) => to.push_str("Undefined"),
        Value::None => to.push_str("None"),
        Value::Bool(true) => to.push_str("True"),
        Value::Bool(false) => to.push_str("False"),
        Value::Int(number) => to.push_str(&number.to_string()),
        Value::Float(number) => to.push_str(&float::repr(*number)),
        Value::Text(text) => quoted(text, to),
        Value::Bytes(bytes) => quoted_bytes(bytes, to),
        Value::List(items) => list(&items.items, '[', ']', to),
        Value::Tuple(items) => {
            list(&items.items, '(', ')', to);
            if items.items.len() == 1 {
                to.pop();
                to.push_str(",)");
            }
        }
        // Home Assistant wraps the sets that templates return in a type of its own.
        Value::Set(set) if set.text.is_some() => {
            to.push_str("Wrapper(");
            if !set.is_empty() {
                list(set.iter(), '{', '}', to);
            }
            to.push(')');
        }
        Value::Set(set) if set.is_empty() => to.push_str("set()"),
        Value::Set(set) => list(set.iter(), '{', '}', to),
        Value::Dict(dict) => mapping(dict, to),
        Value::Moment(moment) => to.push_str(&moment.repr()),
        Value::Date(date) => to.push_str(&crate::times::date_repr(*date)),
        Value::Time(time) => to.push_str(&crate::times::time_repr(*time)),
        Value::Span(span) => to.push_str(&crate::times::span_repr(*span)),
        Value::State(state) => state_text(state, to),
        Value::States(None) => to.push_str("<template AllStates>"),
        Value::States(Some(domain)) => to.push_str(&format!("<template DomainStates('{domain}')>")),
        Value::Callable(callable) => match callable.as_ref() {
            Callable::Limited(name) => to.push_str(&format!("<function {name}>")),
            Callable::Function(_, name) => to.push_str(&format!("<function {name}>")),
            Callable::Method(value, name) => {
                to.push_str(&format!("<built-in method {name} of {} object>", value.type_name()));
            }
            Callable::Macro(_, name) if name.is_empty() => to.push_str("<Macro anonymous>"),
            Callable::Macro(_, name) => to.push_str(&format!("<Macro '{name}'>")),
        },
        Value::Object(object) => to.push_str(&object.repr()),
    }
}

/// The time is in UTC: a value does not know the zone of the home.
fn state_text(state: &State, to: &mut String) {
    to.push_str(&format!("<template TemplateState(<state {}={}", state.entity_id, state.state));
    if state.attributes.is_true() {
        to.push_str("; ");
        attribute_text(&state.attributes, to);
    }
    let changed = Moment::of_utc(state.last_changed).iso('T');
    to.push_str(&format!(" @ {changed}>)>"));
}

/// `name=value, name=value`, at all depths.
fn attribute_text(value: &Value, to: &mut String) {
    let Some(dict) = value.as_dict() else {
        match value {
            Value::Moment(moment) => to.push_str(&moment.iso('T')),
            value => to.push_str(&display(value)),
        }
        return;
    };
    for (at, (key, value)) in dict.iter().enumerate() {
        if at > 0 {
            to.push_str(", ");
        }
        attribute_text(key.value(), to);
        to.push('=');
        attribute_text(value, to);
    }
}

fn list<'a>(items: impl IntoIterator<Item = &'a Value>, open: char, close: char, to: &mut String) {
    to.push(open);
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            to.push_str(", ");
        }
        write(item, to);
    }
    to.push(close);
}

fn mapping(dict: &Dict, to: &mut String) {
    to.push('{');
    for (at, (key, value)) in dict.iter().enumerate() {
        if at > 0 {
            to.push_str(", ");
        }
        write(key.value(), to);
        to.push_str(": ");
        write(value, to);
    }
    to.push('}');
}
