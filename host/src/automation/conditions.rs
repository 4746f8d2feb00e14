//! Conditions: whether they hold now, and what was seen while finding out. Pure.

use chrono::{Datelike, NaiveTime, Timelike};
use serde_json::{Value, json};

use super::home::Home;
use super::model::{At, Bound, Condition, ConditionKind, Range};
use super::parse;
use super::templates::{Templates, Variables, is_true};
use super::zone;
use crate::model::Timestamp;

/// Whether a condition holds, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    pub holds: bool,
    /// The values that decided, for the trace.
    pub seen: Value,
}

impl Verdict {
    fn new(holds: bool, seen: Value) -> Self {
        Self { holds, seen }
    }
}

/// What a condition is asked about.
pub struct Asked<'a> {
    pub home: &'a Home,
    pub templates: &'a Templates,
    pub variables: &'a Variables,
}

/// Whether all hold; the first that does not ends it. The error says what to do.
pub fn all(conditions: &[Condition], asked: &Asked) -> Result<Verdict, String> {
    let mut seen = Vec::new();
    for condition in conditions {
        let verdict = holds(condition, asked)?;
        seen.push(verdict.seen);
        if !verdict.holds {
            return Ok(Verdict::new(false, Value::Array(seen)));
        }
    }
    Ok(Verdict::new(true, Value::Array(seen)))
}

/// Whether one holds. A disabled one does.
pub fn holds(condition: &Condition, asked: &Asked) -> Result<Verdict, String> {
    if !condition.is_enabled {
        return Ok(Verdict::new(true, json!({"enabled": false})));
    }
    match &condition.kind {
        ConditionKind::And(inner) => all(inner, asked),
        ConditionKind::Or(inner) => some(inner, asked, true),
        ConditionKind::Not(inner) => some(inner, asked, true).map(|it| Verdict::new(!it.holds, it.seen)),
        ConditionKind::Template(template) => {
            let rendered = asked.templates.render(template, asked.home, asked.variables)?;
            Ok(Verdict::new(is_true(&rendered.value), json!({"result": rendered.value})))
        }
        ConditionKind::Trigger(ids) => {
            let id = asked.variables.get("trigger").and_then(|trigger| trigger.get("id")).cloned();
            let id = id.unwrap_or_default();
            let holds = id.as_str().is_some_and(|id| ids.iter().any(|wanted| wanted == id));
            Ok(Verdict::new(holds, json!({"trigger": id})))
        }
        ConditionKind::Time { after, before, weekdays } => {
            time(asked.home, after.as_ref(), before.as_ref(), weekdays, condition)
        }
        ConditionKind::NumericState(range) => {
            let mut seen = Vec::new();
            for id in &range.entities {
                let (holds, value) = in_range(range, id, asked)?;
                seen.push(json!({"entity_id": id, "value": value}));
                if !holds {
                    return Ok(Verdict::new(false, Value::Array(seen)));
                }
            }
            Ok(Verdict::new(true, Value::Array(seen)))
        }
        ConditionKind::State { entities, attribute, states, any, hold } => {
            let hold = match hold {
                None => None,
                Some(data) => Some(span(data, asked, condition)?),
            };
            let mut seen = Vec::new();
            let mut held = 0;
            for id in entities {
                let Some(entity) = asked.home.states.get(id) else {
                    let place = &condition.place;
                    return Err(format!(
                        "{place}: there is no entity {id}; correct its id or wait until it is there"
                    ));
                };
                let value = entity.value(attribute.as_deref());
                let since = if attribute.is_some() { entity.last_updated } else { entity.last_changed };
                let is_long = hold.is_none_or(|hold| zone::plus(since, hold) <= asked.home.now);
                held += usize::from(is_state(&value, states, attribute.is_some(), asked.home) && is_long);
                seen.push(json!({"entity_id": id, "value": value, "since": since.to_iso()}));
            }
            let holds = if *any { held > 0 } else { held == entities.len() };
            Ok(Verdict::new(holds, Value::Array(seen)))
        }
    }
}

fn some(conditions: &[Condition], asked: &Asked, wanted: bool) -> Result<Verdict, String> {
    let mut seen = Vec::new();
    for condition in conditions {
        let verdict = holds(condition, asked)?;
        seen.push(verdict.seen);
        if verdict.holds == wanted {
            return Ok(Verdict::new(wanted, Value::Array(seen)));
        }
    }
    Ok(Verdict::new(!wanted, Value::Array(seen)))
}

/// Whether a value is one of `states`; among those, an `input_…` entity stands for its state.
fn is_state(value: &Value, states: &[Value], is_attribute: bool, home: &Home) -> bool {
    states.iter().any(|wanted| {
        let named = wanted.as_str().filter(|id| !is_attribute && id.starts_with("input_"));
        match named.and_then(|id| home.states.get(id)) {
            Some(entity) => value.as_str() == Some(entity.state.as_str()),
            None => value == wanted,
        }
    })
}

fn span(
    data: &super::model::Data,
    asked: &Asked,
    condition: &Condition,
) -> Result<chrono::TimeDelta, String> {
    let value = asked.templates.fill(data, asked.home, asked.variables)?;
    parse::period(&value).map_err(|reason| format!("{}: `for` {reason}", condition.place))
}

/// Whether the number of an entity lies between the bounds, and which it is. What is no number is in no range.
pub fn in_range(range: &Range, id: &str, asked: &Asked) -> Result<(bool, Value), String> {
    let Some(entity) = asked.home.states.get(id) else { return Ok((false, Value::Null)) };
    let mut value = entity.value(range.attribute.as_deref());
    if let Some(template) = &range.value {
        let mut variables = asked.variables.clone();
        variables.insert("state".into(), entity.to_json(id));
        value = asked.templates.render(template, asked.home, &variables)?.value;
    }
    let Some(number) = number(&value) else { return Ok((false, value)) };
    let bound = |bound: &Option<Bound>| match bound {
        None => Some(None),
        Some(Bound::Number(number)) => Some(Some(*number)),
        Some(Bound::Entity(id)) => {
            asked.home.states.get(id).and_then(|entity| number_of(&entity.state)).map(Some)
        }
    };
    // A bound that is no number now bounds nothing, so nothing is within it.
    let (Some(above), Some(below)) = (bound(&range.above), bound(&range.below)) else {
        return Ok((false, value));
    };
    let holds = above.is_none_or(|above| number > above) && below.is_none_or(|below| number < below);
    Ok((holds, value))
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| number_of(value.as_str()?))
}

fn number_of(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn time(
    home: &Home,
    after: Option<&At>,
    before: Option<&At>,
    weekdays: &[chrono::Weekday],
    condition: &Condition,
) -> Result<Verdict, String> {
    let now = zone::utc(home.now).with_timezone(&home.zone);
    let of_day = |at: Option<&At>, default: NaiveTime| match at {
        None => Ok(default),
        Some(At::Time(time)) => Ok(*time),
        Some(At::Entity { id, .. }) => entity_time(home, id).ok_or_else(|| {
            format!("{}: {id} shows no time; give it one or write a time here", condition.place)
        }),
    };
    let midnight = NaiveTime::MIN;
    let (from, to) = (of_day(after, midnight)?, of_day(before, midnight)?);
    let clock = now.time().with_nanosecond(0).unwrap_or(midnight);
    let is_between = match (after, before) {
        (None, None) => true,
        (Some(_), None) => clock >= from,
        (None, Some(_)) => clock < to,
        // Over midnight, when it ends before it begins.
        (Some(_), Some(_)) if from < to => clock >= from && clock < to,
        (Some(_), Some(_)) => clock >= from || clock < to,
    };
    let is_day = weekdays.is_empty() || weekdays.contains(&now.weekday());
    let seen = json!({"now": now.to_rfc3339(), "weekday": now.weekday().to_string().to_lowercase()});
    Ok(Verdict::new(is_between && is_day, seen))
}

/// The time of day an entity shows: an `input_datetime`, or a timestamp in local time.
pub fn entity_time(home: &Home, id: &str) -> Option<NaiveTime> {
    let state = &home.states.get(id)?.state;
    if let Some(time) = parse::clock_time(state) {
        return Some(time);
    }
    let moment = entity_moment(home, state)?;
    Some(zone::utc(moment).with_timezone(&home.zone).time())
}

/// The moment a text names: with an offset, or in local time.
pub fn entity_moment(home: &Home, text: &str) -> Option<Timestamp> {
    if let Ok(time) = chrono::DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1)) {
        return Some(zone::timestamp(time.to_utc()));
    }
    let formed = text.replacen(' ', "T", 1);
    let local = chrono::NaiveDateTime::parse_from_str(&formed, "%Y-%m-%dT%H:%M:%S%.f").ok();
    let day =
        || chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|day| day.and_time(NaiveTime::MIN));
    local.or_else(day).map(|local| zone::timestamp(zone::first(home.zone, local)))
}
