//! Which automations are accepted: the names of the accepted ones, and whether anything was refused.

use serde_json::Value;

use super::{Difference, cases, judge};
use crate::automation::tests::load_with_secrets;

/// The names of the accepted automations, and why something was refused.
struct Answer {
    accepted: Vec<String>,
    refused: Option<String>,
}

impl Answer {
    fn shown(&self) -> String {
        let accepted = format!("accepts {:?}", self.accepted);
        match &self.refused {
            Some(reason) if self.accepted.is_empty() => format!("refuses: {reason}"),
            Some(reason) => format!("{accepted}, refuses: {reason}"),
            None => accepted,
        }
    }
}

#[test]
fn automations_are_accepted_and_refused_as_in_home_assistant() {
    let cases = cases("automations");
    let mut differences = Vec::new();
    for (subject, case) in &cases {
        let text = case["text"].as_str().unwrap();
        let (there, here) = (recorded(case), asked(text));
        if there.accepted != here.accepted || there.refused.is_some() != here.refused.is_some() {
            differences.push(Difference {
                case: format!("{subject}: {}", text.trim()),
                home_assistant: there.shown(),
                larder: here.shown(),
            });
        }
    }
    judge("automations", cases.len(), &differences);
}

/// What Home Assistant answered. A file that it cannot read, or that breaks its validator, gives no automation.
fn recorded(case: &Value) -> Answer {
    for (key, what) in [("unreadable", ""), ("broken", "the whole file: ")] {
        if let Some(reason) = case[key].as_str() {
            return Answer { accepted: Vec::new(), refused: Some(format!("{what}{reason}")) };
        }
    }
    let automations = case["automations"].as_array().unwrap();
    let (good, bad): (Vec<_>, Vec<_>) = automations.iter().partition(|it| it["status"] == "ok");
    let disabled = |it: &&Value| it.as_str().unwrap().contains("disabled");
    let dropped = case["warnings"].as_array().into_iter().flatten().find(disabled);
    let reason = bad.first().map(|it| format!("{}: {}", text(&it["status"]), text(&it["error"])));
    let name = |it: &&Value| {
        [&it["alias"], &it["id"]].map(text).into_iter().find(|it| !it.is_empty()).unwrap_or_default()
    };
    Answer { accepted: good.iter().map(name).collect(), refused: reason.or(dropped.map(text)) }
}

/// What Larder answers.
fn asked(source: &str) -> Answer {
    let loaded = load_with_secrets(source);
    let name = |alias: Option<String>, id: Option<String>| {
        [alias, id].into_iter().flatten().find(|it| !it.is_empty()).unwrap_or_default()
    };
    Answer {
        accepted: loaded.automations.into_iter().map(|it| name(it.alias, it.id)).collect(),
        refused: loaded.problems.first().map(ToString::to_string),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
