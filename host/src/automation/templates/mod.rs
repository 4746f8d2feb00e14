//! Templates as Home Assistant has them, on `minijinja`: rendered against a home and variables, within limits.
//!
//! A template sees states, time and its variables, nothing else: no files, no network, no machine clock, no chance. What
//! it read is told, so that its value has to be found again only when that changes.

mod arithmetic;
mod convert;
mod functions;
mod native;
mod states;
mod times;
mod words;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chrono::DateTime;
use chrono_tz::Tz;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use serde_json::Value;

pub use functions::slug;
pub use native::parse as native;
pub use times::span_text;

use super::home::{Entity, Home};
use super::model::{Data, Template};
use super::zone;
use crate::options::automations::{TEMPLATE_FUEL, TEMPLATE_OUTPUT};

/// The variables of a run.
pub type Variables = serde_json::Map<String, Value>;

/// What a rendering looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    pub entities: BTreeSet<String>,
    /// It went through all entities, or those of a domain.
    pub all: bool,
    pub time: bool,
}

/// What a rendering gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    pub text: String,
    /// The text, or what it looks like when it looks like a Python literal.
    pub value: Value,
    pub reads: Reads,
}

/// The template engine. Compiled templates are kept, so there should be one for all automations.
pub struct Templates {
    environment: Environment<'static>,
    view: View,
    /// One rendering at a time.
    gate: Mutex<()>,
}

/// What functions see while a template is rendered.
#[derive(Clone, Default)]
struct View(Arc<Mutex<Option<Scope>>>);

struct Scope {
    home: Home,
    reads: Reads,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("View")
    }
}

impl View {
    fn lock(&self) -> MutexGuard<'_, Option<Scope>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entity(&self, id: &str) -> Option<Arc<Entity>> {
        let mut scope = self.lock();
        let scope = scope.as_mut()?;
        scope.reads.entities.insert(id.to_owned());
        scope.home.states.get(id).cloned()
    }

    fn all(&self, domain: Option<&str>) -> Vec<(String, Arc<Entity>)> {
        let mut scope = self.lock();
        let Some(scope) = scope.as_mut() else { return Vec::new() };
        scope.reads.all = true;
        let is_in = |id: &str| domain.is_none_or(|domain| id.split('.').next() == Some(domain));
        let found = scope.home.states.iter().filter(|(id, _)| is_in(id));
        found.map(|(id, entity)| (id.clone(), entity.clone())).collect()
    }

    /// The time; the template is to be rendered again as it goes on.
    fn now(&self) -> DateTime<Tz> {
        let mut scope = self.lock();
        let Some(scope) = scope.as_mut() else { return DateTime::UNIX_EPOCH.with_timezone(&Tz::UTC) };
        scope.reads.time = true;
        zone::utc(scope.home.now).with_timezone(&scope.home.zone)
    }

    fn zone(&self) -> Tz {
        self.lock().as_ref().map_or(Tz::UTC, |scope| scope.home.zone)
    }
}

/// Whether a text has to be rendered at all.
pub fn is_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark))
}

/// Whether a template compiles and uses only what there is; the error says what to do.
pub fn check(source: &str) -> Result<(), String> {
    static ENGINE: OnceLock<Templates> = OnceLock::new();
    let engine = ENGINE.get_or_init(Templates::default);
    let told = |error: &Error| format!("the template {}; correct it", reason(error));
    let rewritten = arithmetic::rewritten(source);
    let template = engine.environment.template_from_str(&rewritten).map_err(|error| told(&error))?;
    let words = words::words(source);
    let mut state = template.new_state();
    for filter in &words.filters {
        if let Err(error) = state.apply_filter(filter, &[])
            && error.kind() == ErrorKind::UnknownFilter
        {
            return Err(format!("the template's filter `{filter}` is not supported; write it without"));
        }
    }
    for test in &words.tests {
        if let Err(error) = state.perform_test(test, &[])
            && error.kind() == ErrorKind::UnknownTest
        {
            return Err(format!("the template's test `is {test}` is not supported; write it without"));
        }
    }
    let unknown = template.undeclared_variables(false);
    let globals: BTreeSet<&str> = engine.environment.globals().map(|(name, _)| name).collect();
    match words.calls.iter().find(|name| unknown.contains(*name) && !globals.contains(name.as_str())) {
        Some(name) => Err(format!("the template's function `{name}` is not supported; write it without")),
        None => Ok(()),
    }
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
        Self { environment, view, gate: Mutex::new(()) }
    }

    /// Renders one template. The error says what happened to it, then what to do.
    pub fn render(
        &self,
        template: &Template,
        home: &Home,
        variables: &Variables,
    ) -> Result<Rendered, String> {
        let told = |reason: String| format!("{}: the template {reason}; correct it", template.place);
        let _one = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        *self.view.lock() = Some(Scope { home: home.clone(), reads: Reads::default() });
        let rendered = self.text(&template.source, variables);
        let reads = self.view.lock().take().map(|scope| scope.reads).unwrap_or_default();
        let text = rendered.map_err(told)?;
        let text = text.trim().to_owned();
        let value = native(&text);
        Ok(Rendered { text, value, reads })
    }

    /// Renders every template in a value.
    pub fn fill(&self, data: &Data, home: &Home, variables: &Variables) -> Result<Value, String> {
        match data {
            Data::Plain(value) => Ok(value.clone()),
            Data::Template(template) => Ok(self.render(template, home, variables)?.value),
            Data::List(items) => items.iter().map(|item| self.fill(item, home, variables)).collect(),
            Data::Map(pairs) => {
                let fill =
                    |(key, data): &(String, Data)| Ok((key.clone(), self.fill(data, home, variables)?));
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
            true => format!("gives more than {TEMPLATE_OUTPUT} bytes"),
            false => reason(&error),
        })?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// What a template gave, as the condition it stands for.
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

/// The end of a sentence that begins with "the template".
fn reason(error: &Error) -> String {
    let line = error.line().map(|line| format!(" in its line {line}")).unwrap_or_default();
    if error.kind() == ErrorKind::OutOfFuel {
        return format!("takes too long{line}");
    }
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("is wrong{line}: {}{detail}", error.kind())
}

/// Output that ends.
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
