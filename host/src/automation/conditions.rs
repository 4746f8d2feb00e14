//! Conditions: whether they hold now, and what was seen while finding out. Pure.

use chrono::{Datelike, NaiveTime};
use serde_json::{Value, json};

use super::home::{Entity, Home};
use super::model::{At, Bound, Condition, ConditionKind, Range};
use super::parse;
use super::templates::{Templates, Variables};
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
    until(false, enabled(conditions).map(|condition| holds(condition, asked)))
}

/// Whether one of them holds.
fn some(conditions: &[Condition], asked: &Asked) -> Result<Verdict, String> {
    until(true, enabled(conditions).map(|condition| holds(condition, asked)))
}

/// A disabled one is as if it was not there.
fn enabled(conditions: &[Condition]) -> impl Iterator<Item = &Condition> {
    conditions.iter().filter(|condition| condition.is_enabled)
}

/// Asks one after the other until one decides; what cannot be told matters only when none does.
fn until(
    decides: bool,
    verdicts: impl Iterator<Item = Result<Verdict, String>>,
) -> Result<Verdict, String> {
    let (mut seen, mut problems) = (Vec::new(), Vec::new());
    for verdict in verdicts {
        match verdict {
            Ok(verdict) => {
                seen.push(verdict.seen);
                if verdict.holds == decides {
                    return Ok(Verdict::new(decides, Value::Array(seen)));
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    match problems.is_empty() {
        true => Ok(Verdict::new(!decides, Value::Array(seen))),
        false => Err(problems.join("; ")),
    }
}

/// Whether one holds.
pub fn holds(condition: &Condition, asked: &Asked) -> Result<Verdict, String> {
    if !condition.is_enabled {
        return Ok(Verdict::new(true, json!({"enabled": false})));
    }
    match &condition.kind {
        ConditionKind::And(inner) => all(inner, asked),
        ConditionKind::Or(inner) => some(inner, asked),
        ConditionKind::Not(inner) => some(inner, asked).map(|it| Verdict::new(!it.holds, it.seen)),
        ConditionKind::Template(template) => {
            let rendered = asked.templates.render(template, asked.home, asked.variables)?;
            let holds = says_true(&rendered.text);
            Ok(Verdict::new(holds, json!({"result": rendered.value})))
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
            let verdict = |id: &String| {
                let (holds, value) = in_range(range, id, asked);
                let holds = holds.map_err(|problem| format!("{}: {problem}", condition.place))?;
                Ok(Verdict::new(holds, json!({"entity_id": id, "value": value})))
            };
            until(false, range.entities.iter().map(verdict))
        }
        ConditionKind::State { entities, any, .. } => {
            until(*any, entities.iter().map(|id| state(condition, id, asked)))
        }
    }
}

/// What a template condition has to say: nothing else will do, as in Home Assistant.
pub fn says_true(text: &str) -> bool {
    text.eq_ignore_ascii_case("true")
}

/// Whether one entity is in a state, long enough.
fn state(condition: &Condition, id: &str, asked: &Asked) -> Result<Verdict, String> {
    let ConditionKind::State { attribute, states, hold, .. } = &condition.kind else {
        return Ok(Verdict::new(false, Value::Null));
    };
    let place = &condition.place;
    let missing = |id: &str| format!("{place}: there is no entity {id}; correct its id or wait until it is there");
    let entity = asked.home.states.get(id).ok_or_else(|| missing(id))?;
    let value = entity.value(attribute.as_deref());
    let seen = json!({"entity_id": id, "value": value, "since": entity.last_changed.to_iso()});
    let has_one = attribute.as_ref().is_none_or(|name| entity.attributes.get(name).is_some());
    let mut is_so = false;
    for wanted in states.iter().filter(|_| has_one) {
        // An `input_…` entity stands for its state.
        let named = wanted.as_str().filter(|id| id.starts_with("input_") && parse::is_entity(id));
        is_so |= match named {
            Some(id) => {
                let entity = asked.home.states.get(id).ok_or_else(|| missing(id))?;
                value.as_str() == Some(entity.state.as_str())
            }
            None => value == *wanted,
        };
    }
    if !is_so {
        return Ok(Verdict::new(false, seen));
    }
    let Some(hold) = hold else { return Ok(Verdict::new(true, seen)) };
    let span = span(hold, asked, condition)?;
    Ok(Verdict::new(zone::plus(entity.last_changed, span) <= asked.home.now, seen))
}

fn span(
    data: &super::model::Data,
    asked: &Asked,
    condition: &Condition,
) -> Result<chrono::TimeDelta, String> {
    let value = asked.templates.fill(data, asked.home, asked.variables)?;
    parse::period(&value).map_err(|reason| format!("{}: `for` {reason}", condition.place))
}

/// Whether the number of an entity lies between the bounds, and which it is. Without a value, or with one that is unknown or
/// unavailable, it does not; of what is no number it cannot be told.
pub fn in_range(range: &Range, id: &str, asked: &Asked) -> (Result<bool, String>, Value) {
    match value_of(range, id, asked) {
        Ok(value) => (is_within(range, id, &value, asked), value),
        Err(problem) => (Err(problem), Value::Null),
    }
}

fn value_of(range: &Range, id: &str, asked: &Asked) -> Result<Value, String> {
    let entity = entity(id, asked)?;
    let Some(template) = &range.value else { return Ok(entity.value(range.attribute.as_deref())) };
    let mut variables = asked.variables.clone();
    variables.insert("state".into(), entity.to_json(id));
    Ok(asked.templates.render(template, asked.home, &variables)?.value)
}

fn entity<'a>(id: &str, asked: &'a Asked) -> Result<&'a Entity, String> {
    let entity = asked.home.states.get(id).map(AsRef::as_ref);
    entity.ok_or_else(|| format!("there is no entity {id}; correct its id or wait until it is there"))
}

fn is_within(range: &Range, id: &str, value: &Value, asked: &Asked) -> Result<bool, String> {
    let Some(number) = number(value, id)? else { return Ok(false) };
    let bound = |bound: &Option<Bound>| match bound {
        None => Ok(Some(None)),
        Some(Bound::Number(number)) => Ok(Some(Some(*number))),
        Some(Bound::Entity(id)) => {
            let state = Value::String(entity(id, asked)?.state.clone());
            Ok::<_, String>(self::number(&state, id)?.map(Some))
        }
    };
    // Nothing is within a bound that is unknown now.
    let (Some(above), Some(below)) = (bound(&range.above)?, bound(&range.below)?) else { return Ok(false) };
    Ok(above.is_none_or(|above| number > above) && below.is_none_or(|below| number < below))
}

/// A number; none when it is not known now.
fn number(value: &Value, id: &str) -> Result<Option<f64>, String> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => return Ok(number.as_f64()),
        Value::Bool(flag) => return Ok(Some(f64::from(u8::from(*flag)))),
        Value::String(text) if matches!(text.as_str(), "unknown" | "unavailable") => return Ok(None),
        value => value.as_str().unwrap_or_default(),
    };
    let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
    let wrong = || format!("`{text}` of {id} is no number; give it a number, or make one of it in `value_template`");
    number.map(Some).ok_or_else(wrong)
}

fn time(
    home: &Home,
    after: Option<&At>,
    before: Option<&At>,
    weekdays: &[chrono::Weekday],
    condition: &Condition,
) -> Result<Verdict, String> {
    let now = zone::utc(home.now).with_timezone(&home.zone);
    let is_between = match (time_of(after, home, condition)?, time_of(before, home, condition)?) {
        (Clock::Unknown, _) | (_, Clock::Unknown) => false,
        (from, to) => is_between(now.time(), from, to),
    };
    let is_day = weekdays.is_empty() || weekdays.contains(&now.weekday());
    let seen = json!({"now": now.to_rfc3339(), "weekday": now.weekday().to_string().to_lowercase()});
    Ok(Verdict::new(is_between && is_day, seen))
}

/// One end of a time condition.
#[derive(Clone, Copy)]
enum Clock {
    Open,
    At(NaiveTime),
    /// An entity that shows no time now.
    Unknown,
}

fn time_of(at: Option<&At>, home: &Home, condition: &Condition) -> Result<Clock, String> {
    Ok(match at {
        None => Clock::Open,
        Some(At::Time(time)) => Clock::At(*time),
        Some(At::Entity { id, .. }) if home.states.contains_key(id) => {
            entity_time(home, id).map_or(Clock::Unknown, Clock::At)
        }
        Some(At::Entity { id, .. }) => {
            let place = &condition.place;
            return Err(format!("{place}: there is no entity {id}; correct its id or wait until it is there"));
        }
        Some(At::Template(_)) => Clock::Unknown,
    })
}

/// From the one to the other, over midnight when the other is not later.
fn is_between(now: NaiveTime, from: Clock, to: Clock) -> bool {
    let from = if let Clock::At(time) = from { time } else { NaiveTime::MIN };
    let Clock::At(to) = to else { return now >= from };
    match from < to {
        true => now >= from && now < to,
        false => now >= from || now < to,
    }
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
