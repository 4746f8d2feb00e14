//! Parses the values of automations as Home Assistant's validator does: text, numbers, booleans, states and weekdays.

use chrono::Weekday;
use serde_json::Value;

use crate::automation::literals;
use crate::automation::yaml::{Kind, Node, Parsed};

/// What Home Assistant converts to text: text, numbers and booleans.
pub fn string(node: &Node, name: &str) -> Parsed<String> {
    match &node.kind {
        Kind::Text(text) | Kind::Foreign(text) => Ok(text.clone()),
        Kind::Int(number) => Ok(number.to_string()),
        Kind::Float(number) => Ok(literals::float_text(*number)),
        Kind::Bool(true) => Ok("True".into()),
        Kind::Bool(false) => Ok("False".into()),
        Kind::Null => Err(empty(node, name)),
        _ => Err(node.place.problem(format!("`{name}`: expected text, found {}", node.describe()))),
    }
}

/// A text, and nothing that YAML reads as something else.
pub fn text(node: &Node, name: &str) -> Parsed<String> {
    match &node.kind {
        Kind::Text(text) => Ok(text.clone()),
        Kind::Null => Err(empty(node, name)),
        Kind::List(_) | Kind::Map(_) => {
            Err(node.place.problem(format!("`{name}`: expected text, found {}", node.describe())))
        }
        _ => {
            let text = format!("YAML reads the value of `{name}` as {}; put it in quotes", node.describe());
            Err(node.place.problem(text))
        }
    }
}

fn empty(node: &Node, name: &str) -> crate::automation::yaml::Problem {
    node.place.problem(format!("`{name}` is empty; add a value or remove the line"))
}

/// One value or a list of them; none if there is no value.
pub fn many<'a, T>(node: &'a Node, mut read: impl FnMut(&'a Node) -> Parsed<T>) -> Parsed<Vec<T>> {
    match &node.kind {
        Kind::List(items) => items.iter().map(read).collect(),
        Kind::Null => Ok(Vec::new()),
        _ => Ok(vec![read(node)?]),
    }
}

/// True or false, or one of the words and numbers that Home Assistant takes for it.
pub fn boolean(node: &Node, name: &str) -> Parsed<bool> {
    let wrong = || {
        let found = match &node.kind {
            Kind::Text(text) => format!("`{text}`"),
            _ => node.describe().to_owned(),
        };
        node.place.problem(format!("`{name}`: expected true or false, found {found}"))
    };
    literals::boolean(&node.to_json()).ok_or_else(wrong)
}

/// A whole number, which may be written as text or with a fraction, which is dropped.
pub fn integer(node: &Node) -> Option<i64> {
    match &node.kind {
        Kind::Int(number) => Some(*number),
        Kind::Bool(flag) => Some(i64::from(*flag)),
        Kind::Text(text) => literals::integer(text),
        #[allow(clippy::cast_possible_truncation, reason = "limited to the range, as for any large count")]
        Kind::Float(number) => Some(*number as i64),
        _ => None,
    }
}

/// States that are compared with the state of an entity: one text or a list of them.
pub fn states(node: &Node, name: &str) -> Parsed<Vec<Value>> {
    many(node, |node| text(node, name).map(Value::String))
}

/// One weekday or a list of them.
pub fn weekdays(node: &Node) -> Parsed<Vec<Weekday>> {
    many(node, |node| {
        let day = text(node, "weekday")?;
        Ok(match day.as_str() {
            "mon" => Weekday::Mon,
            "tue" => Weekday::Tue,
            "wed" => Weekday::Wed,
            "thu" => Weekday::Thu,
            "fri" => Weekday::Fri,
            "sat" => Weekday::Sat,
            "sun" => Weekday::Sun,
            _ => {
                let text = format!("`{day}` is not a weekday; use mon, tue, wed, thu, fri, sat or sun");
                return Err(node.place.problem(text));
            }
        })
    })
}
