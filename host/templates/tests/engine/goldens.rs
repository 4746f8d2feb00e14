//! Every template that Home Assistant was asked about gives the same value here, or stands in the list of differences.
//!
//! The answers are in `tests/fixtures/home-assistant/`; `record.py` there asks again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::world::Fixed;
use larder_templates::{Dict, Engine, Key, Rendered, Set, Value, Variables, display, is_template, repr};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/home-assistant")
}

/// The value of a variable: templates in it are rendered with the variables before it.
fn variable(
    engine: &Engine,
    given: &Value,
    variables: &Variables,
    world: &Fixed,
    limited: bool,
) -> Result<Value, String> {
    match given {
        Value::Text(text) if is_template(text) => {
            render(engine, text, variables, world, limited).map(|it| it.value)
        }
        Value::List(items) => {
            let items = items.items.iter().map(|item| variable(engine, item, variables, world, limited));
            items.collect::<Result<_, _>>().map(Value::list)
        }
        Value::Dict(fields) => {
            let mut dict = Dict::new();
            for (key, value) in fields.iter() {
                let key = variable(engine, key.value(), variables, world, limited)?;
                let key = Key::new(key).map_err(|error| error.to_string())?;
                dict.insert(key, variable(engine, value, variables, world, limited)?);
            }
            Ok(Value::dict(dict))
        }
        value => Ok(value.clone()),
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

fn text<'a>(case: &'a Dict, name: &str) -> Option<&'a str> {
    case.get_text(name).and_then(Value::as_str)
}

fn answer(engine: &Engine, case: &Dict, world: &Fixed) -> Result<Rendered, String> {
    let mut variables = Variables::new();
    let limited = case.get_text("limited").is_some_and(Value::is_true);
    let given = case.get_text("variables").and_then(Value::as_dict);
    for (name, given) in given.into_iter().flat_map(Dict::iter) {
        let value = variable(engine, given, &variables, world, limited)?;
        variables.insert(name.as_str().unwrap().into(), value);
    }
    render(engine, text(case, "template").unwrap(), &variables, world, limited)
}

/// What differs from the recorded answer.
fn difference(case: &Dict, answer: &Result<Rendered, String>) -> Option<String> {
    let is_refused = text(case, "error").or(text(case, "invalid"));
    match (answer, is_refused) {
        (Err(_), Some(_)) => None,
        (Err(error), None) => Some(format!("{} | error: {error}", text(case, "repr").unwrap())),
        (Ok(rendered), Some(error)) => Some(format!("{error} | {}", repr(&rendered.value))),
        (Ok(rendered), None) => {
            // The recorded set is without Home Assistant's wrapper.
            let shown = match &rendered.value {
                Value::Set(set) => repr(&Value::set(Set::new(set.iter().cloned()).unwrap())),
                value => repr(value),
            };
            let given = (rendered.value.type_name(), shown);
            let expected = (text(case, "type").unwrap(), text(case, "repr").unwrap().to_owned());
            if given != expected {
                return Some(format!("{} {} | {} {}", expected.0, expected.1, given.0, given.1));
            }
            let text = text(case, "text").filter(|text| *text != rendered.text)?;
            Some(format!("text {text:?} | {:?}", rendered.text))
        }
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_str::<Value>(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The templates that differ, with the reasons. They are in `docs/compatibility.md` by their kind.
fn listed() -> BTreeMap<String, String> {
    let listed = read(&fixtures().join("templates/differences.json"));
    let reasons = listed.as_dict().unwrap().iter().flat_map(|(reason, templates)| {
        let templates =
            templates.as_sequence().unwrap().iter().map(|template| template.as_str().unwrap().to_owned());
        templates.map(|template| (template, display(reason.value())))
    });
    reasons.collect()
}

/// Functions that need a registry are refused by `check` with a sentence that says so, whatever Home Assistant answers.
fn is_refused_by_design(template: &str) -> bool {
    larder_templates::check(template, false)
        .is_err_and(|error| error.message.contains("which Larder does not have"))
}

#[test]
fn templates_have_the_value_that_home_assistant_gives_them() {
    let listed = listed();
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
        let answers = read(&file);
        let answers = answers.as_sequence().unwrap();
        let before = unlisted.len();
        let count = answers.len();
        for case in answers {
            cases += 1;
            let case = case.as_dict().unwrap();
            let world = Fixed::read(&fixtures(), text(case, "now"));
            if is_refused_by_design(text(case, "template").unwrap()) {
                continue;
            }
            if let Some(difference) = difference(case, &answer(&engine, case, &world)) {
                let template = text(case, "template").unwrap().to_owned();
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
