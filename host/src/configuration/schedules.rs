//! Reads the tables `[schedules.NAME]` into the JSON that the backup plugin takes. When a schedule is due, the plugin decides.

use serde_json::{Map, Value};

use super::keys::{as_text, choice, flag, list, text};
use super::location::Locations;
use crate::automation::parse::keys::Keys;
use crate::automation::yaml::{Node, Parsed, Place};
use crate::storage::locations::DirectoryLocation;
use crate::tunables::configuration::MAX_PATTERNS;

const RECURRENCES: [(&str, &str); 3] =
    [("daily", "daily"), ("custom_days", "custom_days"), ("never", "never")];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Reads one table. Keys that are absent in it are absent in the JSON.
pub fn schedule(node: &Node, locations: &Locations) -> Parsed<Value> {
    let mut keys = Keys::of(node, "a schedule")?;
    let mut schedule = Map::new();
    let Some(recurrence) = choice(&mut keys, "recurrence", &RECURRENCES)? else {
        return Err(keys
            .place()
            .problem("a schedule needs `recurrence` (daily, custom_days or never); add it"));
    };
    schedule.insert("recurrence".into(), recurrence.into());
    match (recurrence, keys.take("days")) {
        ("custom_days", None) => {
            let text = "`custom_days` needs `days`, such as [\"mon\", \"thu\"]; add it";
            return Err(keys.place().problem(text));
        }
        ("custom_days", Some((_, node))) => drop(schedule.insert("days".into(), days(node)?)),
        (_, Some((place, _))) => {
            let text = format!(
                "`days` has no effect with `{recurrence}`; remove it, or write recurrence = \"custom_days\""
            );
            return Err(place.problem(text));
        }
        (_, None) => {}
    }
    if let Some((_, node)) = keys.take("time") {
        schedule.insert("time".into(), time(node)?.into());
    }
    if let Some((_, node)) = keys.take("locations") {
        schedule.insert("agent_ids".into(), agents(node, locations)?);
    }
    if let Some(flag) = flag(&mut keys, "include_database")? {
        schedule.insert("include_database".into(), flag.into());
    }
    if let Some((_, node)) = keys.take("exclude") {
        schedule.insert("exclude".into(), patterns(node)?);
    }
    if let Some(name) = text(&mut keys, "name")? {
        schedule.insert("name".into(), name.into());
    }
    if let Some((_, node)) = keys.take("retention") {
        schedule.insert("retention".into(), retention(node)?);
    }
    keys.finish()?;
    Ok(Value::Object(schedule))
}

fn days(node: &Node) -> Parsed<Value> {
    let mut days: Vec<String> = Vec::new();
    for (place, day) in list(node, "days")? {
        if !DAYS.contains(&day.as_str()) {
            return Err(place.problem(format!("`{day}` is not a day; use {}", DAYS.join(", "))));
        }
        once(&mut days, day, &place)?;
    }
    match days.is_empty() {
        true => Err(node.place.problem("`days` is empty; add a day, or write recurrence = \"never\"")),
        false => Ok(days.into()),
    }
}

/// Adds a word to those before it, unless it is among them.
fn once(words: &mut Vec<String>, word: String, place: &Place) -> Parsed<()> {
    match words.contains(&word) {
        true => Err(place.problem(format!("`{word}` is listed twice; keep one"))),
        false => {
            words.push(word);
            Ok(())
        }
    }
}

/// `HH:MM:SS`.
fn time(node: &Node) -> Parsed<String> {
    let text = as_text(node, "time")?;
    let parts: Vec<&str> = text.split(':').collect();
    let is_number = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_below = |part: &str, end: u8| is_number(part) && part.parse().is_ok_and(|number: u8| number < end);
    match parts.as_slice() {
        [hours, minutes] if is_below(hours, 24) && is_below(minutes, 60) => Ok(format!("{text}:00")),
        [hours, minutes, seconds]
            if is_below(hours, 24) && is_below(minutes, 60) && is_below(seconds, 60) =>
        {
            Ok(text)
        }
        _ => Err(node.place.problem("`time` must be a local time such as \"04:30\" or \"04:30:00\"")),
    }
}

/// Ids of locations. A name without a dot is that of a table `[locations.NAME]`.
fn agents(node: &Node, locations: &Locations) -> Parsed<Value> {
    let mut agents = Vec::new();
    for (place, word) in list(node, "locations")? {
        let found = match word.as_str() {
            DirectoryLocation::LOCAL => Some(DirectoryLocation::LOCAL),
            word => {
                let mut all = locations.by_name.iter();
                all.find(|(name, location)| *name == word || location.id == word)
                    .map(|(_, it)| it.id.as_str())
            }
        };
        let known =
            || [DirectoryLocation::LOCAL].into_iter().chain(locations.by_name.keys().map(String::as_str));
        let Some(id) = found else {
            let known: Vec<_> = known().collect();
            let text = format!(
                "there is no location `{word}`; add a table for it, or use one of {}",
                known.join(", ")
            );
            return Err(place.problem(text));
        };
        once(&mut agents, id.to_owned(), &place)?;
    }
    match agents.is_empty() {
        true => Err(node.place.problem("`locations` is empty; name a location, or remove the key")),
        false => Ok(agents.into()),
    }
}

fn patterns(node: &Node) -> Parsed<Value> {
    let patterns = list(node, "exclude")?;
    if let Some((place, _)) = patterns.get(MAX_PATTERNS) {
        return Err(place.problem(format!("more than {MAX_PATTERNS} patterns; remove some")));
    }
    Ok(patterns.into_iter().map(|(_, pattern)| pattern).collect())
}

fn retention(node: &Node) -> Parsed<Value> {
    let mut keys = Keys::of(node, "`retention`")?;
    let mut retention = Map::new();
    for name in ["copies", "days"] {
        if let Some(number) = keys.whole_number(name, 1)? {
            retention.insert(name.into(), number.into());
        }
    }
    keys.finish()?;
    match retention.is_empty() {
        true => {
            Err(node.place.problem("`retention` needs `copies` or `days`; add one, or remove it to keep all"))
        }
        false => Ok(Value::Object(retention)),
    }
}
