//! Reads the values of `larder.toml` by type. A value of the wrong type is an error at its place.

use std::time::Duration;

use crate::automation::parse::keys::Keys;
use crate::automation::yaml::{Kind, Node, Parsed, Place};

/// A text. Other types are not converted.
pub fn as_text(node: &Node, name: &str) -> Parsed<String> {
    match &node.kind {
        Kind::Text(text) => Ok(text.clone()),
        _ => Err(node.place.problem(format!("`{name}`: expected text in quotes, found {}", node.describe()))),
    }
}

/// An optional text.
pub fn text(keys: &mut Keys, name: &'static str) -> Parsed<Option<String>> {
    keys.take(name).map(|(_, node)| as_text(node, name)).transpose()
}

/// One of a fixed set of words.
pub fn choice<T: Copy>(keys: &mut Keys, name: &'static str, words: &[(&str, T)]) -> Parsed<Option<T>> {
    if let Some((_, node)) = keys.peek(name) {
        as_text(node, name)?;
    }
    keys.choice(name, words)
}

/// True or false.
pub fn flag(keys: &mut Keys, name: &'static str) -> Parsed<Option<bool>> {
    match keys.take(name) {
        None => Ok(None),
        Some((_, Node { kind: Kind::Bool(flag), .. })) => Ok(Some(*flag)),
        Some((_, node)) => {
            let text = format!("`{name}`: expected true or false, found {}", node.describe());
            Err(node.place.problem(text))
        }
    }
}

/// A list of texts with their places; empty if the key is absent.
pub fn texts(keys: &mut Keys, name: &'static str) -> Parsed<Vec<(Place, String)>> {
    let Some((_, node)) = keys.take(name) else { return Ok(Vec::new()) };
    list(node, name)
}

/// A list of texts with their places.
pub fn list(node: &Node, name: &str) -> Parsed<Vec<(Place, String)>> {
    let Kind::List(items) = &node.kind else {
        let text = format!("`{name}`: expected a list ([\"…\", \"…\"]), found {}", node.describe());
        return Err(node.place.problem(text));
    };
    items.iter().map(|item| Ok((item.place.clone(), as_text(item, name)?))).collect()
}

/// A duration in seconds, above 0 and at most `most`.
pub fn seconds(keys: &mut Keys, name: &'static str, most: Duration) -> Parsed<Option<Duration>> {
    let Some((_, node)) = keys.take(name) else { return Ok(None) };
    let number = match &node.kind {
        Kind::Int(number) => u32::try_from(*number).ok().map(f64::from),
        Kind::Float(number) => Some(*number),
        _ => None,
    };
    let time = number.and_then(|number| Duration::try_from_secs_f64(number).ok());
    let is_fit = |time: &Duration| !time.is_zero() && *time <= most;
    let wrong = || {
        let text = format!("`{name}` must be a number of seconds above 0 and at most {}", most.as_secs());
        node.place.problem(text)
    };
    time.filter(is_fit).map(Some).ok_or_else(wrong)
}

/// The tables below a key by their names, which must be slugs.
pub fn entries<'a>(keys: &mut Keys<'a>, name: &'static str) -> Parsed<Vec<(String, &'a Node)>> {
    let Some((_, node)) = keys.take(name) else { return Ok(Vec::new()) };
    let Kind::Map(entries) = &node.kind else {
        let text = format!("`{name}`: expected tables ([{name}.NAME]), found {}", node.describe());
        return Err(node.place.problem(text));
    };
    for (key, _) in entries {
        let is_slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if key.name.is_empty() || key.name.len() > 64 || !key.name.chars().all(is_slug) {
            let text = format!("`{}` is not a valid name; use lowercase letters, digits and `_`", key.name);
            return Err(key.place.problem(text));
        }
    }
    Ok(entries.iter().map(|(key, node)| (key.name.clone(), node)).collect())
}
