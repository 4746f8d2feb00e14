//! Every template that Home Assistant was asked about gives the same value here, or stands in the list of differences.
//!
//! The answers are in `tests/fixtures/home-assistant/`; `record.py` there asks again.

mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use larder_templates::{Engine, Rendered, Set, Value, Variables, from_json, is_template, repr};
use serde_json::Value as Json;
use world::Fixed;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/home-assistant")
}

/// The value of a variable: templates in it are rendered with the variables before it.
fn variable(
    engine: &Engine,
    json: &Json,
    variables: &Variables,
    world: &Fixed,
    limited: bool,
) -> Result<Value, String> {
    match json {
        Json::String(text) if is_template(text) => {
            render(engine, text, variables, world, limited).map(|it| it.value)
        }
        Json::Array(items) => {
            let items = items.iter().map(|item| variable(engine, item, variables, world, limited));
            items.collect::<Result<_, _>>().map(Value::list)
        }
        Json::Object(fields) => {
            let mut dict = larder_templates::Dict::new();
            for (key, value) in fields {
                let key = variable(engine, &Json::from(key.as_str()), variables, world, limited)?;
                let key = larder_templates::Key::new(key).map_err(|error| error.to_string())?;
                dict.insert(key, variable(engine, value, variables, world, limited)?);
            }
            Ok(Value::dict(dict))
        }
        json => Ok(from_json(json)),
    }
}

fn render(
    engine: &Engine,
    source: &str,
    variables: &Variables,
    world: &Fixed,
    limited: bool,
) -> Result<Rendered, String> {
    match limited {
        true => engine.render_limited(source, variables, world).map_err(|error| error.to_string()),
        false => engine.render(source, variables, world).0.map_err(|error| error.to_string()),
    }
}

fn answer(engine: &Engine, case: &Json, world: &Fixed) -> Result<Rendered, String> {
    let mut variables = Variables::new();
    let limited = case["limited"] == true;
    for (name, json) in case["variables"].as_object().into_iter().flatten() {
        let value = variable(engine, json, &variables, world, limited)?;
        variables.insert(name.as_str().into(), value);
    }
    render(engine, case["template"].as_str().unwrap(), &variables, world, limited)
}

/// What differs from the recorded answer.
fn difference(case: &Json, answer: &Result<Rendered, String>) -> Option<String> {
    let is_refused = case.get("error").or(case.get("invalid"));
    match (answer, is_refused) {
        (Err(_), Some(_)) => None,
        (Err(error), None) => Some(format!("{} | error: {error}", case["repr"].as_str().unwrap())),
        (Ok(rendered), Some(error)) => Some(format!("{error} | {}", repr(&rendered.value))),
        (Ok(rendered), None) => {
            let plain = rendered.value.type_name().to_owned();
            // The recorded set is without Home Assistant's wrapper.
            let shown = match &rendered.value {
                Value::Set(set) => repr(&Value::set(Set::new(set.iter().cloned()).unwrap())),
                value => repr(value),
            };
            let given = (plain.as_str(), shown);
            let expected = (case["type"].as_str().unwrap(), case["repr"].as_str().unwrap().to_owned());
            let text = case["text"].as_str();
            if given != (expected.0, expected.1.clone()) {
                return Some(format!("{} {} | {} {}", expected.0, expected.1, given.0, given.1));
            }
            match text {
                Some(text) if text != rendered.text => Some(format!("text {text:?} | {:?}", rendered.text)),
                _ => None,
            }
        }
    }
}

#[test]
fn templates_have_the_value_that_home_assistant_gives_them() {
    let listed: BTreeMap<String, String> = serde_json::from_str(
        &fs::read_to_string(fixtures().join("templates/differences.json")).unwrap_or("{}".into()),
    )
    .unwrap();
    let (mut differences, mut cases, mut unlisted) = (BTreeSet::new(), 0, Vec::new());
    let mut files: Vec<PathBuf> =
        fs::read_dir(fixtures().join("templates")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| {
        path.extension().is_some_and(|it| it == "json") && !path.ends_with("differences.json")
    });
    files.sort();
    let engine = Engine::default();
    let mut table = Vec::new();
    for file in files {
        let subject = file.file_stem().unwrap().to_string_lossy().into_owned();
        let answers: Vec<Json> = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let before = unlisted.len();
        let count = answers.len();
        for case in answers {
            cases += 1;
            let world = Fixed::read(&fixtures(), case["now"].as_str());
            if let Some(difference) = difference(&case, &answer(&engine, &case, &world)) {
                let template = case["template"].as_str().unwrap().to_owned();
                if !listed.contains_key(&template) {
                    unlisted.push(format!("{subject}: {template}\n    {difference}"));
                }
                differences.insert(template);
            }
        }
        table.push(format!("{subject}: {} of {count} differ", unlisted.len() - before));
    }
    let stale: Vec<&String> = listed.keys().filter(|template| !differences.contains(*template)).collect();
    assert!(cases > 900, "{cases} cases");
    assert!(stale.is_empty(), "these agree now; remove them from differences.json: {stale:#?}");
    assert!(
        unlisted.is_empty(),
        "{} of {cases} templates differ (Home Assistant | Larder):\n{}\n{}",
        unlisted.len(),
        unlisted.join("\n"),
        table.join("\n")
    );
}
