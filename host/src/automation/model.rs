//! The typed form of automations, fully resolved by the parser.
//!
//! Has no behavior apart from names. Serializes to the JSON that tests compare and keep as golden results.

use std::sync::Arc;

use chrono::{NaiveTime, Weekday};
use serde::Serialize;
use serde_json::Value;

pub use super::data::{Data, Template};
use super::slug::slug;
use super::yaml::Place;
use super::zone::Every;

/// Variables in the order in which they are set.
pub type VariableDefinitions = Vec<(String, Data)>;

/// What happens when an automation is triggered while it is running.
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
    /// The most runs in progress (parallel), or in progress and queued (queued).
    pub max: usize,
    /// Whether a trigger that started no run because of `mode` or `max` is logged.
    pub warns: bool,
    /// Variables that triggers can use. Rendered once, when the automation is loaded.
    pub trigger_variables: VariableDefinitions,
    pub variables: VariableDefinitions,
    /// The number of traces to keep.
    pub traces: usize,
    pub is_enabled: bool,
    pub triggers: Vec<Trigger>,
    pub conditions: Vec<Condition>,
    pub actions: Arc<Vec<Action>>,
    /// The start of the automation in its file.
    #[serde(skip)]
    pub place: Place,
    /// The entities that it names, with their places.
    #[serde(skip)]
    pub entities: Vec<(String, Place)>,
    /// The automation as written, without places, mappings as lists of pairs. A reload compares this to find changes.
    #[serde(skip)]
    pub source: Value,
}

impl Automation {
    /// The display name: the alias, else the ID, else its place in the file.
    pub fn name(&self) -> String {
        let named = self.alias.clone().or_else(|| self.id.clone());
        named.unwrap_or_else(|| format!("line {} of {}", self.place.line, self.place.file))
    }

    /// The ID of its entity.
    pub fn entity_id(&self) -> String {
        format!("automation.{}", slug(&self.name()))
    }
}

/// A trigger, which starts an automation or ends a wait.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trigger {
    pub id: Option<String>,
    pub alias: Option<String>,
    pub is_enabled: bool,
    /// Rendered when watching starts: whether it is enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled_if: Option<Template>,
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
    /// Its templates are rendered when watching starts.
    Event {
        names: Vec<Data>,
        data: Data,
        /// What the context of the event must have: `id`, `parent_id`, `user_id`.
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<Data>,
    },
    Start,
    Shutdown,
}

/// When a time trigger fires.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    Time(NaiveTime),
    /// The time that an entity shows, plus `offset` seconds.
    Entity {
        id: String,
        offset: i64,
    },
    /// A template that returns either, rendered when watching starts.
    #[serde(untagged)]
    Template(Template),
}

/// A change of an entity's state or of one attribute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StateTrigger {
    pub entities: Vec<String>,
    pub attribute: Option<String>,
    /// `None` if the key is absent. Empty if it has no value, which means any change of the state.
    pub from: Option<Vec<Value>>,
    pub to: Option<Vec<Value>>,
    pub not_from: Option<Vec<Value>>,
    pub not_to: Option<Vec<Value>>,
    #[serde(rename = "hold")]
    pub for_duration: Option<Data>,
}

/// A numeric range for the values of entities. The bounds are exclusive.
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

/// A condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Condition {
    pub alias: Option<String>,
    pub is_enabled: bool,
    pub kind: ConditionKind,
    #[serde(skip)]
    pub place: Place,
}

/// The kinds of conditions. `any`: one matching entity is enough.
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

/// One step of a sequence of actions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Action {
    pub alias: Option<String>,
    pub is_enabled: bool,
    /// Rendered when the step is reached: whether it is enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled_if: Option<Template>,
    pub continues_on_error: bool,
    pub kind: ActionKind,
    #[serde(skip)]
    pub place: Place,
}

/// Actions in order, shared with the runs that execute them.
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
        message: Option<String>,
        is_error: bool,
        response: Option<String>,
    },
    Parallel(Vec<Sequence>),
    Sequence(Sequence),
    Condition(Condition),
    /// What a conversation would answer. Rendered; without effect, because no run answers a conversation.
    ConversationResponse(Option<Template>),
}

/// The places of the parts of a call in its file.
#[derive(Debug, Clone, PartialEq)]
pub struct CallPlaces {
    pub action: Place,
    /// By field name, including the fields of the target.
    pub fields: Vec<(String, Place)>,
}

impl CallPlaces {
    /// The place of a field, or of the action if the field is absent.
    pub fn of(&self, field: &str) -> &Place {
        self.fields.iter().find(|(name, _)| name == field).map_or(&self.action, |(_, place)| place)
    }
}

/// How often a sequence is repeated.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    Count(Data),
    While(Vec<Condition>),
    Until(Vec<Condition>),
    ForEach(Data),
}
