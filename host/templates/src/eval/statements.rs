//! Evaluates statements.

use std::sync::{Arc, Mutex};

use super::loops::Loop;
use super::namespace::Namespace;
use super::output::Output;
use super::run::{MacroInstance, Run};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::display;
use crate::syntax::{Call, For, Node, Statement, Target};
use crate::value::{Callable, Value};

/// How a statement ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Next,
    Break,
    Continue,
}

impl Run<'_> {
    /// Evaluates statements until one of them leaves a loop.
    pub fn statements(
        &self,
        nodes: &[Node],
        frame: usize,
        output: &mut Output,
        context: &Context,
    ) -> Result<Flow> {
        for node in nodes {
            context.spend(1).map_err(|error| error.at(node.line))?;
            let flow = self.statement(&node.statement, frame, output, context);
            match flow.map_err(|error| error.at(node.line))? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    fn statement(
        &self,
        statement: &Statement,
        frame: usize,
        output: &mut Output,
        context: &Context,
    ) -> Result<Flow> {
        match statement {
            Statement::Text(text) => output.push(text, context)?,
            Statement::Output(value) => {
                let value = self.eval(value, frame, context)?;
                match &value {
                    Value::Text(text) => output.push(text, context)?,
                    value => {
                        context.charge(value)?;
                        output.push(&display(value), context)?;
                    }
                }
            }
            Statement::If { branches, otherwise } => {
                let mut chosen = otherwise;
                for (condition, body) in branches {
                    context.spend(1)?;
                    if self.is_true(&self.eval(condition, frame, context)?, context)? {
                        chosen = body;
                        break;
                    }
                }
                return self.nested(context, || self.statements(chosen, frame, output, context));
            }
            Statement::For(node) => {
                let items = self.eval(&node.items, frame, context)?;
                self.nested(context, || self.for_loop(node, items, frame, 0, output, context))?;
            }
            Statement::Set { target, value } => {
                let value = self.eval(value, frame, context)?;
                self.assign_to(target, value, frame, context)?;
            }
            Statement::SetBlock { target, filters, body } => {
                let text = self.captured(body, frame, context)?;
                let value = self.filtered(text, filters, frame, context)?;
                self.assign_to(target, value, frame, context)?;
            }
            Statement::With { targets, body } => {
                let macros = self.macro_count();
                let values: Vec<_> = targets
                    .iter()
                    .map(|(_, value)| self.eval(value, frame, context))
                    .collect::<Result<_>>()?;
                let inner = self.enter_frame(Some(frame), true);
                for ((target, _), value) in targets.iter().zip(values) {
                    self.assign_to(target, value, inner, context)?;
                }
                let flow = self.nested(context, || self.statements(body, inner, output, context))?;
                self.leave_frame(inner, macros);
                return Ok(flow);
            }
            Statement::Macro(node) => {
                let value = self.define(MacroInstance { node: node.clone(), frame }, node.name.clone());
                self.assign(frame, &node.name, value);
            }
            Statement::CallBlock { caller, call } => {
                let name = Arc::from("");
                let caller = self.define(MacroInstance { node: caller.clone(), frame }, name);
                let value = self.eval_call_with(call, vec![("caller".into(), caller)], frame, context)?;
                output.push(text_of(&value)?, context)?;
            }
            Statement::FilterBlock { filters, body } => {
                let text = self.captured(body, frame, context)?;
                let value = self.filtered(text, filters, frame, context)?;
                output.push(text_of(&value)?, context)?;
            }
            Statement::Block(body) => {
                let macros = self.macro_count();
                let inner = self.enter_frame(Some(frame), true);
                let flow = self.nested(context, || self.statements(body, inner, output, context))?;
                self.leave_frame(inner, macros);
                return Ok(flow);
            }
            Statement::Do(value) => {
                self.eval(value, frame, context)?;
            }
            Statement::Break => return Ok(Flow::Break),
            Statement::Continue => return Ok(Flow::Continue),
            Statement::Import(import) => self.import(import, frame, context)?,
            Statement::FromImport(import) => self.import_names(import, frame, context)?,
            Statement::Include { template, ignores_missing, with_context } => {
                self.include(template, *ignores_missing, *with_context, frame, output, context)?;
            }
        }
        Ok(Flow::Next)
    }

    /// `name`: empty for what a `call` block passes.
    fn define(&self, instance: MacroInstance, name: Arc<str>) -> Value {
        let mut macros = self.macros.borrow_mut();
        macros.push(instance);
        Value::Callable(Arc::new(Callable::Macro(macros.len() - 1, name)))
    }

    /// The output of a block as a text.
    fn captured(&self, body: &[Node], frame: usize, context: &Context) -> Result<Value> {
        let macros = self.macro_count();
        let inner = self.enter_frame(Some(frame), true);
        let mut output = Output::new(context.limits.output);
        self.nested(context, || self.statements(body, inner, &mut output, context))?;
        self.leave_frame(inner, macros);
        Ok(Value::from(output.text))
    }

    fn filtered(&self, value: Value, filters: &[Call], frame: usize, context: &Context) -> Result<Value> {
        filters.iter().try_fold(value, |value, filter| self.filter(value, filter, frame, context))
    }

    pub fn assign_to(&self, target: &Target, value: Value, frame: usize, context: &Context) -> Result<()> {
        match target {
            Target::Name(name) => self.assign(frame, name, value),
            Target::Attribute(name, attribute) => {
                let namespace = self.lookup(frame, name);
                let Some(namespace) = namespace.downcast::<Namespace>() else {
                    return Err(Error::runtime("cannot assign attribute on non-namespace object"));
                };
                namespace.set(attribute, value)?;
            }
            Target::Tuple(targets) => {
                let values = context.items(&value)?;
                if values.len() < targets.len() {
                    return Err(Error::value(format!(
                        "not enough values to unpack (expected {}, got {})",
                        targets.len(),
                        values.len()
                    )));
                }
                if values.len() > targets.len() {
                    return Err(Error::value(format!(
                        "too many values to unpack (expected {})",
                        targets.len()
                    )));
                }
                for (target, value) in targets.iter().zip(values) {
                    self.assign_to(target, value, frame, context)?;
                }
            }
        }
        Ok(())
    }

    /// Evaluates a loop over these items.
    pub fn for_loop(
        &self,
        node: &Arc<For>,
        items: Value,
        frame: usize,
        depth: usize,
        output: &mut Output,
        context: &Context,
    ) -> Result<()> {
        let recursion = node.is_recursive.then(|| {
            let mut loops = self.loops.borrow_mut();
            loops.push((node.clone(), frame, depth));
            loops.len() - 1
        });
        let items = self.selected(node, context.items(&items)?, frame, context)?;
        if items.is_empty() {
            let inner = self.enter_frame(Some(frame), true);
            self.statements(&node.otherwise, inner, output, context)?;
            return Ok(());
        }
        let items = Arc::new(items);
        // As in Jinja, an item that ends with `break` or `continue` does not count for `else`.
        let mut is_done = false;
        let changed = Arc::new(Mutex::new(None));
        for (index, item) in items.iter().enumerate() {
            context.spend(1)?;
            let macros = self.macro_count();
            let inner = self.enter_frame(Some(frame), true);
            if node.uses_loop || node.is_recursive {
                let (items, changed) = (items.clone(), changed.clone());
                let state = Loop { index, depth, items, changed, recursion };
                self.assign(inner, &Arc::from("loop"), Value::object(state));
            }
            self.assign_to(&node.target, item.clone(), inner, context)?;
            let flow = self.statements(&node.body, inner, output, context)?;
            self.leave_frame(inner, macros);
            is_done |= flow == Flow::Next;
            if flow == Flow::Break {
                break;
            }
        }
        if !is_done && !node.otherwise.is_empty() {
            let inner = self.enter_frame(Some(frame), true);
            self.statements(&node.otherwise, inner, output, context)?;
        }
        Ok(())
    }

    /// The items for which the condition of a loop holds.
    fn selected(&self, node: &For, items: Vec<Value>, frame: usize, context: &Context) -> Result<Vec<Value>> {
        let Some(condition) = &node.condition else { return Ok(items) };
        let mut selected = Vec::new();
        for item in items {
            context.spend(1)?;
            let macros = self.macro_count();
            let inner = self.enter_frame(Some(frame), true);
            self.assign_to(&node.target, item.clone(), inner, context)?;
            if self.is_true(&self.eval(condition, inner, context)?, context)? {
                selected.push(item);
            }
            self.leave_frame(inner, macros);
        }
        Ok(selected)
    }
}

/// The output of a block, which Jinja joins with other texts.
fn text_of(value: &Value) -> Result<&str> {
    let wrong = || Error::type_error(format!("expected str instance, {} found", value.type_name()));
    value.as_str().ok_or_else(wrong)
}
