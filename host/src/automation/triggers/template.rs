//! Template triggers: a template that was not true becomes so.
//!
//! Rendered again when something it read changes; one that reads the time, at every full minute too.

use serde_json::{Value, json};

use super::hold::{self, Held, Waiting};
use super::{Fired, Moment};
use crate::automation::home::{Event, Home};
use crate::automation::model::{Data, Every, Template};
use crate::automation::templates::{Reads, is_true, span_text};
use crate::automation::yaml::Place;
use crate::automation::zone;
use crate::model::Timestamp;

/// What it gave last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Last {
    is_true: bool,
    pub reads: Reads,
    /// When it is rendered again, if nothing happens.
    pub next: Option<Timestamp>,
}

/// At the beginning; one that cannot be rendered counts as true, so that it has to be seen not true before it fires, and is
/// tried again with every change.
pub fn first(template: &Template, moment: &Moment) -> (Last, Option<String>) {
    let mut last = Last { is_true: true, ..Last::default() };
    let problem = last.render(template, moment).err();
    (last, problem)
}

impl Last {
    /// The home's clocks show something else.
    pub fn reckon(&mut self, home: &Home) {
        self.next = self.next.map(|next| minute(home).map_or(next, |minute| minute.min(next)));
    }

    /// When that fails, what it was counts; what it looked at does anyway.
    fn render(&mut self, template: &Template, moment: &Moment) -> Result<(), String> {
        let (rendered, reads) = moment.templates.attempt(template, moment.home, moment.variables);
        self.next = reads.time.then(|| minute(moment.home)).flatten();
        self.reads = reads;
        self.is_true = is_true(&rendered?.1);
        Ok(())
    }
}

fn minute(home: &Home) -> Option<Timestamp> {
    zone::next_pattern(home.zone, home.now, Every::Any, Every::Any, Every::Is(0))
}

pub fn hear(
    template: &Template,
    hold: Option<&Data>,
    last: &mut Last,
    held: &mut Held,
    moment: &Moment,
    place: &Place,
) -> Fired {
    let mut fired = Fired::of(held.take_due(moment.home));
    let is_concerned = match moment.event {
        Event::State { id, .. } => last.reads.all || last.reads.entities.contains(id),
        Event::Time => last.next.is_some_and(|next| next <= moment.home.now),
        _ => false,
    };
    if !is_concerned {
        return fired;
    }
    let was_true = last.is_true;
    if let Err(problem) = last.render(template, moment) {
        fired.told.push(problem);
        return fired;
    }
    if !last.is_true {
        held.cancel("");
    }
    if was_true || !last.is_true {
        return fired;
    }
    let mut shown = json!({
        "platform": "template",
        "entity_id": null,
        "from_state": null,
        "to_state": null,
        "for": null,
        "description": "template",
    });
    if let (Event::State { id, old, new }, Some(fields)) = (moment.event, shown.as_object_mut()) {
        fields.insert("entity_id".into(), id.clone().into());
        fields.insert("from_state".into(), old.as_ref().map_or(Value::Null, |entity| entity.to_json(id)));
        fields.insert("to_state".into(), new.as_ref().map_or(Value::Null, |entity| entity.to_json(id)));
    }
    match hold::span(hold, &shown, moment, place) {
        Err(problem) => fired.told.push(problem),
        Ok(None) => fired.triggers.push(shown),
        Ok(Some(span)) => {
            if let Some(fields) = shown.as_object_mut() {
                fields.insert("for".into(), span_text(span).into());
            }
            let due = hold::due(moment, span);
            held.put("", Waiting { due, from: Value::Null, to: Value::Null, trigger: shown });
        }
    }
    fired
}
