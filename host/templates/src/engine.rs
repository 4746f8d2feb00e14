//! The engine: renders templates and keeps their parsed form.

use crate::context::{Context, Reads, World};
use crate::error::Result;
use crate::eval::{Run, Templates, Variables};
use crate::limits::Limits;
use crate::native::native;
use crate::syntax::{is_template, trimmed};
use crate::value::Value;

/// What a rendering returns.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The output, trimmed.
    pub text: String,
    /// The value that the text stands for: a Python literal, or the text itself.
    pub value: Value,
}

/// Renders templates. All automations should share one.
#[derive(Default)]
pub struct Engine {
    templates: Templates,
    limits: Limits,
}

impl Engine {
    pub fn new(limits: Limits) -> Self {
        Self { templates: Templates::default(), limits }
    }

    /// Renders a template, and returns what it read, even if it fails. The error has a line.
    pub fn render(
        &self,
        source: &str,
        variables: &Variables,
        world: &dyn World,
    ) -> (Result<Rendered>, Reads) {
        let source = trimmed(source);
        if !is_template(source) {
            return (Ok(Rendered { text: source.to_owned(), value: native(source) }), Reads::default());
        }
        let run = Run::new(&self.templates, variables, false);
        let context = Context::new(world, &run, self.limits);
        let result = run.render(source, &context).map(rendered);
        (result, context.reads())
    }

    /// Renders a template that sees no state and no time, as Home Assistant does for `trigger_variables`.
    pub fn render_limited(&self, source: &str, variables: &Variables, world: &dyn World) -> Result<Rendered> {
        let source = trimmed(source);
        if !is_template(source) {
            return Ok(Rendered { text: source.to_owned(), value: native(source) });
        }
        let run = Run::new(&self.templates, variables, true);
        let context = Context::new(world, &run, self.limits);
        run.render(source, &context).map(rendered)
    }
}

fn rendered(output: String) -> Rendered {
    let text = trimmed(&output).to_owned();
    let value = native(&text);
    Rendered { text, value }
}
