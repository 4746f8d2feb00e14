//! What can be said of a template before anything runs: whether it compiles, uses only what there is, and, when it looks at
//! nothing, what it gives.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use larder_zone::Zone;
use minijinja::{Error, ErrorKind};
use serde_json::Value;

use super::engine::{Rendered, Templates, Variables, reason};
use super::view::Reads;
use super::{arithmetic, tokens};
use crate::automation::home::Home;
use crate::automation::model::Template;
use crate::automation::yaml::Place;

/// Whether a template compiles and uses only what there is; the error says what to do.
pub fn check(source: &str) -> Result<(), String> {
    let engine = engine();
    let told = |error: &Error| format!("the template {}; correct it", reason(error));
    let rewritten = arithmetic::rewritten(source);
    let template = engine.environment.template_from_str(&rewritten).map_err(|error| told(&error))?;
    let names = tokens::names(source);
    let mut state = template.new_state();
    for filter in &names.filters {
        if let Err(error) = state.apply_filter(filter, &[])
            && error.kind() == ErrorKind::UnknownFilter
        {
            return Err(format!("the template's filter `{filter}` is not supported; write it without"));
        }
    }
    for test in &names.tests {
        if let Err(error) = state.perform_test(test, &[])
            && error.kind() == ErrorKind::UnknownTest
        {
            return Err(format!("the template's test `is {test}` is not supported; write it without"));
        }
    }
    let unknown = template.undeclared_variables(false);
    let globals: BTreeSet<&str> = engine.environment.globals().map(|(name, _)| name).collect();
    match names.calls.iter().find(|name| unknown.contains(*name) && !globals.contains(name.as_str())) {
        Some(name) => Err(format!("the template's function `{name}` is not supported; write it without")),
        None => Ok(()),
    }
}

/// What a template gives that looks at nothing: no states, no time, no variables.
pub fn constant(source: &str) -> Result<Value, String> {
    check(source)?;
    let engine = engine();
    let unknown = engine.environment.template_from_str(source).map_err(|error| reason(&error))?;
    let unknown = unknown.undeclared_variables(false);
    let known: BTreeSet<&str> = engine.environment.globals().map(|(name, _)| name).collect();
    if let Some(name) = unknown.iter().find(|name| !known.contains(name.as_str())) {
        return Err(format!("the template cannot use `{name}` here, before anything runs; write a value"));
    }
    let home = Home { now: Default::default(), zone: Zone::UTC, states: Arc::default() };
    let place = Place { file: "".into(), line: 0, column: 0 };
    let template = Template { source: source.into(), place };
    let rendered = engine.render(&template, &home, &Variables::new());
    match rendered.map_err(|_| "the template cannot be rendered here; write true or false".to_owned())? {
        Rendered { reads, value, .. } if reads == Reads::default() => Ok(value),
        _ => {
            Err("the template looks at states or the time, which it cannot here; write true or false"
                .to_owned())
        }
    }
}

/// One for templates that are looked at before anything runs.
fn engine() -> &'static Templates {
    static ENGINE: OnceLock<Templates> = OnceLock::new();
    ENGINE.get_or_init(Templates::default)
}
