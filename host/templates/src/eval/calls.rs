//! Calls of functions, methods, filters, tests, and macros.

use std::sync::Arc;

use super::loops::Loop;
use super::namespace::Namespace;
use super::output::Output;
use super::run::{Run, bounded};
use crate::context::{Context, Interpreter, Keywords};
use crate::error::{Error, Result};
use crate::library::{self, MacroFunction};
use crate::methods;
use crate::syntax::{Call, Expr};
use crate::value::{Callable, Dict, Key, Table, Value};

impl Run<'_> {
    /// Evaluates a call, with further arguments by keyword.
    pub fn eval_call_with(
        &self,
        expr: &Expr,
        more: Keywords,
        frame: usize,
        context: &Context,
    ) -> Result<Value> {
        let Expr::Call(callee, call) = expr else { return self.eval(expr, frame, context) };
        let callee = self.eval(callee, frame, context)?;
        self.eval_call(&callee, call, more, frame, context)
    }

    pub fn eval_call(
        &self,
        callee: &Value,
        call: &Call,
        more: Keywords,
        frame: usize,
        context: &Context,
    ) -> Result<Value> {
        let (args, mut keywords) = self.arguments(call, frame, context)?;
        for (name, value) in more {
            if keywords.iter().any(|(known, _)| *known == name) {
                return Err(Error::call(format!("got multiple values for keyword argument '{name}'")));
            }
            keywords.push((name, value));
        }
        self.call_value(callee, args, keywords, context).map_err(|error| error.at(call.line))
    }

    fn arguments(&self, call: &Call, frame: usize, context: &Context) -> Result<(Vec<Value>, Keywords)> {
        let mut args = self.eval_all(&call.args, frame, context)?;
        let mut keywords = Keywords::new();
        for (name, value) in &call.keywords {
            context.spend(keywords.len() as u64 / 16)?;
            if keywords.iter().any(|(known, _)| known == name) {
                return Err(Error::syntax(format!("keyword argument repeated: {name}")));
            }
            keywords.push((name.clone(), self.eval(value, frame, context)?));
        }
        if let Some(rest) = &call.rest {
            let rest = self.eval(rest, frame, context)?;
            args.extend(context.items(&rest)?);
        }
        if let Some(more) = &call.more {
            let more = self.eval(more, frame, context)?;
            let Value::Dict(more) = &more else {
                let text = format!("argument after ** must be a mapping, not {}", more.type_name());
                return Err(Error::type_error(text));
            };
            for (name, value) in more.iter() {
                context.spend(1 + keywords.len() as u64 / 16)?;
                let name = name.as_str().ok_or_else(|| Error::type_error("keywords must be strings"))?;
                if keywords.iter().any(|(known, _)| &**known == name) {
                    let text = format!("got multiple values for keyword argument '{name}'");
                    return Err(Error::type_error(text));
                }
                keywords.push((name.into(), value.clone()));
            }
        }
        Ok((args, keywords))
    }

    pub fn call_value(
        &self,
        callee: &Value,
        args: Vec<Value>,
        keywords: Keywords,
        context: &Context,
    ) -> Result<Value> {
        context.spend(1)?;
        charge(callee, &args, &keywords, context)?;
        let result = match callee {
            Value::Undefined(message) => return Err(Error::undefined(message.as_ref())),
            Value::Callable(callable) => match callable.as_ref() {
                Callable::Function(Table::Global, "namespace") => namespace(args, keywords, context)?,
                Callable::Function(table, name) => match library::find(*table, name) {
                    Some(entry) => entry.call(args, keywords, context)?,
                    None => return Err(Error::undefined(format!("'{name}' is undefined"))),
                },
                Callable::Limited(name) => return Err(limited(name)),
                Callable::Method(receiver, name) => {
                    self.call_method(receiver, name, args, keywords, context)?
                }
                Callable::Macro(number, _) => self.call_macro(*number, args, keywords, context)?,
            },
            Value::States(None) => library::call_states(args, keywords, context)?,
            Value::Object(object) => {
                if let Some(function) = callee.downcast::<MacroFunction>() {
                    return function.run(args, keywords, context);
                }
                if let Some((Loop { recursion: Some(recursion), .. }, items)) =
                    callee.downcast::<Loop>().zip(args.first())
                {
                    return self.call_loop(*recursion, items.clone(), context);
                }
                no_keywords(&keywords)?;
                object.call("", &args)?
            }
            other => {
                let text = format!("'{}' object is not callable", other.type_name());
                return Err(Error::type_error(text));
            }
        };
        bounded(result)
    }

    fn call_method(
        &self,
        receiver: &Value,
        name: &str,
        args: Vec<Value>,
        keywords: Keywords,
        context: &Context,
    ) -> Result<Value> {
        if let Value::Object(object) = receiver {
            no_keywords(&keywords)?;
            return object.call(name, &args);
        }
        match methods::find(receiver.kind(), name) {
            Some(entry) => {
                let args = std::iter::once(receiver.clone()).chain(args).collect();
                entry.call(args, keywords, context)
            }
            None => {
                Err(Error::undefined(format!("'{} object' has no attribute '{name}'", receiver.type_name())))
            }
        }
    }

    /// `loop(items)` in a recursive loop: its output.
    fn call_loop(&self, number: usize, items: Value, context: &Context) -> Result<Value> {
        let known = self.loops.borrow().get(number).cloned();
        let Some((node, frame, depth)) = known else {
            return Err(Error::runtime("the loop has ended"));
        };
        let mut output = Output::new(context.limits.output);
        self.nested(context, || self.for_loop(&node, items, frame, depth + 1, &mut output, context))?;
        Ok(Value::from(output.text))
    }

    pub fn filter(&self, value: Value, call: &Call, frame: usize, context: &Context) -> Result<Value> {
        self.call_entry(Table::Filter, value, call, frame, context)
    }

    pub fn test(&self, value: Value, call: &Call, frame: usize, context: &Context) -> Result<Value> {
        self.call_entry(Table::Test, value, call, frame, context)
    }

    fn call_entry(
        &self,
        table: Table,
        value: Value,
        call: &Call,
        frame: usize,
        context: &Context,
    ) -> Result<Value> {
        if self.is_limited && library::is_limited(&call.name) {
            return Err(limited(&call.name));
        }
        let entry = library::find(table, &call.name).ok_or_else(|| unknown(table, &call.name))?;
        let (mut args, keywords) = self.arguments(call, frame, context)?;
        args.insert(0, value);
        charge_arguments(&call.name, table, &args, &keywords, context)?;
        bounded(entry.call(args, keywords, context)?)
    }
}

/// Filters and methods that do not go through the whole of their first argument.
const CHEAP: [&str; 14] = [
    "length",
    "count",
    "first",
    "last",
    "default",
    "d",
    "iif",
    "get",
    "keys",
    "values",
    "items",
    "typeof",
    "is_defined",
    "attr",
];

/// Counts the work of a call by the size of what it is given.
fn charge(callee: &Value, args: &[Value], keywords: &Keywords, context: &Context) -> Result<()> {
    let Value::Callable(callable) = callee else { return Ok(()) };
    match callable.as_ref() {
        Callable::Function(table, name) => charge_arguments(name, *table, args, keywords, context),
        Callable::Method(receiver, name) => {
            if !CHEAP.contains(name) || matches!(receiver, Value::List(_) | Value::Tuple(_)) {
                context.charge(receiver)?;
            }
            charge_arguments("", Table::Global, args, keywords, context)
        }
        Callable::Limited(_) | Callable::Macro(..) => Ok(()),
    }
}

fn charge_arguments(
    name: &str,
    table: Table,
    args: &[Value],
    keywords: &Keywords,
    context: &Context,
) -> Result<()> {
    let is_cheap = CHEAP.contains(&name) || table == Table::Test && args.len() == 1;
    let rest = args.iter().skip(usize::from(is_cheap));
    rest.chain(keywords.iter().map(|(_, value)| value)).try_for_each(|value| context.charge(value))
}

fn unknown(table: Table, name: &str) -> Error {
    let what = if table == Table::Filter { "filter" } else { "test" };
    Error::call(format!("No {what} named '{name}'."))
}

fn limited(name: &str) -> Error {
    Error::runtime(format!("Use of '{name}' is not supported in limited templates"))
}

fn no_keywords(keywords: &Keywords) -> Result<()> {
    match keywords.first() {
        Some((name, _)) => Err(Error::call(format!("got an unexpected keyword argument '{name}'"))),
        None => Ok(()),
    }
}

/// `namespace(mapping, name=value)`.
fn namespace(args: Vec<Value>, keywords: Keywords, context: &Context) -> Result<Value> {
    let mut fields = Dict::new();
    for arg in args {
        if let Value::Dict(dict) = &arg {
            dict.iter().for_each(|(key, value)| fields.insert(key.clone(), value.clone()));
            continue;
        }
        for pair in context.items(&arg)? {
            let pair = context.items(&pair)?;
            let [key, value] = pair.as_slice() else {
                return Err(Error::value("a namespace is made of pairs"));
            };
            fields.insert(Key::new(key.clone())?, value.clone());
        }
    }
    keywords.into_iter().for_each(|(name, value)| fields.insert(Key::text(name), value));
    Namespace::new(fields).map(Value::object)
}

impl Interpreter for Run<'_> {
    fn call(&self, callee: &Value, args: Vec<Value>, keywords: Keywords, context: &Context) -> Result<Value> {
        self.nested(context, || self.call_value(callee, args, keywords, context))
    }

    fn filter(&self, name: &str) -> Result<Value> {
        function(Table::Filter, name)
    }

    fn test(&self, name: &str) -> Result<Value> {
        function(Table::Test, name)
    }

    fn attribute(&self, value: &Value, name: &str, context: &Context) -> Result<Value> {
        self.attribute_of(value, name, context)
    }

    fn item(&self, value: &Value, key: &Value, context: &Context) -> Result<Value> {
        self.item_of(value, key, context)
    }
}

fn function(table: Table, name: &str) -> Result<Value> {
    match library::find(table, name) {
        Some(entry) => Ok(Value::Callable(Arc::new(Callable::Function(table, entry.builtin.name)))),
        None => Err(unknown(table, name)),
    }
}
