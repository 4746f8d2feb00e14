//! Invariants for arbitrary text as a template: nothing panics, and what renders passes its own check of imports.
//!
//! Shared by the fuzz target and a short test on the stable compiler.

use std::sync::Arc;

use larder_templates::{
    Dict, Engine, Limits, State, Value, Variables, World, check as check_template, check_imports, display,
    entities, native, repr, to_json,
};
use larder_zone::Zone;

/// A home with one entity, in UTC.
struct Home(Zone);

impl Home {
    fn entity() -> Arc<State> {
        let mut attributes = Dict::read_only();
        attributes.insert_text("unit_of_measurement", "°C");
        attributes.insert_text("list", Value::list(vec![Value::from(1), Value::None, Value::from(1.5)]));
        Arc::new(State {
            entity_id: "sensor.t".into(),
            state: "21.5".into(),
            attributes: Value::dict(attributes),
            last_changed: Default::default(),
            last_reported: Default::default(),
            last_updated: Default::default(),
            context: [None, None, None],
        })
    }
}

impl World for Home {
    fn state(&self, entity_id: &str) -> Option<Arc<State>> {
        (entity_id == "sensor.t").then(Self::entity)
    }

    fn states(&self, domain: Option<&str>) -> Vec<Arc<State>> {
        if domain.is_none_or(|domain| domain == "sensor") { vec![Self::entity()] } else { Vec::new() }
    }

    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        Default::default()
    }

    fn zone(&self) -> Zone {
        self.0
    }

    fn random(&self) -> u64 {
        4
    }

    fn custom_template(&self, name: &str) -> Option<Arc<str>> {
        (name == "a").then(|| "{% macro m(x) %}{{ x }}{% endmacro %}".into())
    }
}

/// Checks, renders, and reads a text.
pub fn check(text: &str) {
    let _ = check_template(text, false);
    let _ = check_template(text, true);
    let _ = check_imports(text, &|name| (name == "a").then(|| text.into()));
    entities(text);
    let read = native(text);
    let _ = (display(&read), repr(&read), to_json(&read));
    let limits = Limits { steps: 20_000, ..Limits::default() };
    let engine = Engine::new(limits);
    let home = Home(Zone::fixed(0).unwrap());
    let mut variables = Variables::new();
    variables.insert("x".into(), read);
    let (rendered, _) = engine.render(text, &variables, &home);
    let (again, _) = engine.render(text, &variables, &home);
    // Nothing of a rendering stays for the next one.
    assert_eq!(
        rendered.map(|it| it.text).map_err(|error| error.message),
        again.map(|it| it.text).map_err(|error| error.message)
    );
    let _ = engine.render_limited(text, &variables, &home);
}
