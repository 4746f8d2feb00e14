//! Files of `custom_templates`: what automations may import, and homes that would never end.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use super::Given;
use crate::automation::files::{self, Source};

/// Loads an automation with this template, in a home with `custom_templates/tools.jinja`.
fn problems(template: &str) -> Vec<String> {
    let automations = format!("triggers: []\nactions: [{{event: x, event_data: {{m: \"{template}\"}}}}]");
    let tools = "{% macro hello(name) %}Hello, {{ name }}!{% endmacro %}";
    let files = [("automations.yaml", automations.as_str()), ("custom_templates/tools.jinja", tools)];
    let files = files.map(|(name, text)| (Path::new("/config").join(name), text.to_owned())).into();
    let given = Given { files, ..Given::default() };
    let loaded = files::load(&given, Path::new("/config"), Path::new("/config/automations.yaml"));
    loaded.problems.iter().map(|problem| problem.text.clone()).collect()
}

#[test]
fn imports_are_checked_when_automations_are_loaded() {
    let missing =
        "there is no template `none.jinja`; put it into custom_templates in the configuration directory";
    for (template, expected) in [
        ("{% from 'tools.jinja' import hello %}{{ hello('a') }}", None),
        ("{% import 'tools.jinja' as t %}{{ t.hello('a') }}", None),
        (
            "{% from 'tools.jinja' import hi %}{{ hi() }}",
            Some("custom_templates/tools.jinja does not define `hi`"),
        ),
        ("{% import 'none.jinja' as n %}{{ n }}", Some(missing)),
    ] {
        assert_eq!(problems(template), Vec::from_iter(expected), "{template}");
    }
}

/// Directories that hold themselves several times over.
struct Circles(Cell<usize>);

impl Source for Circles {
    fn read(&self, _: &Path) -> Result<String, String> {
        Ok(String::new())
    }

    fn list(&self, path: &Path) -> Result<Vec<PathBuf>, String> {
        self.0.set(self.0.get() + 1);
        Ok((0..50).map(|number| path.join(number.to_string())).collect())
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }
}

#[test]
fn directories_that_hold_themselves_are_not_searched_for_ever() {
    let circles = Circles(Cell::new(0));
    files::load(&circles, Path::new("/config"), Path::new("/config/automations.yaml"));
    assert!(circles.0.get() <= 1000, "{} directories were listed", circles.0.get());
}
