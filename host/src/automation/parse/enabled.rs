//! Parses `enabled`: a boolean, one of the words that mean one, or a template.

use super::data::template;
use super::keys::Keys;
use crate::automation::literals::{boolean, is_truthy};
use crate::automation::model::Template;
use crate::automation::templates::{self, Variables, is_template};
use crate::automation::yaml::Parsed;

/// Whether a trigger, a condition or a step is enabled.
pub enum Enabled {
    Is(bool),
    /// Depends on variables, states or the time.
    If(Template),
}

impl Enabled {
    /// `is_enabled` and `enabled_if` of the model.
    pub fn split(self) -> (bool, Option<Template>) {
        match self {
            Self::Is(flag) => (flag, None),
            Self::If(template) => (true, Some(template)),
        }
    }
}

/// Takes the key `enabled`. A text that is no boolean counts as a template, so that most texts mean true.
pub fn enabled(keys: &mut Keys) -> Parsed<Enabled> {
    let Some((_, node)) = keys.take("enabled") else { return Ok(Enabled::Is(true)) };
    if let Some(flag) = boolean(&node.to_json()) {
        return Ok(Enabled::Is(flag));
    }
    let template = template(node, "enabled")?;
    Ok(match templates::constant(&template.source, &Variables::new()) {
        Ok(value) => Enabled::Is(is_truthy(&value)),
        Err(_) if is_template(&template.source) => Enabled::If(template),
        Err(reason) => return Err(node.place.problem(reason)),
    })
}

/// Like `enabled`, where no variables are known: the template must not need any.
pub fn enabled_when_loaded(keys: &mut Keys) -> Parsed<bool> {
    match enabled(keys)? {
        Enabled::Is(flag) => Ok(flag),
        Enabled::If(template) => {
            let reason = templates::constant(&template.source, &Variables::new()).err().unwrap_or_default();
            Err(template.place.problem(reason))
        }
    }
}
