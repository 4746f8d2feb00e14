//! Calls of macros.

use std::sync::Arc;

use super::output::Output;
use super::run::Run;
use crate::context::{Context, Keywords};
use crate::error::{Error, Result};
use crate::value::{Dict, Key, Value};

impl Run<'_> {
    /// `macro.name` and the others that Jinja has.
    pub fn macro_attribute(&self, number: usize, name: &str) -> Option<Value> {
        let macros = self.macros.borrow();
        let node = &macros.get(number)?.node;
        Some(match name {
            "name" if &*node.name == "caller" => Value::None,
            "name" => Value::Text(node.name.clone()),
            "arguments" => {
                let names = node.parameters.iter().map(|parameter| Value::Text(parameter.name.clone()));
                Value::tuple(names.collect())
            }
            "catch_kwargs" => Value::from(node.uses_kwargs),
            "catch_varargs" => Value::from(node.uses_varargs),
            "caller" => Value::from(node.uses_caller),
            _ => return None,
        })
    }

    /// Calls a macro: its output as a text.
    pub fn call_macro(
        &self,
        number: usize,
        args: Vec<Value>,
        keywords: Keywords,
        context: &Context,
    ) -> Result<Value> {
        let instance = self.macros.borrow().get(number).cloned();
        let Some(instance) = instance else { return Err(Error::runtime("there is no such macro")) };
        let (node, count) = (&instance.node, args.len());
        let name = &node.name;
        let macros = self.macro_count();
        let frame = self.enter_frame(Some(instance.frame), true);
        let mut keywords = keywords;
        let mut args = args.into_iter();
        let mut missing = Vec::new();
        for parameter in &node.parameters {
            let by_keyword = || {
                let at = keywords.iter().position(|(keyword, _)| *keyword == parameter.name)?;
                Some(keywords.remove(at).1)
            };
            let value = args.next().or_else(by_keyword).unwrap_or_else(|| {
                missing.extend(parameter.default.as_ref().map(|default| (&parameter.name, default)));
                Value::undefined(format!("parameter '{}' was not provided", parameter.name))
            });
            self.assign(frame, &parameter.name, value);
        }
        // A default sees all the arguments, and the defaults before it.
        for (name, default) in missing {
            let value = self.eval(default, frame, context)?;
            self.assign(frame, name, value);
        }
        if node.uses_caller {
            let at = keywords.iter().position(|(keyword, _)| &**keyword == "caller");
            let caller = at
                .map(|at| keywords.remove(at).1)
                .filter(|caller| !caller.is_none())
                .unwrap_or_else(|| Value::undefined("No caller defined"));
            self.assign(frame, &Arc::from("caller"), caller);
        }
        if node.uses_kwargs {
            let pairs = keywords.drain(..).map(|(keyword, value)| (Key::text(keyword), value));
            let kwargs = Value::dict(pairs.collect::<Dict>());
            self.assign(frame, &Arc::from("kwargs"), kwargs);
        } else if let Some((keyword, _)) = keywords.first() {
            return Err(Error::call(match &**keyword {
                "caller" => format!("macro '{name}' was invoked with a caller, but does not use `caller`"),
                keyword => format!("macro '{name}' takes no keyword argument '{keyword}'"),
            }));
        }
        if node.uses_varargs {
            self.assign(frame, &Arc::from("varargs"), Value::tuple(args.collect()));
        } else if args.next().is_some() {
            let most = node.parameters.len();
            return Err(Error::call(format!(
                "macro '{name}' takes not more than {most} argument(s), {count} were given"
            )));
        }
        let mut output = Output::new(context.limits.output);
        self.nested(context, || self.statements(&node.body, frame, &mut output, context))?;
        self.leave_frame(frame, macros);
        Ok(Value::from(output.text))
    }
}
