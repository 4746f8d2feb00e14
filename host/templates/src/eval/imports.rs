//! Imports of files in `custom_templates`.

use std::any::Any;
use std::sync::Arc;

use super::output::Output;
use super::run::{Run, bounded};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::display;
use crate::limits::MAX_DEPTH;
use crate::syntax::{Expr, FromImport, Import, Node, walk};
use crate::value::{Dict, Extent, Object, Value};

/// An imported template: its macros and variables.
#[derive(Debug)]
struct Module {
    name: String,
    output: String,
    exports: Dict,
}

impl Object for Module {
    fn type_name(&self) -> &str {
        "TemplateModule"
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        self.exports.get_text(name).cloned()
    }

    fn repr(&self) -> String {
        self.output.clone()
    }

    fn extent(&self) -> Extent {
        let extent = self.exports.extent();
        let shown = u32::try_from(self.output.len() / 32).unwrap_or(u32::MAX);
        Extent { depth: extent.depth.max(MAX_DEPTH), weight: shown.saturating_add(1) }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Run<'_> {
    pub fn import(&self, import: &Import, frame: usize, context: &Context) -> Result<()> {
        let module = self.module(&import.template, import.with_context, frame, context)?;
        self.assign(frame, &import.name, bounded(Value::object(module))?);
        Ok(())
    }

    pub fn import_names(&self, import: &FromImport, frame: usize, context: &Context) -> Result<()> {
        let module = self.module(&import.template, import.with_context, frame, context)?;
        for (name, alias) in &import.names {
            let value = module.exports.get_text(name).cloned().unwrap_or_else(|| {
                let template = &module.name;
                Value::undefined(format!(
                    "the template '{template}' does not export the requested name '{name}'"
                ))
            });
            self.assign(frame, alias, value);
        }
        Ok(())
    }

    pub fn include(
        &self,
        template: &Expr,
        ignores_missing: bool,
        with_context: bool,
        frame: usize,
        output: &mut Output,
        context: &Context,
    ) -> Result<()> {
        let template = self.eval(template, frame, context)?;
        let candidates = match template.as_sequence() {
            Some(names) => names.to_vec(),
            None => vec![template],
        };
        match candidates.first() {
            Some(Value::Undefined(message)) => return Err(Error::undefined(message.as_ref())),
            Some(Value::Text(_) | Value::None | Value::Dict(_) | Value::Set(_)) | None => {}
            Some(other) => {
                let text = format!("'{}' object is not iterable", other.type_name());
                return Err(Error::type_error(text));
            }
        }
        context.spend(candidates.len() as u64 * 50)?;
        let known = candidates.iter().find_map(|name| self.custom(&display(name), context).transpose());
        match known.transpose()? {
            Some((_, tree)) => {
                let macros = self.macro_count();
                let inner = self.enter_frame(with_context.then_some(frame), with_context);
                self.nested(context, || self.statements(&tree, inner, output, context))?;
                self.leave_frame(inner, macros);
                Ok(())
            }
            None if ignores_missing => Ok(()),
            None => Err(not_found(candidates.first())),
        }
    }

    /// A file of `custom_templates`, if it exists.
    fn custom(&self, name: &str, context: &Context) -> Result<Option<(String, Arc<Vec<Node>>)>> {
        let Some(source) = context.custom_template(name) else { return Ok(None) };
        let tree = self.templates.parse(&source).map_err(|error| {
            let line = error.line.map(|line| format!(" in line {line}")).unwrap_or_default();
            Error::syntax(format!("custom_templates/{name}{line}: {error}"))
        })?;
        Ok(Some((name.to_owned(), tree)))
    }

    fn module(&self, template: &Expr, with_context: bool, frame: usize, context: &Context) -> Result<Module> {
        let template = self.eval(template, frame, context)?;
        let (name, tree) =
            self.custom(&display(&template), context)?.ok_or_else(|| not_found(Some(&template)))?;
        // Its macros see its frame for the rest of the rendering.
        let inner = self.enter_frame(with_context.then_some(frame), with_context);
        let mut output = Output::new(context.limits.output);
        self.nested(context, || self.statements(&tree, inner, &mut output, context))?;
        let mut exports = Dict::new();
        if let Some(frame) = self.frames.borrow().get(inner) {
            // What a template imports itself, it does not export.
            let imported = walk::imported(&tree);
            let is_public = |name: &str| !name.starts_with('_') && !imported.contains(name);
            let public = frame.names.iter().filter(|(name, _)| is_public(name));
            public.for_each(|(name, value)| exports.insert_text(name, value.clone()));
        }
        Ok(Module { name, output: output.text, exports })
    }
}

fn not_found(name: Option<&Value>) -> Error {
    let name = name.map(display).unwrap_or_default();
    Error::runtime(format!(
        "there is no template `{name}`; put it into custom_templates in the configuration directory"
    ))
}
