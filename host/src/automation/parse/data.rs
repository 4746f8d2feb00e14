//! Parses values that may contain templates: data, time spans and templates themselves. Every template must compile.

use serde_json::Value;

use super::values::string;
use crate::automation::literals::{period, unit_seconds};
use crate::automation::model::{Data, Template};
use crate::automation::templates::{self, is_template};
use crate::automation::yaml::{Key, Kind, Node, Parsed, Place};

/// Any value; texts with template syntax become templates, in keys too.
pub fn data(node: &Node) -> Parsed<Data> {
    match &node.kind {
        Kind::List(items) => items.iter().map(data).collect::<Parsed<_>>().map(Data::List),
        Kind::Map(entries) => entries.iter().map(entry).collect::<Parsed<_>>().map(Data::Map),
        _ => scalar(&node.kind, &node.place),
    }
}

fn entry((key, node): &(Key, Node)) -> Parsed<(Data, Data)> {
    Ok((scalar(&key.kind, &key.place)?, data(node)?))
}

fn scalar(kind: &Kind, place: &Place) -> Parsed<Data> {
    Ok(Data::Constant(match kind {
        Kind::Text(text) if is_template(text) => return compiled(text, place).map(Data::Template),
        Kind::Text(text) => Value::String(text.clone()),
        Kind::Bool(flag) => Value::from(*flag),
        Kind::Int(number) => Value::from(*number),
        Kind::Float(number) => Value::from(*number),
        Kind::Foreign(text) => {
            let text =
                format!("YAML reads `{text}` as a date or a number that is too large; put it in quotes");
            return Err(place.problem(text));
        }
        Kind::Null | Kind::List(_) | Kind::Map(_) => Value::Null,
    }))
}

fn compiled(source: &str, place: &Place) -> Parsed<Template> {
    templates::check(source).map_err(|reason| place.problem(reason))?;
    Ok(Template { source: source.into(), place: place.clone() })
}

/// Checks templates that are rendered when the automation is loaded: they see no states and no time.
pub fn check_limited(data: &Data) -> Parsed<()> {
    match data {
        Data::Constant(_) => Ok(()),
        Data::Template(template) => {
            templates::check_limited(&template.source).map_err(|reason| template.place.problem(reason))
        }
        Data::List(items) => items.iter().try_for_each(check_limited),
        Data::Map(pairs) => pairs.iter().try_for_each(|(key, value)| {
            check_limited(key)?;
            check_limited(value)
        }),
    }
}

/// A template, or a text without template syntax, which is its own result.
pub fn template(node: &Node, name: &str) -> Parsed<Template> {
    match &node.kind {
        Kind::List(_) | Kind::Map(_) => {
            let text = format!("`{name}`: expected a template in quotes, found {}", node.describe());
            Err(node.place.problem(text))
        }
        _ => compiled(&string(node, name)?, &node.place),
    }
}

/// A mapping whose values may be templates.
pub fn mapping(node: &Node, name: &str) -> Parsed<Data> {
    match &node.kind {
        Kind::Map(_) => data(node),
        _ => Err(node
            .place
            .problem(format!("`{name}`: expected a mapping (`name: value`), found {}", node.describe()))),
    }
}

/// A time span that is not negative, a template that returns one, or a mapping of units with templates.
pub fn span(node: &Node, name: &str) -> Parsed<Data> {
    let wrong = |reason: &str| node.place.problem(format!("`{name}` {reason}"));
    if matches!(node.kind, Kind::Foreign(_)) {
        return Err(wrong("is not a time span; put a number of seconds, or \"HH:MM:SS\" in quotes"));
    }
    let data = data(node)?;
    match (&data, data.constant()) {
        (_, Some(value)) => period(&value).map_err(|reason| wrong(&reason))?,
        (Data::Map(parts), None) => {
            return parts.iter().try_for_each(part).map(|()| data.clone()).map_err(|reason| wrong(&reason));
        }
        (Data::List(_), None) => return Err(wrong("is a list; use \"HH:MM:SS\" or a number of seconds")),
        _ => return Ok(data),
    };
    Ok(data)
}

/// One unit of a time span that is checked before its templates are rendered.
fn part((unit, length): &(Data, Data)) -> Result<(), String> {
    let advice = "use the keys days, hours, minutes, seconds and milliseconds with numbers";
    if let Some(unit) = unit.constant() {
        let known = unit.as_str().and_then(unit_seconds);
        known.ok_or_else(|| format!("has the unknown unit `{}`; {advice}", unit.as_str().unwrap_or("?")))?;
    }
    match length.constant().map(|length| crate::automation::literals::number(&length)) {
        Some(None) => Err(format!("has a unit that is no number; {advice}")),
        Some(Some(length)) if length.is_nan() || length < 0.0 => {
            Err(format!("has a unit that is negative; {advice}"))
        }
        _ => Ok(()),
    }
}
