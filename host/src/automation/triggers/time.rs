//! Time triggers and time patterns: the instants at which they fire, in local time.
//!
//! An instant missed during sleep fires once afterwards. Setting the clock back fires nothing again.

use chrono::{Datelike, TimeDelta, Weekday};
use serde_json::{Value, json};

use super::context::{Context, Interest};
use crate::automation::conditions::entity_moment;
use crate::automation::home::{Event, Home};
use crate::automation::literals;
use crate::automation::model::At;
use crate::automation::zone::{self, Every};
use crate::model::Timestamp;

/// When each of the times is next due.
pub fn times(at: &[At], weekdays: &[Weekday], home: &Home) -> Vec<Option<Timestamp>> {
    at.iter().map(|at| next(at, weekdays, home)).collect()
}

/// When one of them is next due.
pub fn next(at: &At, weekdays: &[Weekday], home: &Home) -> Option<Timestamp> {
    match at {
        At::Time(time) => zone::next_time(home.zone, home.now, *time, weekdays),
        At::Template(_) => None,
        At::Entity { id, offset } => {
            let state = &home.states.get(id)?.state;
            let later = TimeDelta::try_seconds(*offset)?;
            if let Some(time) = literals::clock_time(state) {
                // A daily time with an offset: the search starts earlier by the offset.
                let from = Home { now: zone::plus(home.now, -later), ..home.clone() };
                let found = zone::next_time(home.zone, from.now, time, weekdays)?;
                return Some(zone::plus(found, later));
            }
            let moment = zone::plus(entity_moment(home, state)?, later);
            let day = zone::utc(moment).with_timezone(&home.zone).weekday();
            (moment > home.now && (weekdays.is_empty() || weekdays.contains(&day))).then_some(moment)
        }
    }
}

/// Replaces a template by the time or entity that it returns now.
pub fn rendered(at: &At, context: &Context, problems: &mut Vec<String>) -> Option<At> {
    let At::Template(template) = at else { return Some(at.clone()) };
    let found = context.templates.render(template, context.home, context.variables).and_then(|rendered| {
        let text = rendered.text;
        let entity = || literals::is_entity(&text).then(|| At::Entity { id: text.clone(), offset: 0 });
        let wrong = || {
            let place = &template.place;
            format!(
                "{place}: the template returned `{text}`, which is neither a time nor an entity; \
                 make it return one of them"
            )
        };
        literals::clock_time(&text).map(At::Time).or_else(entity).ok_or_else(wrong)
    });
    found.map_err(|problem| problems.push(problem)).ok()
}

/// Adds the events that the trigger needs.
pub fn interest(at: &[At], interest: &mut Interest) {
    for at in at {
        if let At::Entity { id, .. } = at {
            interest.entities.insert(id.clone());
        }
    }
}

/// Fires the times that are due, and finds when each is next due. `nexts` holds the due times of `at`.
pub fn due_times(
    at: &[At],
    weekdays: &[Weekday],
    nexts: &mut [Option<Timestamp>],
    context: &Context,
) -> Vec<Value> {
    let mut fired = Vec::new();
    for (at, instant) in at.iter().zip(nexts) {
        if let Some(due) = instant.filter(|due| *due <= context.home.now) {
            fired.push(shown("time", due, context.home, at));
            *instant = next(at, weekdays, context.home);
        } else if let (Event::State { id: changed, .. }, At::Entity { id, .. }) = (context.event, at)
            && id == changed
        {
            *instant = next(at, weekdays, context.home);
        }
    }
    fired
}

/// Fires the pattern if it is due, and finds when it is next due.
pub fn due_pattern(
    (hours, minutes, seconds): (Every, Every, Every),
    next: &mut Option<Timestamp>,
    context: &Context,
) -> Vec<Value> {
    let home = context.home;
    let mut fired = Vec::new();
    if let Some(due) = next.filter(|due| *due <= home.now) {
        *next = zone::next_pattern(home.zone, home.now, hours, minutes, seconds);
        fired.push(
            json!({"platform": "time_pattern", "now": local(due, home), "description": "time pattern"}),
        );
    }
    fired
}

fn local(time: Timestamp, home: &Home) -> String {
    zone::utc(time).with_timezone(&home.zone).to_rfc3339()
}

fn shown(platform: &str, due: Timestamp, home: &Home, at: &At) -> Value {
    let id = match at {
        At::Entity { id, .. } => Some(id),
        At::Time(_) | At::Template(_) => None,
    };
    let now = local(due, home);
    let mut shown = json!({"platform": platform, "now": now, "description": "time", "entity_id": null});
    if let (Some(id), Some(fields)) = (id, shown.as_object_mut()) {
        fields.insert("entity_id".into(), id.clone().into());
        fields.insert("description".into(), format!("time set in {id}").into());
    }
    shown
}
