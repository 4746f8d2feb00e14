//! Parses the values of automations: text, entity IDs, times, time spans and templates.

use chrono::Weekday;

use crate::automation::literals::{clock_time, is_entity, number, period};
use crate::automation::model::{At, Bound, Data, Template};
use crate::automation::templates;
use crate::automation::yaml::{Kind, Node, Parsed};

/// A text; a whole number is converted to text. `None` if the value is empty.
pub fn text(node: &Node, name: &str) -> Parsed<Option<String>> {
    match &node.kind {
        Kind::Null => Ok(None),
        Kind::Text(text) => Ok(Some(text.clone())),
        Kind::Int(number) => Ok(Some(number.to_string())),
        Kind::Bool(_) => {
            let text = format!("YAML reads the value of `{name}` as true or false; put it in quotes");
            Err(node.place.problem(text))
        }
        _ => Err(node.place.problem(format!("`{name}`: expected text, found {}", node.describe()))),
    }
}

/// One value or a list of them.
pub fn many<'a, T>(node: &'a Node, read: impl Fn(&'a Node) -> Parsed<T>) -> Parsed<Vec<T>> {
    match &node.kind {
        Kind::List(items) => items.iter().map(read).collect(),
        Kind::Null => Ok(Vec::new()),
        _ => Ok(vec![read(node)?]),
    }
}

fn must_text(node: &Node, name: &str) -> Parsed<String> {
    let missing = || node.place.problem(format!("`{name}` is empty; add a value or remove the line"));
    text(node, name)?.ok_or_else(missing)
}

/// At least one text.
pub fn texts(node: &Node, name: &str) -> Parsed<Vec<String>> {
    let found = many(node, |node| must_text(node, name))?;
    match found.is_empty() {
        true => Err(node.place.problem(format!("`{name}` is empty; add a value or remove the line"))),
        false => Ok(found),
    }
}

/// At least one entity ID. A text may hold several, separated by commas.
pub fn entities(node: &Node) -> Parsed<Vec<String>> {
    let mut ids = Vec::new();
    for text in texts(node, "entity_id")? {
        for id in text.split(',').map(str::trim) {
            if !is_entity(id) {
                let text = format!(
                    "`{id}` is not an entity ID; use one like `sensor.name` (lowercase, no template)"
                );
                return Err(node.place.problem(text));
            }
            ids.push(id.to_owned());
        }
    }
    Ok(ids)
}

/// Any value; texts with template syntax become templates.
pub fn data(node: &Node) -> Data {
    match &node.kind {
        Kind::Text(text) if templates::is_template(text) => {
            Data::Template(Template { source: text.as_str().into(), place: node.place.clone() })
        }
        Kind::List(items) if templates::is_template(&node.to_json().to_string()) => {
            Data::List(items.iter().map(data).collect())
        }
        Kind::Map(entries) if templates::is_template(&node.to_json().to_string()) => {
            Data::Map(entries.iter().map(|(key, node)| (key.name.clone(), data(node))).collect())
        }
        _ => Data::Constant(node.to_json()),
    }
}

/// A template. It must compile.
pub fn template(node: &Node, name: &str) -> Parsed<Template> {
    let source = match &node.kind {
        Kind::Bool(flag) => flag.to_string(),
        Kind::Text(text) => text.clone(),
        Kind::Int(number) => number.to_string(),
        _ => {
            let text = format!("`{name}`: expected a template in quotes, found {}", node.describe());
            return Err(node.place.problem(text));
        }
    };
    templates::check(&source).map_err(|reason| node.place.problem(reason))?;
    Ok(Template { source: source.into(), place: node.place.clone() })
}

/// Checks that every template in a value compiles.
pub fn check(data: &Data) -> Parsed<()> {
    match data {
        Data::Constant(_) => Ok(()),
        Data::Template(template) => {
            templates::check(&template.source).map_err(|reason| template.place.problem(reason))
        }
        Data::List(items) => items.iter().try_for_each(check),
        Data::Map(pairs) => pairs.iter().try_for_each(|(_, data)| check(data)),
    }
}

/// A time span. Checked now if it contains no template.
pub fn period_data(node: &Node, name: &str) -> Parsed<Data> {
    let data = data(node);
    check(&data)?;
    if let Some(value) = data.constant() {
        period(&value).map_err(|reason| node.place.problem(format!("`{name}` {reason}")))?;
    }
    Ok(data)
}

/// A time of day or an entity that shows one.
pub fn at(node: &Node, name: &str) -> Parsed<At> {
    let Kind::Text(text) = &node.kind else {
        let text =
            format!("`{name}`: expected a time in quotes such as \"07:30:00\", found {}", node.describe());
        return Err(node.place.problem(text));
    };
    if is_entity(text) {
        return Ok(At::Entity { id: text.clone(), offset: 0 });
    }
    let wrong = || {
        let text =
            format!("`{text}` is neither a time nor an entity; use \"HH:MM:SS\" or `input_datetime.name`");
        node.place.problem(text)
    };
    clock_time(text).map(At::Time).ok_or_else(wrong)
}

/// One weekday or a list of them.
pub fn weekdays(node: &Node) -> Parsed<Vec<Weekday>> {
    many(node, |node| {
        let day = must_text(node, "weekday")?;
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

/// A number, or an entity whose state is one.
pub fn bound(node: &Node, name: &str) -> Parsed<Bound> {
    let number = match &node.kind {
        Kind::Text(text) if is_entity(text) => return Ok(Bound::Entity(text.clone())),
        _ => number(&node.to_json()),
    };
    let wrong = || node.place.problem(format!("`{name}` must be a number or an entity"));
    number.filter(|number| number.is_finite()).map(Bound::Number).ok_or_else(wrong)
}
