//! The template engine: compiles, renders, and bounds the time and the output of a rendering.

use std::sync::{Mutex, PoisonError};

use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use serde_json::Value;

use super::native::parse as native;
use super::view::{Reads, Scope, View};
use super::{arithmetic, convert, functions, patterns, states, times};
use crate::automation::home::Home;
use crate::automation::model::{Data, Template};
use crate::tunables::automations::{TEMPLATE_FUEL, TEMPLATE_OUTPUT};

/// The variables of a run.
pub type Variables = serde_json::Map<String, Value>;

/// The result of a rendering.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    pub text: String,
    /// The value that the text stands for: a Python literal, or the text itself.
    pub value: Value,
    pub reads: Reads,
}

/// The template engine. It caches compiled templates, so all automations should share one.
pub struct Templates {
    pub(super) environment: Environment<'static>,
    view: View,
    /// Serializes renderings.
    gate: Mutex<()>,
}

impl Default for Templates {
    fn default() -> Self {
        Self::new()
    }
}

impl Templates {
    pub fn new() -> Self {
        let view = View::default();
        let mut environment = Environment::new();
        environment.set_loader(|source| Ok(Some(arithmetic::rewritten(source).into_owned())));
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_undefined_behavior(UndefinedBehavior::Lenient);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.set_fuel(Some(TEMPLATE_FUEL));
        environment.set_recursion_limit(64);
        environment.set_debug(false);
        functions::add(&mut environment, &view);
        states::add(&mut environment, &view);
        times::add(&mut environment, &view);
        patterns::add(&mut environment);
        Self { environment, view, gate: Mutex::new(()) }
    }

    /// Renders a template. The error says what is wrong, then what to do.
    pub fn render(
        &self,
        template: &Template,
        home: &Home,
        variables: &Variables,
    ) -> Result<Rendered, String> {
        let (rendered, reads) = self.attempt(template, home, variables);
        rendered.map(|(text, value)| Rendered { text, value, reads })
    }

    /// Renders a template and returns what it read, even on failure.
    pub fn attempt(
        &self,
        template: &Template,
        home: &Home,
        variables: &Variables,
    ) -> (Result<(String, Value), String>, Reads) {
        let placed = |reason: String| format!("{}: {reason}", template.place);
        let _one = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        *self.view.lock() = Some(Scope { home: home.clone(), reads: Reads::default() });
        let rendered = self.text(&template.source, variables);
        let reads = self.view.lock().take().map(|scope| scope.reads).unwrap_or_default();
        let rendered = rendered.map_err(placed).map(|text| {
            let text = text.trim().to_owned();
            let value = native(&text);
            (text, value)
        });
        (rendered, reads)
    }

    /// Renders every template in a value.
    pub fn fill(&self, data: &Data, home: &Home, variables: &Variables) -> Result<Value, String> {
        match data {
            Data::Constant(value) => Ok(value.clone()),
            Data::Template(template) => Ok(self.render(template, home, variables)?.value),
            Data::List(items) => items.iter().map(|item| self.fill(item, home, variables)).collect(),
            Data::Map(pairs) => {
                let fill = |(key, data): &(Data, Data)| {
                    let key = match self.fill(key, home, variables)? {
                        Value::String(text) => text,
                        key => key.to_string(),
                    };
                    Ok((key, self.fill(data, home, variables)?))
                };
                pairs.iter().map(fill).collect::<Result<Variables, String>>().map(Value::Object)
            }
        }
    }

    fn text(&self, source: &str, variables: &Variables) -> Result<String, String> {
        let template = self.environment.get_template(source).map_err(|error| reason(&error))?;
        let context = variables.iter().map(|(name, value)| (name.clone(), convert::variable(name, value)));
        let mut output = Output(Vec::new());
        let context = minijinja::Value::from_pairs(context);
        let rendered = template.render_captured_to(context, &mut output).map(|_| ());
        let Output(bytes) = output;
        rendered.map_err(|error| match bytes.len() > TEMPLATE_OUTPUT {
            true => format!("the template returns more than {TEMPLATE_OUTPUT} bytes; correct the template"),
            false => reason(&error),
        })?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Whether the value of a template counts as true.
pub fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        Value::String(text) => {
            matches!(text.trim().to_lowercase().as_str(), "1" | "true" | "yes" | "on" | "enable")
        }
        _ => false,
    }
}

/// What is wrong with a template, then what to do.
pub fn reason(error: &Error) -> String {
    let line = error.line().map(|line| format!(" in line {line}")).unwrap_or_default();
    if error.kind() == ErrorKind::OutOfFuel {
        return format!("the template takes too long{line}; correct the template");
    }
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("template error{line}: {}{detail}; correct the template", error.kind())
}

/// An output buffer with a size limit.
struct Output(Vec<u8>);

impl std::io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.extend_from_slice(bytes);
        match self.0.len() > TEMPLATE_OUTPUT {
            true => Err(std::io::Error::other("too long")),
            false => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
