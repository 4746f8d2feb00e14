//! What runs do: calls and events in order, the states of automations, and how runs end.

use std::collections::BTreeMap;

use serde_json::Value;

use super::player::Player;
use super::{Difference, cases, judge};

/// What happened, in the form that both sides are compared in.
#[derive(Default)]
pub struct Record {
    /// Calls and events, with their times.
    pub effects: Vec<String>,
    /// The states of each automation, without repetitions.
    pub states: BTreeMap<String, Vec<String>>,
    /// How the runs of each automation ended: finished, error, cancelled. Home Assistant's `aborted` stands for a
    /// condition that does not hold, a timeout, a `stop` with an error, and wrong delays and counts.
    pub ends: BTreeMap<String, Vec<String>>,
}

impl Record {
    pub fn effect(&mut self, at: &str, verb: &str, name: &str, data: &Value) {
        self.effects.push(format!("{at} {verb} {name} {}", tidy(data)));
    }

    pub fn state(&mut self, id: &str, state: &str, current: &Value, was_triggered: bool) {
        let triggered = if was_triggered { "triggered" } else { "never triggered" };
        let line = format!("{state}, {current} running, {triggered}");
        let states = self.states.entry(id.into()).or_default();
        if states.last() != Some(&line) {
            states.push(line);
        }
    }

    pub fn end(&mut self, name: &str, how: &str) {
        self.ends.entry(name.into()).or_default().push(how.into());
    }

    /// Where the two differ: this record's part and the other's.
    fn differs(&self, other: &Self) -> Option<(String, String)> {
        if self.effects != other.effects {
            return Some((self.effects.join("; "), other.effects.join("; ")));
        }
        if self.states != other.states {
            return Some((format!("{:?}", self.states), format!("{:?}", other.states)));
        }
        let fits = |(one, two): (&String, &String)| one == two || (one == "aborted" && two != "cancelled");
        let fit = |(one, two): (&Vec<String>, &Vec<String>)| {
            one.len() == two.len() && one.iter().zip(two).all(fits)
        };
        let is_same =
            self.ends.keys().eq(other.ends.keys()) && self.ends.values().zip(other.ends.values()).all(fit);
        (!is_same).then(|| (format!("{:?}", self.ends), format!("{:?}", other.ends)))
    }
}

/// Data with targets as lists: a list of entities may be written as a text.
fn tidy(data: &Value) -> Value {
    let mut data = data.clone();
    if let Some(Value::String(text)) = data.get("entity_id") {
        data["entity_id"] = text.split(',').map(str::trim).collect();
    }
    data
}

#[test]
fn runs_do_what_they_do_in_home_assistant() {
    let cases = cases("runs");
    let mut differences = Vec::new();
    for (subject, case) in &cases {
        let text = |name: &str| case[name].as_str().unwrap();
        let there = recorded(&case["record"]);
        let here = Player::play(text("automations"), text("timeline"));
        if let Some((home_assistant, larder)) = there.differs(&here) {
            let case = format!("{subject}: {}", text("name"));
            differences.push(Difference { case, home_assistant, larder });
        }
    }
    judge("runs", cases.len(), &differences);
}

/// The record of Home Assistant. Automations that it refused have no entity here.
fn recorded(entries: &Value) -> Record {
    let mut record = Record::default();
    for entry in entries.as_array().unwrap() {
        let text = |name: &str| entry[name].as_str();
        let at = text("at").unwrap();
        for verb in ["call", "fire"] {
            if let Some(name) = text(verb) {
                record.effect(at, verb, name, &entry["data"]);
            }
        }
        if let (Some(id), Some(to)) = (text("state"), text("to").filter(|to| *to != "unavailable")) {
            record.state(id, to, &entry["current"], entry["was_triggered"] == true);
        }
        if let Some(name) = text("end") {
            match text("execution") {
                Some("failed_conditions" | "failed_single" | "failed_max_runs") => {}
                Some(how) => record.end(name, how),
                // The variables could not be rendered, and no run began; or the automation was turned off.
                None if entry["error"].is_string() => {}
                None => record.end(name, "cancelled"),
            }
        }
    }
    record
}
