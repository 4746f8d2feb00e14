//! Event triggers: fire on a named event with matching data.

use serde_json::{Value, json};

use super::context::Context;
use crate::automation::equality::equal;
use crate::automation::home::{Event, Home};
use crate::automation::model::Data;
use crate::model::Timestamp;

/// The wanted names and data, with templates rendered.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    pub names: Vec<String>,
    data: Value,
    /// Whether the context can match. The events of a home without users have no user and no parent.
    is_possible: bool,
}

impl Filter {
    /// Renders the templates. Fails if one cannot be rendered.
    pub fn new(
        names: &[Data],
        data: &Data,
        wanted: Option<&Data>,
        context: &Context,
    ) -> Result<Self, String> {
        let fill = |data: &Data| context.templates.fill_json(data, context.home, context.variables);
        let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let names = names.iter().map(|name| fill(name).map(text)).collect::<Result<_, _>>()?;
        let wanted = wanted.map(fill).transpose()?;
        let mut wanted = wanted.as_ref().and_then(Value::as_object).into_iter().flatten();
        let is_none = |value: &Value| match value {
            Value::Array(items) => items.contains(&Value::Null),
            value => value.is_null(),
        };
        let is_possible =
            wanted.all(|(name, value)| ["user_id", "parent_id"].contains(&name.as_str()) && is_none(value));
        Ok(Self { names, data: fill(data)?, is_possible })
    }

    /// The variable `trigger` if the event matches.
    pub fn handle(&self, event: &Event, home: &Home) -> Vec<Value> {
        let Event::Named { name, data } = event else { return Vec::new() };
        let fields = self.data.as_object().into_iter().flatten();
        let mut fields =
            fields.map(|(key, wanted)| data.get(key).is_some_and(|value| is_like(wanted, value)));
        match self.is_possible && self.names.contains(name) && fields.all(|is_like| is_like) {
            false => Vec::new(),
            true => vec![json!({
                "platform": "event",
                "event": {
                    "event_type": name,
                    "data": data,
                    "origin": "LOCAL",
                    "time_fired": home.now.to_iso(),
                    "time_fired_timestamp": seconds(home.now),
                },
                "description": format!("event '{name}'"),
            })],
        }
    }
}

/// Whether a value matches. A mapping matches if none of its values contradicts the wanted one.
fn is_like(wanted: &Value, value: &Value) -> bool {
    match (wanted.as_object(), value.as_object()) {
        (Some(wanted), Some(value)) => {
            wanted.iter().all(|(key, wanted)| value.get(key).is_none_or(|value| is_like(wanted, value)))
        }
        _ => equal(wanted, value),
    }
}

#[allow(clippy::cast_precision_loss, reason = "as in Home Assistant, a time is a number with fractions")]
fn seconds(time: Timestamp) -> f64 {
    time.seconds as f64 + f64::from(time.nanoseconds) / 1e9
}
