//! Checks what the templates of an automation import from `custom_templates`.

use crate::automation::templates::{self, CustomTemplates, is_template};
use crate::automation::yaml::{Kind, Node, Parsed};

/// Checks every template below a node.
pub fn check_imports(node: &Node, custom: &CustomTemplates) -> Parsed<()> {
    match &node.kind {
        Kind::List(items) => items.iter().try_for_each(|item| check_imports(item, custom)),
        Kind::Map(entries) => entries.iter().try_for_each(|(_, inner)| check_imports(inner, custom)),
        Kind::Text(text) if is_template(text) && ["import", "include"].iter().any(|it| text.contains(it)) => {
            templates::check_imports(text, custom).map_err(|reason| node.place.problem(reason))
        }
        _ => Ok(()),
    }
}
