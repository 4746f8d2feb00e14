//! What an automation is, once it is read: typed, with nothing left to guess.
//!
//! Owns no behaviour but names. Goes out as JSON (the form that is compared, listed and kept as a golden result).

use std::sync::Arc;

use chrono::{NaiveTime, Weekday};
use serde::Serialize;
use serde_json::Value;

use super::slug::slug;
use super::yaml::Place;
use super::zone::Every;

/// Text that is rendered when it is needed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Template {
    #[serde(rename = "template")]
    pub source: Arc<str>,
    #[serde(skip)]
    pub place: Place,
}

/// A value that may hold templates at any depth.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Data {
    Constant(Value),
    Template(Template),
    List(Vec<Data>),
    #[serde(serialize_with = "as_map")]
    Map(Vec<(String, Data)>),
}

fn as_map<S: serde::Serializer>(pairs: &[(String, Data)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(pairs.iter().map(|(key, data)| (key, data)))
}

impl Data {
    /// The value, when no template is in it.
    pub fn constant(&self) -> Option<Value> {
        match self {
            Self::Constant(value) => Some(value.clone()),
            Self::Template(_) => None,
            Self::List(items) => items.iter().map(Data::constant).collect(),
            Self::Map(pairs) => {
                let pairs = pairs.iter().map(|(key, data)| data.constant().map(|value| (key.clone(), value)));
                pairs.collect::<Option<serde_json::Map<_, _>>>().map(Value::Object)
            }
        }
    }
}

/// Names with values, in the order in which they are set.
pub type VariableDefinitions = Vec<(String, Data)>;

/// What happens when an automation is triggered while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Single,
    Restart,
    Queued,
    Parallel,
}

/// One automation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Automation {
    pub id: Option<String>,
    pub alias: Option<String>,
    pub description: Option<String>,
    pub mode: Mode,
    /// Runs at once (parallel), or at once and waiting (queued).
    pub max: usize,
    /// Whether a trigger that found no place is told.
    pub warns: bool,
    /// What triggers see too: found once, when the automation is loaded.
    pub trigger_variables: VariableDefinitions,
    pub variables: VariableDefinitions,
    /// Runs that are remembered.
    pub traces: usize,
    pub is_enabled: bool,
    pub triggers: Vec<Trigger>,
    pub conditions: Vec<Condition>,
    pub actions: Arc<Vec<Action>>,
    /// Where it begins.
    #[serde(skip)]
    pub place: Place,
    /// The entities that it names, and where.
    #[serde(skip)]
    pub entities: Vec<(String, Place)>,
    /// As it was written, without places: what decides whether a reload changed it.
    #[serde(skip)]
    pub source: Value,
}

impl Automation {
    /// What people call it: its alias, else its id, else where it stands.
    pub fn name(&self) -> String {
        let named = self.alias.clone().or_else(|| self.id.clone());
        named.unwrap_or_else(|| format!("line {} of {}", self.place.line, self.place.file))
    }

    /// The entity that shows it.
    pub fn entity_id(&self) -> String {
        format!("automation.{}", slug(&self.name()))
    }
}

/// What starts an automation, or ends a wait.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trigger {
    pub id: Option<String>,
    pub alias: Option<String>,
    pub is_enabled: bool,
    pub variables: VariableDefinitions,
    pub kind: TriggerKind,
    #[serde(skip)]
    pub place: Place,
}

/// The kinds of triggers. `for_duration` is the key `for`: how long the new state has to last.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerKind {
    Time {
        at: Vec<At>,
        weekdays: Vec<Weekday>,
    },
    TimePattern {
        hours: Every,
        minutes: Every,
        seconds: Every,
    },
    State(StateTrigger),
    NumericState {
        range: Range,
        #[serde(rename = "hold")]
        for_duration: Option<Data>,
    },
    Template {
        value: Template,
        #[serde(rename = "hold")]
        for_duration: Option<Data>,
    },
    /// Templates are rendered when the trigger begins to watch.
    Event {
        names: Vec<Data>,
        data: Data,
    },
    Start,
    Shutdown,
}

/// When a time trigger fires.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    Time(NaiveTime),
    /// The time an entity shows, and seconds to add.
    Entity {
        id: String,
        offset: i64,
    },
    /// A template of either, rendered when the trigger begins to watch.
    #[serde(untagged)]
    Template(Template),
}

/// A change of an entity's state, or of one attribute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StateTrigger {
    pub entities: Vec<String>,
    pub attribute: Option<String>,
    /// None when not written; empty when written without a value: any change of the state.
    pub from: Option<Vec<Value>>,
    pub to: Option<Vec<Value>>,
    pub not_from: Option<Vec<Value>>,
    pub not_to: Option<Vec<Value>>,
    #[serde(rename = "hold")]
    pub for_duration: Option<Data>,
}

/// Numbers of entities between two bounds, the bounds not included.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Range {
    pub entities: Vec<String>,
    pub attribute: Option<String>,
    pub above: Option<Bound>,
    pub below: Option<Bound>,
    pub value: Option<Template>,
}

/// One end of a range.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Bound {
    Number(f64),
    Entity(String),
}

/// What has to hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Condition {
    pub alias: Option<String>,
    pub is_enabled: bool,
    pub kind: ConditionKind,
    #[serde(skip)]
    pub place: Place,
}

/// The kinds of conditions. `any` is whether one of the entities is enough.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConditionKind {
    State {
        entities: Vec<String>,
        attribute: Option<String>,
        states: Vec<Value>,
        any: bool,
        #[serde(rename = "hold")]
        for_duration: Option<Data>,
    },
    NumericState(Range),
    Time {
        after: Option<At>,
        before: Option<At>,
        weekdays: Vec<Weekday>,
    },
    Template(Template),
    Trigger(Vec<String>),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Vec<Condition>),
}

/// One step of what an automation does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Action {
    pub alias: Option<String>,
    pub is_enabled: bool,
    pub continues_on_error: bool,
    pub kind: ActionKind,
    #[serde(skip)]
    pub place: Place,
}

/// Actions in order, shared with the runs that are in the midst of them.
pub type Sequence = Arc<Vec<Action>>;

/// The kinds of actions.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    Call {
        action: Data,
        data: Data,
        target: Data,
        response: Option<String>,
        #[serde(skip)]
        places: CallPlaces,
    },
    Delay(Data),
    WaitTemplate {
        value: Template,
        timeout: Option<Data>,
        #[serde(rename = "goes_on")]
        continues_on_timeout: bool,
    },
    WaitForTrigger {
        triggers: Arc<Vec<Trigger>>,
        timeout: Option<Data>,
        #[serde(rename = "goes_on")]
        continues_on_timeout: bool,
    },
    Event {
        name: String,
        data: Data,
    },
    Choose {
        options: Vec<(Vec<Condition>, Sequence)>,
        default: Sequence,
    },
    If {
        conditions: Vec<Condition>,
        then: Sequence,
        otherwise: Sequence,
    },
    Repeat {
        how: Repeat,
        sequence: Sequence,
    },
    Variables(VariableDefinitions),
    Stop {
        message: Data,
        is_error: bool,
        response: Option<String>,
    },
    Parallel(Vec<Sequence>),
    Sequence(Sequence),
    Condition(Condition),
}

/// Where the parts of a call stand in their file.
#[derive(Debug, Clone, PartialEq)]
pub struct CallPlaces {
    pub action: Place,
    /// By the names of its fields, those of its target too.
    pub fields: Vec<(String, Place)>,
}

impl CallPlaces {
    /// Where a field stands; where the action does when it was not given.
    pub fn of(&self, field: &str) -> &Place {
        self.fields.iter().find(|(name, _)| name == field).map_or(&self.action, |(_, place)| place)
    }
}

/// How often a sequence is done.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    Count(Data),
    While(Vec<Condition>),
    Until(Vec<Condition>),
    ForEach(Data),
}
