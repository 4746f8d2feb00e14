//! Checks of a template at load time: that it compiles and uses only known names. Also the value of a template that reads
//! nothing.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use larder_zone::Zone;
use minijinja::ErrorKind;
use serde_json::Value;

use super::engine::{Rendered, Templates, Variables, reason};
use super::view::Reads;
use super::{arithmetic, tokens};
use crate::automation::home::Home;
use crate::automation::model::Template;
use crate::automation::suggestion::nearest;
use crate::automation::yaml::Place;

/// Checks that a template compiles and uses only known filters, tests and functions. The error says what to do.
pub fn check(source: &str) -> Result<(), String> {
    let engine = engine();
    let rewritten = arithmetic::rewritten(source);
    let template = engine.environment.template_from_str(&rewritten).map_err(|error| reason(&error))?;
    let names = tokens::names(source);
    let mut state = template.new_state();
    for filter in &names.filters {
        if let Err(error) = state.apply_filter(filter, &[])
            && error.kind() == ErrorKind::UnknownFilter
        {
            return Err(format!("unknown template filter `{filter}`; write the template without it"));
        }
    }
    for test in &names.tests {
        if let Err(error) = state.perform_test(test, &[])
            && error.kind() == ErrorKind::UnknownTest
        {
            return Err(format!("unknown template test `is {test}`; write the template without it"));
        }
    }
    let unknown = template.undeclared_variables(false);
    let globals: BTreeSet<&str> = engine.environment.globals().map(|(name, _)| name).collect();
    let Some(name) =
        names.calls.iter().find(|name| unknown.contains(*name) && !globals.contains(name.as_str()))
    else {
        return Ok(());
    };
    let public = globals.into_iter().filter(|name| !name.starts_with("__"));
    Err(match nearest(name, public) {
        Some(similar) => format!("unknown template function `{name}`; did you mean `{similar}`?"),
        None => format!("unknown template function `{name}`; write the template without it"),
    })
}

/// The value of a template that reads no states, no time and no variables.
pub fn constant(source: &str) -> Result<Value, String> {
    check(source)?;
    let engine = engine();
    let unknown = engine.environment.template_from_str(source).map_err(|error| reason(&error))?;
    let unknown = unknown.undeclared_variables(false);
    let known: BTreeSet<&str> = engine.environment.globals().map(|(name, _)| name).collect();
    if let Some(name) = unknown.iter().find(|name| !known.contains(name.as_str())) {
        return Err(format!("`{name}` is not available when the file is loaded; use a value"));
    }
    let home = Home { now: Default::default(), zone: Zone::UTC, states: Arc::default() };
    let place = Place { file: "".into(), line: 0, column: 0 };
    let template = Template { source: source.into(), place };
    let rendered = engine.render(&template, &home, &Variables::new());
    match rendered.map_err(|_| {
        "this template cannot be rendered when the file is loaded; use true or false".to_owned()
    })? {
        Rendered { reads, value, .. } if reads == Reads::default() => Ok(value),
        _ => Err(
            "this template cannot read states or the time, because it is rendered when the file is loaded; \
                 use true or false"
                .to_owned(),
        ),
    }
}

/// The template engine for checks at load time.
fn engine() -> &'static Templates {
    static ENGINE: OnceLock<Templates> = OnceLock::new();
    ENGINE.get_or_init(Templates::default)
}
