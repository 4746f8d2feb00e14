//! Checks of a template when it is loaded, and the value of a template that reads nothing.

use std::sync::{Arc, OnceLock};

use larder_zone::Zone;
use serde_json::Value as Json;

use super::engine::{Templates, reason};
use super::world::CustomTemplates;
use larder_templates::{Reads, Variables};

use crate::automation::home::Home;
use crate::automation::model::Template;
use crate::automation::yaml::Place;

/// Checks that a template parses, and that its functions, filters, tests, and methods exist and take the arguments that they are given.
/// The error says what to do.
pub fn check(source: &str) -> Result<(), String> {
    larder_templates::check(source, false).map_err(|error| reason(&error))
}

/// Checks a template that is rendered when the automation is loaded, where it sees no states and no time.
pub fn check_limited(source: &str) -> Result<(), String> {
    larder_templates::check(source, true).map_err(|error| reason(&error))
}

/// Checks what a template imports from `custom_templates`.
pub fn check_imports(source: &str, custom: &CustomTemplates) -> Result<(), String> {
    larder_templates::check_imports(source, &|name| custom.get(name).cloned()).map_err(|error| reason(&error))
}

/// The value of a template that reads no states and no time, with these variables.
pub fn constant(source: &str, variables: &Variables) -> Result<Json, String> {
    larder_templates::check(source, true).map_err(|error| reason(&error))?;
    let home = Home { now: Default::default(), zone: Zone::UTC, states: Arc::default() };
    let place = Place { file: "".into(), line: 0, column: 0 };
    let template = Template { source: source.into(), place };
    let rendered = engine().render(&template, &home, variables);
    match rendered.map_err(|_| {
        "this template cannot be rendered when the file is loaded; use true or false".to_owned()
    })? {
        rendered if rendered.reads == Reads::default() => Ok(rendered.json()),
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
