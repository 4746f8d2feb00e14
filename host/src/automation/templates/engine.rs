//! The engine of a host: renders templates against a home, and says where and why one fails.

use std::sync::{Arc, PoisonError, RwLock};

use larder_templates::{
    Dict, Engine, Error, ErrorKind, Key, Limits, Reads, Value, Variables, from_json, to_json,
};
use serde_json::Value as Json;

use super::world::{CustomTemplates, HomeWorld};
use crate::automation::home::Home;
use crate::automation::model::{Data, Template};
use crate::tunables::automations::{
    MAX_PATTERN, TEMPLATE_FUEL, TEMPLATE_OUTPUT, TEMPLATE_RECURSION, TEMPLATE_SIZE,
};

/// The result of a rendering.
#[derive(Debug, Clone)]
pub struct Rendered {
    pub text: String,
    /// The value that the text stands for: a Python literal, or the text itself.
    pub value: Value,
    pub reads: Reads,
}

impl Rendered {
    /// The value as JSON: tuples and sets as lists.
    pub fn json(&self) -> Json {
        to_json(&self.value)
    }
}

/// The template engine. It caches parsed templates, so all automations should share one.
pub struct Templates {
    engine: Engine,
    custom: RwLock<Arc<CustomTemplates>>,
}

impl Default for Templates {
    fn default() -> Self {
        Self::new()
    }
}

impl Templates {
    pub fn new() -> Self {
        let limits = Limits {
            steps: TEMPLATE_FUEL,
            output: TEMPLATE_OUTPUT,
            size: TEMPLATE_SIZE,
            recursion: TEMPLATE_RECURSION,
            pattern: MAX_PATTERN,
        };
        Self { engine: Engine::new(limits), custom: RwLock::default() }
    }

    /// Replaces the files that templates may import.
    pub fn set_custom(&self, custom: CustomTemplates) {
        *self.custom.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(custom);
    }

    /// Renders a template. The error says what is wrong, then what to do.
    pub fn render(
        &self,
        template: &Template,
        home: &Home,
        variables: &Variables,
    ) -> Result<Rendered, String> {
        self.attempt(template, home, variables).0
    }

    /// Renders a template and returns what it read, even on failure.
    pub fn attempt(
        &self,
        template: &Template,
        home: &Home,
        variables: &Variables,
    ) -> (Result<Rendered, String>, Reads) {
        let custom = self.custom.read().unwrap_or_else(PoisonError::into_inner).clone();
        let world = HomeWorld { home, custom: &custom };
        let (rendered, reads) = self.engine.render(&template.source, variables, &world);
        let rendered = rendered.map_err(|error| format!("{}: {}", template.place, reason(&error)));
        let rendered = rendered.map(|it| Rendered { text: it.text, value: it.value, reads: reads.clone() });
        (rendered, reads)
    }

    /// Renders every template in a value.
    pub fn fill(&self, data: &Data, home: &Home, variables: &Variables) -> Result<Value, String> {
        match data {
            Data::Constant(value) => Ok(from_json(value)),
            Data::Template(template) => Ok(self.render(template, home, variables)?.value),
            Data::List(items) => {
                let items = items.iter().map(|item| self.fill(item, home, variables));
                items.collect::<Result<_, _>>().map(Value::list)
            }
            Data::Map(pairs) => {
                let mut dict = Dict::new();
                for (key, data) in pairs {
                    let wrong = |error: Error| format!("a key: {}", reason(&error));
                    let key = Key::new(self.fill(key, home, variables)?).map_err(wrong)?;
                    dict.insert(key, self.fill(data, home, variables)?);
                }
                Ok(Value::dict(dict))
            }
        }
    }

    /// Renders every template in a value, as JSON.
    pub fn fill_json(&self, data: &Data, home: &Home, variables: &Variables) -> Result<Json, String> {
        match data {
            Data::Constant(value) => Ok(value.clone()),
            data => Ok(to_json(&self.fill(data, home, variables)?)),
        }
    }
}

/// Whether the value of a template counts as true.
pub fn is_true(value: &Value) -> bool {
    match value {
        Value::Text(text) => {
            matches!(text.trim().to_lowercase().as_str(), "1" | "true" | "yes" | "on" | "enable")
        }
        value => value.as_float().is_some_and(|number| number != 0.0),
    }
}

/// What is wrong with a template, then what to do.
pub fn reason(error: &Error) -> String {
    let line = error.line.map(|line| format!(" in line {line}")).unwrap_or_default();
    match error.kind {
        ErrorKind::Name => error.to_string(),
        ErrorKind::Limit => format!("{error}{line}; correct the template"),
        // Some errors say themselves what to do.
        _ if error.message.contains("; ") => format!("template error{line}: {error}"),
        _ => format!("template error{line}: {error}; correct the template"),
    }
}
