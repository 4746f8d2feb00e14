//! Calls of functions have the output that Home Assistant gives them; where it raises an error, so does this engine.
//!
//! The answers are in `tests/fixtures/home-assistant/functions.json`: a template and its output, or null.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::world::Fixed;
use larder_templates::{Engine, Variables};

#[test]
fn functions_have_the_output_that_home_assistant_gives_them() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = here.join("../../tests/fixtures/home-assistant/functions.json");
    let cases: BTreeMap<String, Option<String>> =
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let (engine, variables) = (Engine::default(), Variables::new());
    let world = Fixed::read(&here.join("../../tests/fixtures/home-assistant"), None);
    let mut differences = Vec::new();
    for (template, expected) in &cases {
        let answer = engine.render(template, &variables, &world).0;
        let given = answer.as_ref().ok().map(|rendered| rendered.text.clone());
        if given.as_deref() != expected.as_deref().map(str::trim) {
            differences.push(format!("{template}\n    {expected:?} | {:?}", answer.map(|it| it.text)));
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {} differ (Home Assistant | Larder):\n{}",
        differences.len(),
        cases.len(),
        differences.join("\n")
    );
}

#[test]
fn hostile_calls_end_with_an_error() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let world = Fixed::read(&here.join("../../tests/fixtures/home-assistant"), None);
    let (engine, variables) = (Engine::default(), Variables::new());
    for template in [
        r"{{ ('a' * 5000) | regex_search('(?=(a+)+b)(a+)+\\1c') }}",
        r"{{ 'a' | regex_search('((((a{1000}){1000}){1000}){1000})') }}",
        r"{{ ('a' * 100000) | regex_replace('', 'b' * 1000) }}",
        r"{{ 'a' | regex_search('(' * 5000) }}",
        r"{{ pack(5, '99999999999xI') }}",
        r"{{ ('[' * 100000) | from_json }}",
        r"{{ ('1' * 1000) | int }}",
        r"{{ (('日' * 200000) | slugify) * 10 }}",
    ] {
        assert!(engine.render(template, &variables, &world).0.is_err(), "{template}");
    }
}
